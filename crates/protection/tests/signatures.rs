//! Signatures are of all bytes of an archive, by one key, and volumes are read as what they were.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::{Error, Source};
use deepcomp_protection::Outer;
use deepcomp_protection::recovery::{Layout, check, write};
use deepcomp_protection::signature::{PublicKey, SecretKey, find, sign, verify};
use deepcomp_protection::volumes::{Volumes, archive_of, name, ranges};
use xxhash_rust::xxh3::xxh3_64;

fn archive() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..5_000u32).map(|i| ((i * i) >> 5) as u8).collect();
    bytes[..20].copy_from_slice(b"\x89DCA\r\n\x1a\n\x01\0\0\0\0\0\0\0\0\0\0\0");
    let sum = xxh3_64(&bytes[..20]) as u32;
    bytes[20..24].copy_from_slice(&sum.to_le_bytes());
    let closed = Outer::read(&bytes).unwrap().closed();
    bytes[..24].copy_from_slice(&closed);
    bytes
}

#[test]
fn a_signature_is_of_every_byte_and_one_key() {
    let [key, other] = [(), ()].map(|()| SecretKey::generate().unwrap());
    let mut file = archive();
    assert!(verify(&file, None).unwrap_err().to_string().contains("no signature"));
    let end = sign(&mut file, &key).unwrap();
    assert_eq!(end, file.len() as u64);
    assert_eq!(verify(&file, None).unwrap(), [key.public()]);
    assert_eq!(verify(&file, Some(&key.public())).unwrap(), [key.public()]);
    assert!(verify(&file, Some(&other.public())).unwrap_err().to_string().contains("another key"));
    // Signing again changes nothing; another signs as well.
    assert_eq!(sign(&mut file, &key).unwrap(), end);
    sign(&mut file, &other).unwrap();
    assert_eq!(verify(&file, Some(&other.public())).unwrap().len(), 2);
    // A recovery record lies behind both and covers them.
    let layout = Layout::new(file.len() as u64, 500).unwrap();
    write(&mut file, &layout).unwrap();
    assert_eq!(verify(&file, None).unwrap().len(), 2);
    assert_eq!(find(&file).unwrap().1, layout.covered);
    let signed = 5_000..layout.covered as usize;
    for at in (0..5_000).step_by(61).chain(signed.step_by(7)) {
        let mut altered = file.clone();
        altered[at] ^= 4;
        let left = verify(&altered, Some(&key.public())).and_then(|_| verify(&altered, Some(&other.public())));
        assert!(left.is_err(), "{at}");
        let mut mended = Vec::new();
        check(&altered).unwrap().mend(&altered, &mut mended).unwrap();
        assert_eq!(mended, file);
    }
}

#[test]
fn keys_come_back_from_pem() {
    let key = SecretKey::generate().unwrap();
    let (secret, public) = (key.to_pem().unwrap(), key.public().to_pem().unwrap());
    assert!(secret.starts_with("-----BEGIN PRIVATE KEY-----\n") && public.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(SecretKey::from_pem(&secret).unwrap().public(), key.public());
    assert_eq!(PublicKey::from_pem(&public).unwrap(), key.public());
    for wrong in ["", "key", public.as_str()] {
        assert!(matches!(SecretKey::from_pem(wrong).map(drop), Err(Error::InvalidArgument { .. })));
    }
    assert!(matches!(PublicKey::from_pem(&secret), Err(Error::InvalidArgument { .. })));
}

/// RFC 8410, section 10.3: the keys as OpenSSL writes them.
#[test]
fn keys_of_other_programs_are_read() {
    let secret = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let key = SecretKey::from_pem(secret).unwrap();
    assert_eq!((key.to_pem().unwrap().as_str(), key.public().to_pem().unwrap().as_str()), (secret, public));
}

#[test]
fn volumes_are_read_as_one() {
    let bytes = archive();
    for size in [1, 7, 999, 2_500, 4_999, 5_000, 6_000] {
        let parts: Vec<Vec<u8>> = ranges(5_000, size).unwrap().map(|range| bytes[range.start as usize..range.end as usize].to_vec()).collect();
        assert_eq!(parts.concat(), bytes);
        let volumes = Volumes::new(parts, "a.dca").unwrap();
        assert_eq!((volumes.length(), volumes.count() as u64), (5_000, 5_000u64.div_ceil(size)));
        for (at, length) in [(0, 5_000), (0, 0), (1, 4_998), (2_499, 2), (4_999, 1)] {
            let mut out = vec![0; length];
            volumes.read(at as u64, &mut out).unwrap();
            assert_eq!(out, bytes[at..at + length]);
        }
        assert!(volumes.read(4_999, &mut [0; 2]).is_err() && volumes.read(u64::MAX, &mut [0]).is_err());
    }
    assert!(ranges(5_000, 0).is_err() && ranges(0, 10).is_err() && ranges(1 << 40, 1).is_err());
}

#[test]
fn volumes_that_are_not_as_long_as_they_should_be_are_named() {
    let refused = |lengths: &[usize]| match Volumes::new(lengths.iter().map(|length| vec![0; *length]).collect(), "a.dca").map(drop) {
        Err(Error::Volume { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[10, 9, 10]), "a.dca.002");
    assert_eq!(refused(&[10, 11]), "a.dca.002");
    assert_eq!(refused(&[10, 10, 0]), "a.dca.003");
    assert_eq!((name("a.dca", 12), name("a.dca", 1_234)), ("a.dca.012".to_owned(), "a.dca.1234".to_owned()));
    assert_eq!((archive_of("a.dca.001"), archive_of("a.dca"), archive_of(".001")), (Some("a.dca"), None, None));
}
