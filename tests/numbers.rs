//! Bounds where binary64 is too coarse to measure them: integers beyond 2^53, denormals, the largest floats.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, VariableReport};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Bounds, Dataset, ErrorBound, SourceFormat, Values, Wish};
use deepcomp::metrics::compare;
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits};

/// The source, what comes back of it, and what the archive certifies.
fn through(values: Values, bound: ErrorBound) -> Result<(Dataset, Dataset, VariableReport), Error> {
    let source = Dataset::from_array("v", &[values.len()], values, SourceFormat::ARRAY)?;
    let options = Options { base: Base::Never, coarse: true, ..Options::new(Bounds::from(Wish::Bound(bound))) };
    let (bytes, mut reports) = Compressor::new(source.clone(), "v", &options)?.finish()?;
    let archive = Archive::open(&bytes, &Limits::default())?;
    let decoded = Decompressor::new(archive, 0, &Models::default())?.finish(&bytes)?;
    Ok((source, decoded, reports.remove(0)))
}

/// Numbers that look random.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn errors(source: &Dataset, decoded: &Dataset) -> Vec<i128> {
    match (&source.fields[0].values, &decoded.fields[0].values) {
        (Values::I64(a), Values::I64(b)) => a.iter().zip(b).map(|(a, b)| (i128::from(*a) - i128::from(*b)).abs()).collect(),
        (Values::U64(a), Values::U64(b)) => a.iter().zip(b).map(|(a, b)| (i128::from(*a) - i128::from(*b)).abs()).collect(),
        _ => panic!("other types came back"),
    }
}

#[test]
fn a_relative_bound_holds_for_integers_beyond_2_53() {
    for (span, relative) in [(1_100, 0.1), (700, 0.1), (100_000, 1e-3), (3, 0.4), (1 << 40, 1e-6)] {
        let mut next = random(span);
        let signed: Vec<i64> = (0..3000).map(|_| (1 << 62) + 500 + (next() % span) as i64).collect();
        let negative: Vec<i64> = signed.iter().map(|v| -v).collect();
        let unsigned: Vec<u64> = (0..3000).map(|_| u64::MAX - 17 - next() % span).collect();
        for values in [Values::I64(signed), Values::I64(negative), Values::U64(unsigned)] {
            let (source, decoded, report) = through(values, ErrorBound::relative(relative).unwrap()).unwrap();
            let largest = errors(&source, &decoded).into_iter().max().unwrap();
            assert!(largest as f64 <= relative * span as f64, "{largest} of {span} at {relative}");
            assert_eq!(report.max_abs_error, largest as f64);
            let comparison = compare(&source.fields[0], &decoded.fields[0]).unwrap();
            assert_eq!(comparison.max_abs_error, largest as f64);
            assert!(comparison.keeps(report.bound, report.absolute_bound) && comparison.range < span as f64);
        }
    }
}

#[test]
fn the_certificate_of_nanoseconds_says_what_they_moved_by() {
    let mut next = random(7);
    let values: Vec<i64> = (0..4000).map(|_| 1_700_000_000_000_000_000 + (next() % 1000) as i64).collect();
    let (source, decoded, report) = through(Values::I64(values), ErrorBound::absolute(3.0).unwrap()).unwrap();
    assert_eq!((errors(&source, &decoded).into_iter().max().unwrap(), report.max_abs_error), (3, 3.0));
}

#[test]
fn a_bound_that_the_largest_floats_cannot_keep_is_refused_with_one_they_can() {
    let near = |v: f32| Values::F32(vec![v, v.next_down(), v.next_down().next_down()]);
    let Err(Error::BoundBelowPrecision { precision, .. }) = through(near(f32::MAX), ErrorBound::absolute(1.0).unwrap()) else { panic!("it was taken") };
    assert!(precision.is_finite() && through(near(f32::MAX), ErrorBound::absolute(precision).unwrap()).is_ok());
    let doubles = Values::F64(vec![f64::MAX, f64::MAX.next_down()]);
    let Err(Error::BoundBelowPrecision { precision, .. }) = through(doubles, ErrorBound::absolute(1.0).unwrap()) else { panic!("it was taken") };
    assert!(precision.is_finite());
}

#[test]
fn a_part_of_a_range_beyond_all_numbers_is_a_number() {
    let mut next = random(3);
    let values = (0..500).map(|_| (next() as f64 / u64::MAX as f64 * 2.0 - 1.0) * 1.7e308).collect();
    let (source, decoded, report) = through(Values::F64(values), ErrorBound::relative(0.1).unwrap()).unwrap();
    assert!(report.absolute_bound.is_finite() && report.absolute_bound > 3e307);
    assert!(compare(&source.fields[0], &decoded.fields[0]).unwrap().keeps(report.bound, report.absolute_bound));
}

#[test]
fn a_part_of_a_range_among_denormals_is_not_rounded_up() {
    let unit = f64::from_bits(1);
    for (steps, relative) in [(5u64, 0.3), (7, 0.5), (1000, 0.0127), (13, 0.1), (3, 0.17), (99, 1e-3)] {
        let values = (0..=steps).map(|k| f64::from_bits(k + 1)).collect();
        let allowed = (relative * steps as f64 + 1e-9).floor();
        let Ok((source, decoded, report)) = through(Values::F64(values), ErrorBound::relative(relative).unwrap()) else { continue };
        assert!(report.absolute_bound / unit <= allowed, "{steps} {relative}: {}", report.absolute_bound / unit);
        assert!(compare(&source.fields[0], &decoded.fields[0]).unwrap().max_abs_error / unit <= allowed);
    }
}
