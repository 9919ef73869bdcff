//! GRIB comes back with the same values and keys, and byte for byte once it is simply packed.
#![no_main]

use deepcomp_fuzz::{Promise, round_trip};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { if round_trip(bytes, &["grib"], Promise::Stable) { Corpus::Keep } else { Corpus::Reject } });
