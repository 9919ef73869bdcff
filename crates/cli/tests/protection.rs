//! Recovery records, envelopes, signatures and volumes, as a person uses them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{command, fails, folder_with, listed, noise, ok, said, warns};
use std::fs;
use std::path::Path;

const SECRET: (&str, &str) = ("DEEPCOMP_PASSPHRASE", "correct horse");

/// An archive of some 80 kB, of an array that does not shrink.
fn archive(at: &Path, args: &[&str]) -> Vec<u8> {
    fs::write(at.join("x.npy"), noise(12_000)).unwrap();
    let output = command(at).args(["compress", "x.npy", "-o", "a.dca", "--lossless", "--no-times"]).args(args).env(SECRET.0, SECRET.1).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    fs::read(at.join("a.dca")).unwrap()
}

fn damage(at: &Path, name: &str, from: usize, length: usize) {
    let mut bytes = fs::read(at.join(name)).unwrap();
    bytes[from..from + length].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(at.join(name), bytes).unwrap();
}

fn has_all(at: &Path, archive: &str) {
    let output = command(at).args(["extract", archive, "-C", "out", "--force"]).env(SECRET.0, SECRET.1).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(fs::read(at.join("out/x.npy")).unwrap() == fs::read(at.join("x.npy")).unwrap());
}

/// Nothing that has a passing name stays.
fn is_tidy(at: &Path) -> bool {
    listed(at).iter().all(|name| !name.starts_with('.'))
}

#[test]
fn what_was_damaged_is_mended() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let plain = archive(at, &[]);
    let whole = archive(at, &["--recovery", "5%"]);
    assert_eq!(whole[24..plain.len()], plain[24..], "the archive is the same but for where it says that it ends");
    ok(at, &["test", "a.dca"]);
    damage(at, "a.dca", plain.len() + 3_000, 1);
    assert!(fails(at, &["test", "a.dca"]).contains("1 of 9 recovery records are damaged"));
    fs::write(at.join("a.dca"), &whole).unwrap();
    assert!(ok(at, &["repair", "a.dca"]).contains("nothing is damaged"));
    // A record that is added later is the same.
    fs::write(at.join("b.dca"), &plain).unwrap();
    assert!(ok(at, &["protect", "b.dca"]).contains("recovery records"));
    assert!(fs::read(at.join("b.dca")).unwrap() == whole);
    let four_percent = plain.len() / 25;
    for from in [0, 40_000, plain.len() - four_percent, whole.len() - four_percent] {
        damage(at, "a.dca", from, four_percent);
        let told = ok(at, &["repair", "a.dca"]);
        assert!(told.contains("all are mended"), "{told}");
        assert!(fs::read(at.join("a.dca")).unwrap() == whole, "{from}");
    }
    fs::write(at.join("a.dca"), &whole[..whole.len() - four_percent]).unwrap();
    ok(at, &["repair", "a.dca", "-o", "c.dca"]);
    assert!(fs::read(at.join("c.dca")).unwrap() == whole);
    assert_eq!(fs::read(at.join("a.dca")).unwrap().len(), whole.len() - four_percent, "it stays where another file is written");
    // Too much.
    damage(at, "c.dca", 10_000, 20_000);
    let before = fs::read(at.join("c.dca")).unwrap();
    let told = fails(at, &["repair", "c.dca"]);
    assert!(told.contains("are damaged") && told.contains("salvage"), "{told}");
    assert!(fs::read(at.join("c.dca")).unwrap() == before);
    fs::write(at.join("d.dca"), &plain).unwrap();
    assert!(fails(at, &["repair", "d.dca"]).contains("no recovery record"));
    assert!(fails(at, &["protect", "x.npy"]).contains("not a DeepComp archive"));
    assert!(fails(at, &["compress", "x.npy", "-o", "-", "--lossless", "--recovery", "5%"]).contains("name a file"));
    assert!(is_tidy(at));
}

#[test]
fn an_archive_that_is_changed_keeps_its_protection() {
    let folder = folder_with(&[]);
    let at = folder.path();
    archive(at, &["--recovery", "10%"]);
    fs::write(at.join("notes.txt"), "some").unwrap();
    warns(at, &["add", "a.dca", "notes.txt", "--lossless"]);
    let whole = fs::read(at.join("a.dca")).unwrap();
    damage(at, "a.dca", 0, 4_000);
    ok(at, &["repair", "a.dca"]);
    assert!(fs::read(at.join("a.dca")).unwrap() == whole);
    // A change that fails leaves it protected as well.
    assert!(fails(at, &["add", "a.dca", "notes.txt", "--lossless"]).contains("notes.txt"));
    assert!(fails(at, &["delete", "a.dca", "other.txt"]).contains("other.txt"));
    assert!(ok(at, &["repair", "a.dca"]).contains("nothing is damaged"));
    ok(at, &["rename", "a.dca", "notes.txt", "b.txt"]);
    ok(at, &["delete", "a.dca", "b.txt"]);
    assert!(ok(at, &["repair", "a.dca"]).contains("nothing is damaged"));
    has_all(at, "a.dca");
}

