//! The levels `fast` and `max` keep what all levels promise: bounds, missing and kept values, the same bytes each time, for any shape, type and content.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, VariableReport};
use deepcomp::codec::{Level, Options, Unmet};
use deepcomp::field::{Bounds, Dataset, ErrorBound, MissingRule, SourceFormat, Values};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits, metrics};

fn compressed(dataset: &Dataset, bound: ErrorBound, level: Level) -> (Vec<u8>, VariableReport) {
    let bounds = Bounds { missing: MissingRule::None, ..bound.into() };
    let (bytes, mut reports) =
        Compressor::new(dataset.clone(), "v", &Options { level, coarse: true, unmet: Unmet::Lossless, ..Options::new(bounds) }).unwrap().finish().unwrap();
    (bytes, reports.remove(0))
}

fn decompressed(bytes: &[u8]) -> Result<Dataset, Error> {
    Decompressor::new(Archive::open(bytes, &Limits::default())?, 0, &Models::default())?.finish(bytes)
}

/// Compresses an array by the level `fast`, checks all promises, and returns the bytes of its chunks.
fn check(shape: &[usize], values: Values, bound: ErrorBound) -> u64 {
    check_at(Level::Fast, shape, values, bound)
}

/// As that, by another level.
fn check_at(level: Level, shape: &[usize], values: Values, bound: ErrorBound) -> u64 {
    let dataset = Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    let (bytes, report) = compressed(&dataset, bound, level);
    assert!(bytes == compressed(&dataset, bound, level).0, "the same input gives the same bytes");
    let back = decompressed(&bytes).unwrap();
    let found = metrics::compare(&dataset.fields[0], &back.fields[0]).unwrap();
    assert!(found.missing_equal, "missing values come back exactly");
    assert!(found.max_abs_error <= report.absolute_bound, "{found:?} {report:?}");
    assert_eq!(found.max_abs_error, report.max_abs_error, "the certificate holds what is measured");
    assert!(report.absolute_bound > 0.0 || found.bit_identical);
    assert!(report.archive_bytes <= report.raw_bytes + 64, "never much larger than the values");
    report.archive_bytes
}

/// Waves with a little noise, from a simple generator.
fn waves(shape: &[usize], noise: f64) -> Vec<f64> {
    let (height, width) = (shape.iter().rev().nth(1).copied().unwrap_or(1).max(1), shape.last().copied().unwrap_or(1).max(1));
    let mut state = 1u32;
    let value = |i: usize| {
        let (t, y, x) = ((i / (height * width)) as f64, (i / width % height) as f64, (i % width) as f64);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        250.0 + 20.0 * (y / 9.0 + t / 5.0).sin() + 11.0 * (x / 13.0).cos() + noise * f64::from(state >> 8) / 16_777_216.0
    };
    (0..shape.iter().product()).map(value).collect()
}

fn singles(shape: &[usize], noise: f64) -> Vec<f32> {
    waves(shape, noise).into_iter().map(|v| v as f32).collect()
}

#[test]
fn any_shape_comes_back_under_any_bound() {
    let shapes: [&[usize]; 16] = [
        &[],
        &[0],
        &[1],
        &[2],
        &[3],
        &[300],
        &[1, 1],
        &[1, 7],
        &[9, 1],
        &[2, 3],
        &[5, 9],
        &[40, 41],
        &[3, 4, 5],
        &[3, 20, 17],
        &[2, 3, 20, 30],
        &[2, 190, 300],
    ];
    for shape in shapes {
        for bound in [ErrorBound::Lossless, ErrorBound::absolute(0.01).unwrap(), ErrorBound::relative(1e-1).unwrap(), ErrorBound::pointwise(1e-3).unwrap()] {
            check(shape, Values::F32(singles(shape, 0.5)), bound);
            check(shape, Values::F64(waves(shape, 0.5)), bound);
        }
    }
}

#[test]
fn looser_bounds_cost_less_and_little_more_than_where_tables_learn() {
    let shape = [4, 160, 300];
    let values = singles(&shape, 0.3);
    let bounds = [1e-5, 1e-4, 1e-3, 1e-2].map(|bound| ErrorBound::relative(bound).unwrap());
    let sizes = bounds.map(|bound| check(&shape, Values::F32(values.clone()), bound));
    assert!(sizes.windows(2).all(|w| w[1] < w[0]), "{sizes:?}");
    let dataset = Dataset::from_array("v", &shape, Values::F32(values), SourceFormat::ARRAY).unwrap();
    for (bound, size) in bounds.into_iter().zip(sizes) {
        let learned = compressed(&dataset, bound, Level::Balanced).1.archive_bytes;
        assert!(size < learned * 3 / 2 + 64, "{size} {learned}");
    }
}

#[test]
fn missing_values_of_any_kind_stay_missing() {
    for shape in [vec![200], vec![7, 9], vec![5, 60, 80], vec![2, 200, 300]] {
        let values = singles(&shape, 0.2);
        let bits = |i: usize| f32::from_bits(0x7FC0_0000 | ((i as u32 * 7919) & 0xF_FFFF));
        let still: Vec<f32> = values.iter().enumerate().map(|(i, v)| if i * 7 / 80 % 5 == 0 || i % 80 > 60 { f32::NAN } else { *v }).collect();
        let moving = values.iter().enumerate().map(|(i, v)| if (i / 3).wrapping_mul(2_654_435_761) % 100 < 30 { f32::NAN } else { *v }).collect();
        let many = values.iter().enumerate().map(|(i, v)| if i % 11 < 4 { bits(i) } else { *v }).collect();
        for holes in [still, moving, many, vec![f32::NAN; values.len()]] {
            for bound in [ErrorBound::Lossless, ErrorBound::absolute(0.05).unwrap()] {
                check(&shape, Values::F32(holes.clone()), bound);
            }
        }
    }
}

