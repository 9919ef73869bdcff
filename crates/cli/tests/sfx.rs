//! Archives as pages of their own: what goes into them, and what is refused. How they look and work is for the browser tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{command, fails, folder_with, listed, ok};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const PLACE: &str = "<!-- deepcomp:formats -->\n<i>module</i>\n<!-- deepcomp:parts -->\n";

/// A folder with an archive and a page to put it into.
fn folder(level: &str) -> tempfile::TempDir {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "0.05", "--level", level, "--no-times"]);
    std::fs::write(at.join("v.html"), format!("<p>before</p>\n{PLACE}<p>after</p>\n")).unwrap();
    folder
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Kinds and names of the parts of a page.
fn parts(page: &str) -> Vec<(&str, &str)> {
    let blocks = page.lines().filter_map(|line| line.strip_prefix("<script type=\"application/octet-stream\" data-part=\""));
    blocks.map(|block| block.split('"').collect::<Vec<_>>()).map(|words| (words[0], words[2])).collect()
}

#[test]
fn a_page_holds_the_archive_and_weights_only_where_it_needs_them() {
    for (level, with_weights) in [("balanced", false), ("best", true)] {
        let folder = folder(level);
        let at = folder.path();
        let said = ok(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "v.html"]);
        let page = read(at, "a.html");
        assert!(said.starts_with(&format!("a.html: {} bytes", page.len())), "{said}");
        assert!(page.starts_with("<p>before</p>\n<script type=") && page.ends_with("</script>\n<p>after</p>\n"), "{level}");
        ok(at, &["sfx", "a.dca", "-o", "b.html", "--viewer", "v.html", "--formats"]);
        assert_eq!(read(at, "b.html"), page.replacen("<p>before</p>\n", "<p>before</p>\n<i>module</i>\n", 1));
        let found = parts(&page);
        assert_eq!(found.last(), Some(&("archive", "a.dca")), "{level}");
        assert_eq!(found.iter().any(|(kind, _)| *kind == "weights"), with_weights, "{level}");
    }
}

#[test]
fn weights_that_lie_in_the_archive_are_in_the_page_once() {
    let folder = folder("best");
    let at = folder.path();
    ok(at, &["embed", "a.dca"]);
    ok(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "v.html"]);
    assert_eq!(parts(&read(at, "a.html")), [("archive", "a.dca")]);
}

#[test]
fn names_of_archives_mean_nothing_in_a_page() {
    let folder = folder("fast");
    let at = folder.path();
    let name = "\"><img src=x onerror=alert(1)>&.dca";
    std::fs::rename(at.join("a.dca"), at.join(name)).unwrap();
    ok(at, &["sfx", name, "-o", "a.html", "--viewer", "v.html"]);
    assert_eq!(parts(&read(at, "a.html")), [("archive", "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&amp;.dca")]);
}

#[test]
fn pipes_go_through() {
    let folder = folder("fast");
    let at = folder.path();
    ok(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "v.html"]);
    let mut child =
        command(at).args(["sfx", "-", "-o", "-", "--viewer", "v.html"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(at.join("a.dca")).unwrap()).unwrap();
    let page = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(page.replace("archive.dca", "a.dca"), read(at, "a.html"));
}

#[test]
fn what_is_no_page_or_no_archive_is_refused_and_nothing_is_written() {
    let folder = folder("fast");
    let at = folder.path();
    std::fs::write(at.join("other.html"), "<p>another page</p>").unwrap();
    let before = listed(at);
    assert!(fails(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "other.html"]).contains("other.html: not the page that archives are put into"));
    assert!(fails(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "a.dca"]).contains("a.dca: not the page that archives are put into"));
    assert!(fails(at, &["sfx", "gfs_t2m.npy", "-o", "a.html", "--viewer", "v.html"]).contains("gfs_t2m.npy"));
    assert!(fails(at, &["sfx", "a.dca", "-o", "a.dca", "--viewer", "v.html"]).contains("one of the inputs"));
    assert_eq!(listed(at), before);
}

/// The program has the page where that was built before it.
#[test]
fn without_a_page_the_error_says_where_to_get_one() {
    let folder = folder("fast");
    let at = folder.path();
    if cfg!(viewer) {
        ok(at, &["sfx", "a.dca", "-o", "a.html"]);
        assert_eq!(parts(&read(at, "a.html")), [("module", "deepcomp"), ("archive", "a.dca")]);
    } else {
        assert!(fails(at, &["sfx", "a.dca", "-o", "a.html"]).contains("name it with --viewer"));
    }
}

/// The weights that ship under another name, which makes them another model.
fn other_model() -> Vec<u8> {
    let mut bytes = include_bytes!("../../../models/deepcomp.dcm").to_vec();
    let body = bytes.len() - 8;
    // The first letter of the name, after signature, version and length.
    bytes[11] = b'x';
    let hash = xxhash_rust::xxh3::xxh3_64(&bytes[..body]);
    bytes[body..].copy_from_slice(&hash.to_le_bytes());
    bytes
}

#[test]
fn a_network_that_is_not_here_has_to_be_named() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    std::fs::write(at.join("v.html"), PLACE).unwrap();
    let model = other_model();
    std::fs::write(at.join("other.dcm"), &model).unwrap();
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "0.05", "--model", "other.dcm", "--no-times"]);
    assert!(fails(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "v.html"]).contains("--models"));
    assert!(!at.join("a.html").exists());
    ok(at, &["sfx", "a.dca", "-o", "a.html", "--viewer", "v.html", "--models", "other.dcm"]);
    let page = read(at, "a.html");
    assert_eq!(parts(&page).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["weights", "archive"]);
    assert!(page.contains(&format!("data-bytes=\"{}\"", model.len())));
}