#[test]
fn an_encrypted_archive_is_read_with_its_passphrase_alone() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let plain = archive(at, &[]);
    let encrypted = archive(at, &["--passphrase"]);
    assert!(encrypted.starts_with(b"\x89DCE\r\n\x1a\n") && !encrypted.windows(5).any(|name| name == b"x.npy"));
    fs::write(at.join("word"), "correct horse\n").unwrap();
    fs::write(at.join("wrong"), "correct").unwrap();
    for args in [&["list", "a.dca"][..], &["test", "a.dca"], &["extract", "a.dca", "-C", "out", "--index", "dim_0=5..9", "--force"]] {
        assert!(fails(at, args).contains("DEEPCOMP_PASSPHRASE"), "{args:?}");
        assert!(fails(at, &[args, &["--passphrase-file", "wrong"]].concat()).contains("does not open"), "{args:?}");
        ok(at, &[args, &["--passphrase-file", "word"]].concat());
    }
    has_all(at, "a.dca");
    ok(at, &["decrypt", "a.dca", "-o", "b.dca", "--passphrase-file", "word"]);
    assert!(fs::read(at.join("b.dca")).unwrap() == plain);
    ok(at, &["encrypt", "b.dca", "-o", "c.dca", "--passphrase-file", "word"]);
    assert!(fs::read(at.join("c.dca")).unwrap() != encrypted, "each envelope has a salt of its own");
    has_all(at, "c.dca");
    assert!(fails(at, &["encrypt", "c.dca", "-o", "d.dca", "--passphrase-file", "word"]).contains("already"));
    assert!(fails(at, &["decrypt", "b.dca", "-o", "d.dca", "--passphrase-file", "word"]).contains("not encrypted"));
    assert!(fails(at, &["encrypt", "b.dca", "-o", "b.dca", "--passphrase-file", "word"]).contains("inputs"));
    assert!(fails(at, &["encrypt", "x.npy", "-o", "d.dca", "--passphrase-file", "word"]).contains("not a DeepComp archive"));
    // It is not changed where it is, and says what to do.
    for args in
        [&["add", "a.dca", "word", "--lossless"][..], &["delete", "a.dca", "x.npy"], &["rename", "a.dca", "x.npy", "y.npy"], &["append", "a.dca", "x.npy"]]
    {
        assert!(fails(at, args).contains("decrypt it"), "{args:?}");
    }
    assert!(fs::read(at.join("a.dca")).unwrap() == encrypted);
    assert!(fails(at, &["sfx", "a.dca", "-o", "a.html"]).contains("encrypted"));
    assert!(is_tidy(at) && !at.join("d.dca").exists());
}

#[test]
fn an_encrypted_archive_is_repaired_and_salvaged() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let whole = archive(at, &["--passphrase", "--recovery", "5%"]);
    has_all(at, "a.dca");
    damage(at, "a.dca", 70_000, 3_000);
    fs::write(at.join("word"), "correct horse\r\n").unwrap();
    let told = fails(at, &["test", "a.dca", "--passphrase-file", "word"]);
    assert!(told.contains("encrypted block 1"), "{told}");
    ok(at, &["repair", "a.dca"]);
    assert!(fs::read(at.join("a.dca")).unwrap() == whole);
    // The share goes along.
    ok(at, &["decrypt", "a.dca", "-o", "b.dca", "--passphrase-file", "word"]);
    assert!(ok(at, &["repair", "b.dca"]).contains("nothing is damaged"));
    ok(at, &["encrypt", "b.dca", "-o", "c.dca", "--passphrase-file", "word"]);
    assert!(ok(at, &["repair", "c.dca"]).contains("nothing is damaged"));
    // What was cut off: the blocks before it are there.
    fs::write(at.join("x.npy"), noise(140_000)).unwrap();
    fs::write(at.join("y.npy"), noise(150_000)).unwrap();
    ok(at, &["compress", "x.npy", "y.npy", "-o", "d.dca", "--lossless", "--level", "fast", "--passphrase-file", "word"]);
    let cut = fs::read(at.join("d.dca")).unwrap();
    fs::write(at.join("d.dca"), &cut[..cut.len() * 3 / 4]).unwrap();
    assert!(fails(at, &["list", "d.dca", "--passphrase-file", "word"]).contains("cut off"));
    let told = warns(at, &["salvage", "d.dca", "-o", "e.dca", "--passphrase-file", "word"]);
    assert!(told.contains("y.npy") && told.contains("lost") && !told.contains("x.npy"), "{told}");
    has_all(at, "e.dca");
}

