//! Names of files: as an archive keeps them, as a system can hold them, and so that no two of an archive fall on the same file (docs/format.md, "Names of files").

use crate::failure::{Cause, Outcome};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

#[cfg(all(unix, not(target_vendor = "apple")))]
/// Bytes that are no UTF-8 become characters of private use from here on, less 0x80.
const ESCAPE: u32 = 0xEF00;

/// What the archive calls a file or folder of that name. Names that are text stay as they are, but for those that have an escape in them.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub(crate) fn stored(name: &OsStr) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut out = String::new();
    for part in name.as_bytes().utf8_chunks() {
        for c in part.valid().chars() {
            if is_escape(c) { escape(c.encode_utf8(&mut [0; 4]).as_bytes(), &mut out) } else { out.push(c) }
        }
        escape(part.invalid(), &mut out);
    }
    out
}

/// Other systems have names that are text.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(crate) fn stored(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(all(unix, not(target_vendor = "apple")))]
fn escape(bytes: &[u8], out: &mut String) {
    out.extend(bytes.iter().filter_map(|byte| char::from_u32(ESCAPE + u32::from(*byte))));
}

#[cfg(all(unix, not(target_vendor = "apple")))]
const fn is_escape(c: char) -> bool {
    matches!(c, '\u{EF80}'..='\u{EFFF}')
}

/// A part of a stored name, as the system has it.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn unescaped(part: &str) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    let mut out = Vec::new();
    for c in part.chars() {
        if is_escape(c) { out.push((c as u32 - ESCAPE) as u8) } else { out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()) }
    }
    OsString::from_vec(out)
}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn unescaped(part: &str) -> OsString {
    part.into()
}

/// What a part of a name may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// Anything.
    Unix,
    /// Not what means something else there.
    Windows,
}

const HERE: Rules = if cfg!(windows) { Rules::Windows } else { Rules::Unix };

/// Whether names that differ in case alone are the same file, as is usual there.
const FOLDS_CASE: bool = cfg!(any(windows, target_vendor = "apple"));

/// Names of devices there, with any extension.
const RESERVED: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "COM", "LPT"];

/// A name that the system can hold; the same one wherever that is possible.
fn held(part: &str, rules: Rules) -> String {
    if rules == Rules::Unix {
        return part.to_owned();
    }
    let mut name: String = part.chars().map(|c| if c.is_control() || "<>:\"|?*\\".contains(c) { '_' } else { c }).collect();
    if name.ends_with(['.', ' ']) {
        name.pop();
        name.push('_');
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_uppercase();
    let bare = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = matches!(bare, "COM" | "LPT");
    if RESERVED.contains(&bare) && (numbered == (bare.len() + 1 == stem.len())) {
        name.insert(0, '_');
    }
    name
}

/// The path below a folder that a stored name stands for; none for a name that leads elsewhere.
fn path_of(stored: &str, rules: Rules) -> Option<PathBuf> {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
    stored.split('/').all(is_plain).then(|| stored.split('/').map(|part| unescaped(&held(part, rules))).collect())
}

/// A path as it is compared.
type Key = OsString;

fn key(path: &Path) -> Key {
    if FOLDS_CASE { path.to_string_lossy().to_lowercase().into() } else { path.as_os_str().to_owned() }
}

/// The paths that all files of an archive are extracted under, no two the same.
#[derive(Debug)]
pub(crate) struct Names {
    own: Vec<Outcome<PathBuf>>,
    /// Whether a file is called otherwise than in the archive, since the system does not hold that name.
    replaced: Vec<bool>,
    /// Names that files have in the archive, and the first that has each. Only that one may take it.
    reserved: HashMap<Key, usize>,
    folders: HashSet<Key>,
    given: HashSet<Key>,
}

impl Names {
    pub(crate) fn of<'a>(stored: impl Iterator<Item = &'a str>) -> Self {
        Self::under(HERE, stored)
    }

    fn under<'a>(rules: Rules, stored: impl Iterator<Item = &'a str>) -> Self {
        let mut names = Self { own: Vec::new(), replaced: Vec::new(), reserved: HashMap::new(), folders: HashSet::new(), given: HashSet::new() };
        for (number, name) in stored.enumerate() {
            let path = path_of(name, rules);
            names.replaced.push(rules != Rules::Unix && path.as_deref() != path_of(name, Rules::Unix).as_deref());
            if let Some(path) = &path {
                names.reserved.entry(key(path)).or_insert(number);
                names.folders.extend(path.ancestors().skip(1).map(key));
            }
            names.own.push(path.ok_or_else(|| Cause::BadName(name.to_owned()).into()));
        }
        names
    }

    /// The path of a file under its own name; none for a name that leads elsewhere.
    pub(crate) fn own(&self, file: usize) -> Option<&Path> {
        self.own.get(file)?.as_deref().ok()
    }

    /// Why a file has no path.
    pub(crate) fn failure(&mut self, file: usize) -> Option<crate::failure::Failure> {
        let own = self.own.get_mut(file)?;
        if own.is_ok() { None } else { std::mem::replace(own, Ok(PathBuf::new())).err() }
    }

    /// Whether a file has to be called otherwise here than in the archive.
    pub(crate) fn is_replaced(&self, file: usize) -> bool {
        self.replaced.get(file).copied().unwrap_or_default()
    }

    /// The first name that two files have.
    pub(crate) fn twice<'a>(stored: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let mut seen = HashSet::new();
        stored.into_iter().find(|name| !seen.insert(*name))
    }

    /// A path for an output of a file that wants to be called `wanted`: that, if it belongs to no other file of the archive. If another takes it, the whole name of the file
    /// with what would have stood for its extension (`a.gif.png`); if that is taken as well, a number (`a.2.png`).
    pub(crate) fn give(&mut self, file: usize, wanted: &Path) -> PathBuf {
        let own = self.own(file).unwrap_or(wanted).to_owned();
        let whole = longer(&own, wanted);
        let numbered = (2u64..).map(|number| with_number(wanted, number));
        let path = std::iter::once(wanted.to_owned()).chain(whole).chain(numbered).find(|path| self.is_free(file, path)).unwrap_or(own);
        self.given.insert(key(&path));
        path
    }

    fn is_free(&self, file: usize, path: &Path) -> bool {
        let key = key(path);
        !self.given.contains(&key) && !self.folders.contains(&key) && self.reserved.get(&key).is_none_or(|owner| *owner == file)
    }
}

