//! NetCDF classic comes back byte for byte, whatever laid it out.
#![no_main]

use deepcomp_fuzz::{Promise, round_trip};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { if round_trip(bytes, &["netcdf"], Promise::Bytes) { Corpus::Keep } else { Corpus::Reject } });