#[test]
fn a_signature_is_checked() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let plain = archive(at, &["--recovery", "5%"]);
    ok(at, &["keygen", "key"]);
    ok(at, &["keygen", "other"]);
    assert!(fails(at, &["keygen", "key"]).contains("there is a file"));
    assert!(fails(at, &["verify", "a.dca"]).contains("no signature"));
    ok(at, &["sign", "a.dca", "--key", "key"]);
    assert!(ok(at, &["verify", "a.dca", "--key", "key.pub"]).contains("unchanged"));
    ok(at, &["verify", "a.dca"]);
    assert!(fails(at, &["verify", "a.dca", "--key", "other.pub"]).contains("another key"));
    assert!(fails(at, &["sign", "a.dca", "--key", "key.pub"]).contains("not a secret key"));
    has_all(at, "a.dca");
    // The recovery record covers the signature.
    let signed = fs::read(at.join("a.dca")).unwrap();
    assert!(signed.len() > plain.len());
    damage(at, "a.dca", 30_000, 1);
    assert!(fails(at, &["verify", "a.dca"]).contains("altered"));
    ok(at, &["repair", "a.dca"]);
    assert!(fs::read(at.join("a.dca")).unwrap() == signed);
    assert!(warns(at, &["rename", "a.dca", "x.npy", "y.npy"]).contains("signature is gone"));
    assert!(fails(at, &["verify", "a.dca"]).contains("no signature"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(at.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // OpenSSL, where it is there, makes of the secret key the same public key, and ours of one of its own.
    let openssl = |args: &[&str]| std::process::Command::new("openssl").args(args).current_dir(at).output();
    if let Ok(output) = openssl(&["pkey", "-in", "key", "-pubout"]) {
        assert!(output.stdout == fs::read(at.join("key.pub")).unwrap(), "{}", said(&output));
        assert!(openssl(&["genpkey", "-algorithm", "ed25519", "-out", "theirs"]).unwrap().status.success());
        assert!(openssl(&["pkey", "-in", "theirs", "-pubout", "-out", "theirs.pub"]).unwrap().status.success());
        ok(at, &["sign", "a.dca", "--key", "theirs"]);
        ok(at, &["verify", "a.dca", "--key", "theirs.pub"]);
    }
}

#[test]
fn volumes_are_read_and_joined() {
    let folder = folder_with(&[]);
    let at = folder.path();
    for args in [&[][..], &["--passphrase"], &["--recovery", "5%"]] {
        let whole = archive(at, args);
        ok(at, &["split", "a.dca", "--size", "30K", "-C", "."]);
        assert!(fails(at, &["split", "a.dca", "--size", "30K"]).contains("there is a file"));
        has_all(at, "a.dca.001");
        fs::remove_file(at.join("a.dca")).unwrap();
        ok(at, &["join", "a.dca.001"]);
        assert!(fs::read(at.join("a.dca")).unwrap() == whole);
        assert!(fails(at, &["join", "a.dca.001"]).contains("there is a file"));
        assert!(fails(at, &["join", "a.dca.002", "-o", "b.dca"]).contains(".001"));
        let last = fs::read(at.join("a.dca.003")).unwrap();
        fs::remove_file(at.join("a.dca.003")).unwrap();
        let listed = command(at).args(["list", "a.dca.001"]).env(SECRET.0, SECRET.1).output().unwrap();
        let told = said(&listed);
        // Without its last bytes a recovery record is no longer whole, and the archive is.
        assert!(args == ["--recovery", "5%"] && last.len() < 30_000 || told.contains("a.dca.003"), "{args:?}: {told}");
        fs::write(at.join("a.dca.003"), &last).unwrap();
        fs::rename(at.join("a.dca.002"), at.join("kept")).unwrap();
        let listed = command(at).args(["list", "a.dca.001"]).env(SECRET.0, SECRET.1).output().unwrap();
        assert!(!listed.status.success() && said(&listed).contains("volume a.dca.002 is missing"), "{}", said(&listed));
        fs::write(at.join("a.dca.002"), "short").unwrap();
        let listed = command(at).args(["list", "a.dca.001"]).env(SECRET.0, SECRET.1).output().unwrap();
        assert!(said(&listed).contains("volume a.dca.002 is not as long"), "{}", said(&listed));
        for number in 1..=4 {
            let _ = fs::remove_file(at.join(format!("a.dca.00{number}")));
        }
    }
    assert!(fails(at, &["split", "a.dca", "--size", "1"]).contains("choose another size"));
}
