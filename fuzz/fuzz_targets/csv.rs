//! Tables come back with equal values.
#![no_main]

use deepcomp_fuzz::{Promise, round_trip};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { if round_trip(bytes, &["csv"], Promise::Stable) { Corpus::Keep } else { Corpus::Reject } });
