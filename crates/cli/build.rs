//! Takes the page that archives are put into (`deepcomp sfx`) into the program, where `npm run build` has made it. Without it the command asks for `--viewer`.

use std::path::Path;
use std::{env, fs};

/// The page, from the folder of this crate.
const VIEWER: &str = "../../pkg/viewer/viewer.html";

fn main() -> std::io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(viewer)");
    println!("cargo::rerun-if-changed=build.rs");
    let viewer = Path::new(VIEWER);
    // Until it is there, its folder is watched.
    if let Some(watched) = viewer.ancestors().find(|path| !path.as_os_str().is_empty() && path.exists()) {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    if viewer.exists() {
        println!("cargo::rustc-cfg=viewer");
        let target = env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("cargo names no OUT_DIR"))?;
        fs::copy(viewer, Path::new(&target).join("viewer.html"))?;
    }
    Ok(())
}
