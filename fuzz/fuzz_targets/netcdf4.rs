//! NetCDF-4 and plain HDF5 come back with the same contents.
#![no_main]

use deepcomp_fuzz::{Promise, round_trip, sealed_hdf5};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { if round_trip(&sealed_hdf5(bytes), &["netcdf4"], Promise::Stable) { Corpus::Keep } else { Corpus::Reject } });