#[test]
fn residuals_beyond_all_tables_escape() {
    let spikes = |i: usize| match i % 97 {
        0 => f32::MAX,
        1 => f32::MIN,
        13 => f32::MIN_POSITIVE,
        40 => -1e-30,
        n => n as f32,
    };
    let noise = |i: usize| f32::from_bits((i as u32).wrapping_mul(2_654_435_761) & 0xBFFF_FFFF);
    let rare = |i: usize| if i % 1009 == 77 { 1e6 } else { (i % 60) as f32 / 1e3 };
    for values in [(0..24_000).map(spikes).collect::<Vec<f32>>(), (0..24_000).map(noise).collect(), (0..24_000).map(rare).collect()] {
        for bound in [ErrorBound::Lossless, ErrorBound::relative(1e-6).unwrap(), ErrorBound::relative(1e-2).unwrap(), ErrorBound::absolute(1.0).unwrap()] {
            check(&[120, 200], Values::F32(values.clone()), bound);
        }
    }
}

#[test]
fn whole_numbers_and_recovered_lattices_come_back_exactly() {
    let shape = [3, 50, 70];
    let waves = waves(&shape, 3.0);
    check(&shape, Values::F32(waves.iter().map(|v| (v * 10.0).round() as f32 / 10.0).collect()), ErrorBound::Lossless);
    check(&shape, Values::F32(waves.iter().map(|v| ((v * 40.0).round() * 0.025_123 + 200.0) as f32).collect()), ErrorBound::Lossless);
    check(&shape, Values::F32(waves.iter().map(|v| ((v / 50.0).round() * 17.0) as f32).collect()), ErrorBound::Lossless);
    check(&shape, Values::I16(waves.iter().map(|v| (*v * 100.0) as i16).collect()), ErrorBound::Lossless);
    check(&shape, Values::U8(waves.iter().map(|v| *v as u8).collect()), ErrorBound::Lossless);
    check(&shape, Values::U8(waves.iter().map(|v| *v as u8).collect()), ErrorBound::absolute(2.0).unwrap());
    check(&shape, Values::I64(waves.iter().map(|v| (*v * 1e15) as i64).collect()), ErrorBound::Lossless);
    check(&shape, Values::U32(waves.iter().map(|v| (*v * 1e7) as u32).collect()), ErrorBound::absolute(1000.0).unwrap());
}

#[test]
fn zeros_of_rain_stay_zeros() {
    let values: Vec<f32> = singles(&[90, 120], 1.0).into_iter().map(|v| (v - 255.0).max(0.0) * 1e-3).collect();
    let dataset = Dataset::from_array("v", &[90, 120], Values::F32(values.clone()), SourceFormat::ARRAY).unwrap();
    let (bytes, report) = compressed(&dataset, ErrorBound::relative(1e-2).unwrap(), Level::Fast);
    assert!(report.kept.iter().any(|(value, _)| *value == 0.0), "{report:?}");
    let Values::F32(back) = &decompressed(&bytes).unwrap().fields[0].values else { panic!() };
    assert!(values.iter().zip(back).all(|(v, b)| *v != 0.0 || *b == 0.0));
}

#[test]
fn the_strongest_level_keeps_all_promises_and_is_no_larger_than_the_others() {
    let shapes: [&[usize]; 10] = [&[], &[0], &[1], &[300], &[1, 7], &[9, 1], &[5, 9], &[3, 4, 5], &[3, 20, 17], &[2, 3, 30, 40]];
    for shape in shapes {
        for bound in [ErrorBound::Lossless, ErrorBound::absolute(0.01).unwrap(), ErrorBound::relative(1e-1).unwrap(), ErrorBound::pointwise(1e-3).unwrap()] {
            check_at(Level::Max, shape, Values::F32(singles(shape, 0.5)), bound);
            check_at(Level::Max, shape, Values::F64(waves(shape, 0.5)), bound);
            let holes = singles(shape, 0.2).into_iter().enumerate().map(|(i, v)| if i * 7 / 9 % 5 == 0 { f32::NAN } else { v });
            check_at(Level::Max, shape, Values::F32(holes.collect()), bound);
        }
    }
    let shape = [4, 50, 70];
    let waves = waves(&shape, 3.0);
    let all = [
        Values::F32(waves.iter().map(|v| (v * 10.0).round() as f32 / 10.0).collect()),
        Values::I16(waves.iter().map(|v| (*v * 100.0) as i16).collect()),
        Values::U8(waves.iter().map(|v| *v as u8).collect()),
        Values::I64(waves.iter().map(|v| (*v * 1e15) as i64).collect()),
        Values::U32(waves.iter().map(|v| (*v * 1e7) as u32).collect()),
    ];
    for values in all {
        let [max, balanced] = [Level::Max, Level::Balanced].map(|level| check_at(level, &shape, values.clone(), ErrorBound::Lossless));
        assert!(max <= balanced, "{max} {balanced}");
    }
    let noise = |i: usize| f32::from_bits((i as u32).wrapping_mul(2_654_435_761) & 0xBFFF_FFFF);
    for bound in [ErrorBound::Lossless, ErrorBound::relative(1e-6).unwrap(), ErrorBound::relative(1e-2).unwrap()] {
        check_at(Level::Max, &[40, 50], Values::F32((0..2000).map(noise).collect()), bound);
    }
}