/// `a.gif.png` for `a.png` that comes from `a.gif`.
fn longer(own: &Path, wanted: &Path) -> Option<PathBuf> {
    let (own_name, stem) = (own.file_name()?.as_encoded_bytes(), own.file_stem()?.as_encoded_bytes());
    let ending = wanted.file_name()?.as_encoded_bytes().strip_prefix(stem)?;
    let ending = std::str::from_utf8(ending).ok().filter(|_| own != wanted && own_name != stem)?;
    let mut name = own.file_name()?.to_owned();
    name.push(ending);
    Some(own.with_file_name(name))
}

/// `a.2.png` for `a.png`.
fn with_number(path: &Path, number: u64) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(stored: &[&str], wanted: &[(usize, &str)]) -> Vec<String> {
        let mut names = Names::of(stored.iter().copied());
        wanted.iter().map(|(file, path)| names.give(*file, Path::new(path)).to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn names_that_clash_are_told_apart() {
        let pictures = ["a.gif", "a.jpg", "a.png"];
        assert_eq!(given(&pictures, &[(0, "a.png"), (1, "a.png"), (2, "a.png")]), ["a.gif.png", "a.jpg.png", "a.png"]);
        assert_eq!(given(&pictures[..2], &[(0, "a.png"), (1, "a.png")]), ["a.png", "a.jpg.png"]);
        assert_eq!(given(&["m.npz"], &[(0, "m.a_b.npy"), (0, "m.a_b.npy"), (0, "m.a_b.npy")]), ["m.a_b.npy", "m.npz.a_b.npy", "m.a_b.2.npy"]);
        assert_eq!(given(&["x.grb", "x.nc", "x.grb.nc"], &[(0, "x.nc"), (1, "x.nc"), (2, "x.grb.nc")]), ["x.2.nc", "x.nc", "x.grb.nc"]);
        assert_eq!(given(&["d.nc", "d.nc"], &[(0, "d.nc"), (1, "d.nc")]), ["d.nc", "d.2.nc"]);
        assert_eq!(given(&["a", "a/b"], &[(0, "a"), (1, "a/b")]), ["a.2", "a/b"]);
        assert_eq!(given(&["wrf_00:00", "wrf_00\\00"], &[(0, "wrf_00:00"), (1, "wrf_00\\00")]), ["wrf_00:00", "wrf_00\\00"]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_no_names() {
        for name in ["", "/abs", "../up", "a/../../b", "..", ".", "./a", "a//b", "a/", "nul\0"] {
            assert_eq!(path_of(name, Rules::Unix), None, "{name:?}");
        }
        assert_eq!(path_of("a/b:c\\d", Rules::Unix), Some("a/b:c\\d".into()));
    }

    #[test]
    fn another_system_holds_them_under_names_of_its_own() {
        let names = [
            ("wrfout_00:00:00", "wrfout_00_00_00"),
            ("a\\b", "a_b"),
            ("nul.txt", "_nul.txt"),
            ("COM1", "_COM1"),
            ("COM", "COM"),
            ("con ", "con_"),
            ("end.", "end_"),
        ];
        for (name, expected) in names {
            assert_eq!(held(name, Rules::Windows), expected);
        }
        assert_eq!(held("null.nc", Rules::Windows), "null.nc");
        let names = Names::under(Rules::Windows, ["a:b", "a"].into_iter());
        assert!(names.is_replaced(0) && !names.is_replaced(1));
    }

    #[cfg(all(unix, not(target_vendor = "apple")))]
    #[test]
    fn names_that_are_no_text_come_back_as_they_were() {
        use std::os::unix::ffi::OsStrExt;
        for name in [&b"b\xff.bin"[..], b"caf\xe9", b"\xed\xa0\x80", "\u{EF80}\u{EFFF}".as_bytes(), b"\xf0\x9f\x8c", b"plain", "d\u{e9}j\u{e0} vu".as_bytes()] {
            let stored = stored(OsStr::from_bytes(name));
            assert_eq!(unescaped(&stored).as_bytes(), name);
            assert_eq!(stored.as_bytes() == name, std::str::from_utf8(name).is_ok_and(|text| !text.chars().any(is_escape)));
        }
    }
}
