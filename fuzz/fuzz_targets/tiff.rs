//! TIFF comes back with the same contents, and byte for byte once it is uncompressed.
#![no_main]

use deepcomp_fuzz::{Promise, round_trip};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { if round_trip(bytes, &["tiff"], Promise::Stable) { Corpus::Keep } else { Corpus::Reject } });
