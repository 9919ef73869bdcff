//! Whatever goes in comes out: within the bound, missing values exactly, everything else bit for bit, for any shape, type and content.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, VariableReport, preview};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Attribute, Bounds, Dataset, Dimension, Element, ErrorBound, Field, Missing, MissingRule, SourceFormat, Values, with_values};
use deepcomp::formats::netcdf3;
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, metrics};
use proptest::prelude::*;
use std::sync::{Arc, OnceLock};

/// The weights that ship.
fn shipped() -> Arc<Model> {
    static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()).clone()
}

/// Arrays of more values are not tried with the network too, which is slow without optimisation.
const NETWORK_VALUES: usize = 15_000;

fn compress_with(model: Option<Arc<Model>>, dataset: Dataset, bound: ErrorBound) -> Result<(Vec<u8>, Vec<VariableReport>), Error> {
    let bounds = Bounds { missing: MissingRule::None, ..bound.into() };
    Compressor::new(dataset, "test", &Options { model, coarse: true, ..Options::new(bounds) })?.finish()
}

/// With the classical predictor alone.
fn compress(dataset: Dataset, bound: ErrorBound) -> Result<(Vec<u8>, Vec<VariableReport>), Error> {
    compress_with(None, dataset, bound)
}

fn decompress_with(models: &Models, bytes: &[u8]) -> Result<Dataset, Error> {
    Decompressor::new(Archive::open(bytes, &Limits::default())?, 0, models)?.finish(bytes)
}

fn decompress(bytes: &[u8]) -> Result<Dataset, Error> {
    decompress_with(&Models::default(), bytes)
}

/// Compresses an array, checks all promises, and returns what came back and the size of its chunks, both with the classical predictor.
fn check(shape: &[usize], values: Values, bound: ErrorBound) -> (Field, u64) {
    let dataset = Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    if shape.iter().product::<usize>() > NETWORK_VALUES {
        return check_with(None, &dataset, bound);
    }
    let (classical, network) = check_both(&dataset, bound);
    assert!(network <= classical.1, "the network is used only where it helps: {network} > {}", classical.1);
    classical
}

/// What [`check`] does with the classical predictor, and the size with the network.
fn check_both(dataset: &Dataset, bound: ErrorBound) -> ((Field, u64), u64) {
    (check_with(None, dataset, bound), check_with(Some(shipped()), dataset, bound).1)
}

fn check_with(model: Option<Arc<Model>>, dataset: &Dataset, bound: ErrorBound) -> (Field, u64) {
    let (bytes, reports) = compress_with(model.clone(), dataset.clone(), bound).unwrap();
    let again = compress_with(model.clone(), dataset.clone(), bound).unwrap().0;
    assert!(bytes == again, "the same input gives the same bytes");
    let back = decompress_with(&model.into_iter().collect(), &bytes).unwrap();
    assert_eq!((&back.dimensions, back.format), (&dataset.dimensions, dataset.format));
    let (source, decoded) = (&dataset.fields[0], &back.fields[0]);
    let found = metrics::compare(source, decoded).unwrap();
    assert!(found.missing_equal, "missing values come back exactly");
    assert!(found.max_abs_error <= reports[0].absolute_bound, "{found:?} {:?}", reports[0]);
    assert_eq!(found.max_abs_error, reports[0].max_abs_error, "the certificate holds what is measured");
    assert_eq!(found.missing, reports[0].missing);
    if reports[0].absolute_bound == 0.0 {
        assert!(found.bit_identical);
    }
    assert!(reports[0].archive_bytes <= reports[0].raw_bytes + 16 * (1 + reports[0].raw_bytes / (1 << 20)), "never much larger than the values");
    (decoded.clone(), reports[0].archive_bytes)
}

/// A smooth field with a little noise, from integers, so that it is the same on every machine.
fn field(shape: &[usize], noise: f64) -> Vec<f32> {
    let (height, width) = (shape[shape.len() - 2], shape[shape.len() - 1]);
    let mut state = 1u32;
    (0..shape.iter().product::<usize>())
        .map(|i| {
            let (t, y, x) = (i / (height * width), i / width % height, i % width);
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = |n: usize, period: usize| {
                let phase = (n % period) as f64 / period as f64;
                16.0 * phase * (1.0 - phase) - 2.0
            };
            (280.0 + 15.0 * wave(y, 2 * height) + 8.0 * wave(x + 3 * t, width) + noise * (f64::from(state >> 8) / 16_777_216.0 - 0.5)) as f32
        })
        .collect()
}

// ------------------------------------------------------------------------------------------------------------------------ chosen cases

#[test]
fn bounds_hold_and_looser_ones_cost_less() {
    let shape = [3, 61, 120];
    let sizes: Vec<u64> =
        [1e-5, 1e-4, 1e-3, 1e-2].iter().map(|e| check(&shape, Values::F32(field(&shape, 0.3)), ErrorBound::relative(*e).unwrap()).1).collect();
    assert!(sizes.windows(2).all(|w| w[1] < w[0]), "{sizes:?}");
    assert!(sizes[3] * 20 < 4 * 3 * 61 * 120, "1e-2 of the range is worth more than a factor of 20: {sizes:?}");
}

#[test]
fn a_series_that_repeats_costs_little_more_than_one_plane() {
    let one = field(&[61, 120], 1.0);
    let series: Vec<f32> = one.iter().cycle().take(8 * one.len()).copied().collect();
    let bound = ErrorBound::absolute(0.01).unwrap();
    let (single, many) = (check(&[61, 120], Values::F32(one), bound).1, check(&[8, 61, 120], Values::F32(series), bound).1);
    assert!(many < single * 3 / 2, "{single} {many}");
}

#[test]
fn packed_values_are_recognised() {
    let shape = [90, 180];
    let integers: Vec<i16> = field(&shape, 0.5).iter().map(|v| (v * 10.0) as i16).collect();
    let as_integers = check(&shape, Values::I16(integers.clone()), ErrorBound::Lossless).1;
    let singles = |value: &dyn Fn(f64) -> f64| Values::F32(integers.iter().map(|i| value(f64::from(*i)) as f32).collect());
    let doubles = |value: &dyn Fn(f64) -> f64| Values::F64(integers.iter().map(|i| value(f64::from(*i))).collect());
    let reference = f64::from(-2.712_345_6f32);
    for (name, values) in [
        ("one decimal", singles(&|i| i / 10.0)),
        ("seven decimals", singles(&|i| (i - 2790.0) / 1e7)),
        ("any offset and step", singles(&|i| i * 0.012_345_678 + 271.5)),
        ("through zero", singles(&|i| (i - 2801.0) * 0.012_345_678)),
        ("GRIB2, decimal scale 3", singles(&|i| (reference + (i - 2790.0) * 2.0) * 1e-3)),
        ("GRIB2, binary scale -4, decimal scale 1", singles(&|i| (reference + (i - 2790.0) / 16.0) * 0.1)),
        ("two decimals from 273.15", doubles(&|i| i * 0.01 + 273.15)),
        ("a binary32 scale", doubles(&|i| i * f64::from(0.012_345_678f32) + 271.5)),
        ("a packed zero that occurs", doubles(&|i| (i - 2790.0) * 0.001_725_027_467_496_795_4 + 281.123_456_789_012_3)),
    ] {
        let size = check(&shape, values, ErrorBound::Lossless).1;
        assert!(size < as_integers + as_integers / 20 + 64, "{name}: {size} against {as_integers} as integers");
    }
}

#[test]
fn planes_packed_on_their_own_share_a_step() {
    let shape = [12, 40, 60];
    let one = |pack: &dyn Fn(usize, f64) -> f64| -> Vec<f32> {
        field(&shape, 0.5).iter().enumerate().map(|(i, v)| pack(i / 2400, (f64::from(*v) * 64.0).round()) as f32).collect()
    };
    let together = check(&shape, Values::F32(one(&|_, k| k / 64.0)), ErrorBound::Lossless).1;
    let reference = |plane: usize| f64::from((plane as f32 + 1.0) / 7.3);
    let wider = |plane: usize, k: f64| if plane % 3 == 1 { (k / 2.0).round() * 2.0 } else { k };
    for (name, values) in [
        ("binary scale -6", one(&|plane, k| reference(plane) + k / 64.0)),
        ("decimal scale 2", one(&|plane, k| (reference(plane) + (k - 18_000.0) * 4.0) / 100.0)),
        ("scales that differ", one(&|plane, k| reference(plane) + wider(plane + 1, k) / 64.0)),
    ] {
        let size = check(&shape, Values::F32(values.clone()), ErrorBound::Lossless).1;
        assert!(size < together + together / 10 + 12 * 8, "{name}: {size} against {together}");
        check(&shape, Values::F32(values.clone()), ErrorBound::absolute(0.017).unwrap());
        check(&shape, Values::F32(values.clone()), ErrorBound::absolute(0.05).unwrap());
        // A bound of just one step, which rounding to the type may break.
        let one_step = check(&shape, Values::F32(values), ErrorBound::absolute(if name == "decimal scale 2" { 0.04 } else { 1.0 / 64.0 }).unwrap()).1;
        assert!(one_step <= size, "{name}: {one_step} against {size} without loss");
    }
}

#[test]
fn full_mantissas_cost_no_more_across_zero_or_in_a_wider_type() {
    let around = |centre: f32| field(&[90, 180], 0.5).iter().map(|v| (v - 280.0) / 32.0 + centre).collect::<Vec<f32>>();
    let apart = check(&[90, 180], Values::F32(around(3.0)), ErrorBound::Lossless).1;
    let across = check(&[90, 180], Values::F32(around(0.0)), ErrorBound::Lossless).1;
    assert!(across < apart * 3 / 2, "{across} across zero, {apart} apart from it");
    let wider = check(&[90, 180], Values::F64(around(0.0).into_iter().map(f64::from).collect()), ErrorBound::Lossless).1;
    assert!(wider < across + 64, "{wider} as binary64, {across} as binary32");
    let signed_zeros: Vec<f32> = around(0.0).iter().map(|v| if v.abs() < 0.1 { 0.0 * v } else { *v }).collect();
    check(&[90, 180], Values::F32(signed_zeros), ErrorBound::Lossless);
}

#[test]
fn planes_of_several_steps_cost_what_each_has_and_predict_each_other() {
    // As (reference + k · 2^e) / 10^d of GRIB, with a reference and factors for each message, and exact zeros in most.
    let hills: Vec<f64> = field(&[60, 90], 0.0).iter().map(|v| f64::from(*v) - 270.0).collect();
    let grain = |i: usize| ((i * 7919) % 64) as f64 / 64.0 - 0.5;
    let messages = [(0.01, 0.0), (0.1, 0.0), (0.01, 0.003_7), (0.1, 0.0), (0.02, 0.0), (0.1, 0.041)];
    let stack = |seen: fn(f64) -> f64| -> Vec<f32> {
        let plane = |(p, (step, offset)): (usize, &(f64, f64))| {
            hills
                .iter()
                .enumerate()
                .map(move |(i, v)| (offset + seen(((v * (1.0 + p as f64 / 50.0) + grain(i)) / step).round()) * step) as f32)
                .collect::<Vec<_>>()
        };
        messages.iter().enumerate().flat_map(plane).collect()
    };
    let [own, alone] = [
        check(&[6, 60, 90], Values::F32(stack(|k| k)), ErrorBound::Lossless).1,
        check(&[6, 60, 90], Values::F32(stack(|k| k + 0.000_1 * (k * 0.7).sin())), ErrorBound::Lossless).1,
    ];
    assert!(own * 2 < alone, "{own} on steps of their own, {alone} as any floats");
    let apart: u64 = stack(|k| k).chunks(60 * 90).map(|plane| check(&[60, 90], Values::F32(plane.to_vec()), ErrorBound::Lossless).1).sum();
    assert!(own * 10 < apart * 9, "{own} together, {apart} apart");
}

#[test]
fn values_that_leave_gaps_are_listed() {
    let levels: Vec<f64> = (0..60).map(|i| f64::from(i * i) * 1.234_567 - 500.0).collect();
    let classes: Vec<usize> = field(&[90, 180], 0.2).iter().map(|v| ((v - 240.0) / 2.0) as usize % 60).collect();
    let as_integers = check(&[90, 180], Values::I16(classes.iter().map(|c| *c as i16).collect()), ErrorBound::Lossless).1;
    let single = check(&[90, 180], Values::F32(classes.iter().map(|c| levels[*c] as f32).collect()), ErrorBound::Lossless).1;
    let double = check(&[90, 180], Values::F64(classes.iter().map(|c| levels[*c]).collect()), ErrorBound::Lossless).1;
    assert!(single < as_integers + 60 * 5 && double < as_integers + 60 * 9, "{single} and {double} against {as_integers} as integers");
}

#[test]
fn sparse_fields_cost_little() {
    let rain: Vec<f32> = field(&[90, 180], 0.5).iter().map(|v| if *v > 300.0 { (v - 300.0) / 7.0 } else { 0.0 }).collect();
    assert!(rain.iter().filter(|v| **v == 0.0).count() > 8000);
    let (_, size) = check(&[90, 180], Values::F32(rain), ErrorBound::relative(1e-3).unwrap());
    assert!(size < 90 * 180, "{size}");
    assert!(check(&[90, 180], Values::F32(vec![7.5; 90 * 180]), ErrorBound::Lossless).1 < 16);
}

#[test]
fn missing_values_keep_their_bits_and_leak_nowhere() {
    let shape = [4, 40, 60];
    let clean = field(&shape, 0.1);
    let mut values = clean.clone();
    for (i, v) in values.iter_mut().enumerate() {
        match i % 60 {
            10..20 => *v = f32::NAN,
            20 => *v = f32::from_bits(0x7FC0_1234 + i as u32),
            21 => *v = f32::INFINITY,
            22 => *v = f32::NEG_INFINITY,
            _ => {}
        }
    }
    for bound in [ErrorBound::Lossless, ErrorBound::absolute(0.05).unwrap()] {
        let (decoded, _) = check(&shape, Values::F32(values.clone()), bound);
        let Values::F32(decoded) = decoded.values else { panic!() };
        assert!(decoded.iter().zip(&values).all(|(d, v)| v.is_finite() || d.to_bits() == v.to_bits()));
    }
}

#[test]
fn a_value_never_turns_into_a_fill_value() {
    // The fill value 0 lies in the middle of the data: reconstructions that hit it must not be read as missing.
    let values: Vec<f32> = (0..4000).map(|i| if i % 7 == 0 { 0.0 } else { (i % 100) as f32 * 0.01 - 0.495 }).collect();
    let mut dataset = Dataset::from_array("v", &[40, 100], Values::F32(values.clone()), SourceFormat::ARRAY).unwrap();
    dataset.fields[0].missing = Missing::Patterns(vec![0]);
    let (bytes, reports) = compress(dataset, ErrorBound::absolute(0.1).unwrap()).unwrap();
    assert_eq!(reports[0].missing, values.iter().filter(|v| **v == 0.0).count() as u64);
    let Values::F32(back) = decompress(&bytes).unwrap().fields[0].values.clone() else { panic!() };
    assert!(values.iter().zip(back).all(|(v, b)| (*v == 0.0) == (b == 0.0) && (v - b).abs() <= 0.1));
}

#[test]
fn packed_values_are_found_again_however_they_were_unpacked() {
    // As ECMWF packs: the middle of the range is the offset, the scale any number.
    let source: Vec<f64> = field(&[240, 250], 2.0).into_iter().map(f64::from).collect();
    let [low, high] = source.iter().fold([f64::MAX, f64::MIN], |[low, high], v| [low.min(*v), high.max(*v)]);
    let (scale, offset) = ((high - low) / 65_534.0, f64::midpoint(low, high));
    let packed: Vec<i16> = source.iter().map(|v| ((v - offset) / scale).round() as i16).collect();
    let (_, integers) = check(&[240, 250], Values::I16(packed.clone()), ErrorBound::Lossless);
    let single: Vec<f32> = packed.iter().map(|k| f32::from(*k) * scale as f32 + offset as f32).collect();
    for unpacked in [
        Values::F64(single.iter().map(|v| f64::from(*v)).collect()),
        Values::F32(single),
        Values::F32(packed.iter().map(|k| (f64::from(*k) * scale + offset) as f32).collect()),
        Values::F64(packed.iter().map(|k| f64::from(*k) * scale + offset).collect()),
    ] {
        let data_type = unpacked.data_type();
        let (_, archive) = check(&[240, 250], unpacked, ErrorBound::Lossless);
        assert!(archive <= integers + integers / 200 + 64, "{data_type:?}: {archive} bytes, the integers {integers}");
    }
}

#[test]
fn steps_near_the_spacing_of_the_type_are_found() {
    // Heights above 16,384 m to the centimetre, five spacings of float32; and as GRIB packs, 16 of 2^3 millimetres above any millimetre.
    let source: Vec<f64> = field(&[60, 80], 30.0).into_iter().map(|v| 20_000.0 + 10.0 * f64::from(v)).collect();
    for (step, offset) in [(0.01, 0.0), (0.016, 17_997.939)] {
        let integers: Vec<i32> = source.iter().map(|v| ((v - offset) / step).round() as i32).collect();
        let values = Values::F32(integers.iter().map(|k| (offset + f64::from(*k) * step) as f32).collect());
        let (_, integers) = check(&[60, 80], Values::I32(integers), ErrorBound::Lossless);
        let (_, archive) = check(&[60, 80], values, ErrorBound::Lossless);
        assert!(archive <= integers + integers / 100 + 64, "{step}: {archive} bytes, the integers {integers}");
    }
}

#[test]
fn scale_and_offset_are_found_where_some_examples_allow_others() {
    let (scale, offset) = (0.206_308_272_168_220_6, 51_723.303_095_863_914);
    let smooth = field(&[400, 500], 2.0);
    let [low, high] = smooth.iter().fold([f32::MAX, f32::MIN], |[low, high], v| [low.min(*v), high.max(*v)]);
    let packed: Vec<i16> = smooth.iter().map(|v| (f64::from((v - low) / (high - low)) * 65_533.0 - 32_766.0).round() as i16).collect();
    let values = Values::F64(packed.iter().map(|k| f64::from(*k) * scale + offset).collect());
    let (_, integers) = check(&[400, 500], Values::I16(packed), ErrorBound::Lossless);
    let (_, archive) = check(&[400, 500], values, ErrorBound::Lossless);
    assert!(archive <= integers + integers / 500 + 64, "{archive} bytes, the integers {integers}");
}

#[test]
fn values_near_a_lattice_cost_little_more_than_its_integers() {
    let smooth = field(&[120, 150], 2.0);
    let packed: Vec<i32> = smooth.iter().map(|v| (f64::from(*v) * 100.0) as i32).collect();
    let (_, integers) = check(&[120, 150], Values::I32(packed.clone()), ErrorBound::Lossless);
    // Rounded once, as where product and sum are fused.
    let fused = Values::F64(packed.iter().map(|k| f64::from(*k).mul_add(0.012_345_678_912_345, 273.151_234_567_89)).collect());
    let (_, archive) = check(&[120, 150], fused, ErrorBound::Lossless);
    // At most two bits a value.
    assert!(archive <= integers + 120 * 150 / 4, "{archive} bytes, the integers {integers}");
    // Means of 31 days that were packed, their sums rounded at each step.
    let day = |k: i32, d: i32| (k + (k / 7 + d * 37) % 11) as f32 * 0.01;
    let means = packed.iter().map(|k| (0..31).map(|d| day(*k, d)).sum::<f32>() / 31.0).collect();
    let sums = packed.iter().map(|k| (0..31).map(|d| k + (k / 7 + d * 37) % 11).sum::<i32>()).collect();
    let (_, integers) = check(&[120, 150], Values::I32(sums), ErrorBound::Lossless);
    let (_, archive) = check(&[120, 150], Values::F32(means), ErrorBound::Lossless);
    assert!(archive <= integers + 120 * 150 * 3 / 8, "{archive} bytes, the sums {integers}");
}

#[test]
fn more_values_than_can_be_listed_come_back() {
    // A few bits set among many, so that a list would pay: 150,000 values, four times each.
    let value = |n: u32| f32::from_bits(0x3F80_0000 + n * 37 + (n.wrapping_mul(2_654_435_761) >> 29));
    let values: Vec<f32> = (0..600_000u32).map(|i| value(i.wrapping_mul(7_919) % 150_000)).collect();
    check(&[600, 1000], Values::F32(values), ErrorBound::Lossless);
}

#[test]
fn decoded_values_stay_in_the_range_of_the_source() {
    let values = field(&[60, 80], 2.0);
    let shifted: Vec<f32> = values.iter().map(|v| (v - 280.0).max(0.0)).collect();
    let stored: Vec<i16> = values.iter().map(|v| ((v - 280.0) * 100.0) as i16).collect();
    for (values, bound) in [(Values::F32(shifted.clone()), 0.9), (Values::F32(shifted), 0.003), (Values::F32(values), 0.1), (Values::I16(stored), 77.0)] {
        let range = |v: &Values| (0..v.len()).map(|i| v.get_f64(i).unwrap()).fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
        let (low, high) = range(&values);
        let (back, _) = check(&[60, 80], values, ErrorBound::absolute(bound).unwrap());
        let (lowest, highest) = range(&back.values);
        assert!(lowest >= low && highest <= high, "{lowest} … {highest} from {low} … {high}");
    }
}

#[test]
fn packing_counts_in_physical_units() {
    let mut dataset =
        Dataset::from_array("t", &[50, 80], Values::I16(field(&[50, 80], 3.0).iter().map(|v| (v * 50.0) as i16).collect()), SourceFormat::ARRAY).unwrap();
    dataset.fields[0].attributes = vec![Attribute { name: "scale_factor".into(), value: Values::F64(vec![-0.02]) }];
    let (bytes, reports) = compress(dataset.clone(), ErrorBound::absolute(0.1).unwrap()).unwrap();
    let found = metrics::compare(&dataset.fields[0], &decompress(&bytes).unwrap().fields[0]).unwrap();
    assert!(found.max_abs_error > 0.05 && found.max_abs_error <= 0.1, "{found:?}");
    assert_eq!(found.max_abs_error, reports[0].max_abs_error);
}

#[test]
fn coordinates_text_and_classes_stay_lossless() {
    let dimension = |name: &str, length| Dimension { name: name.into(), length, unlimited: false };
    let make = |name: &str, dims: &[usize], shape: &[usize], values, attributes| Field {
        name: name.into(),
        dimensions: dims.to_vec(),
        shape: shape.to_vec(),
        values,
        attributes,
        missing: Missing::NonFinite,
        derived: None,
    };
    let lat: Vec<f32> = (0..40).map(|i| i as f32 * 4.3 - 81.7).collect();
    let dataset = Dataset {
        format: netcdf3::format(1),
        dimensions: vec![dimension("lat", 40), dimension("lon", 60)],
        attributes: vec![Attribute::text("title", "test")],
        fields: vec![
            make("lat", &[0], &[40], Values::F32(lat), vec![Attribute::text("units", "degrees_north")]),
            make("grid_lon", &[0, 1], &[40, 60], Values::F32(field(&[40, 60], 1.0)), vec![Attribute::text("units", "degrees_east")]),
            make("kind", &[0], &[40], Values::Char(vec![b'x'; 40]), vec![]),
            make("surface", &[0, 1], &[40, 60], Values::I8(vec![3; 2400]), vec![Attribute { name: "flag_values".into(), value: Values::I8(vec![1, 2, 3]) }]),
            make("t", &[0, 1], &[40, 60], Values::F32(field(&[40, 60], 1.0)), vec![Attribute::text("units", "K")]),
        ],
        layout: Vec::new(),
    };
    let (bytes, reports) = compress(dataset.clone(), ErrorBound::absolute(0.5).unwrap()).unwrap();
    let back = decompress(&bytes).unwrap();
    assert_eq!(reports.iter().map(|r| r.absolute_bound).collect::<Vec<_>>(), [0.0, 0.0, 0.0, 0.0, 0.5]);
    assert_eq!(back.fields[..4], dataset.fields[..4]);
    assert_eq!((back.attributes, back.fields[4].attributes.clone()), (dataset.attributes, dataset.fields[4].attributes.clone()));
}

#[test]
fn impossible_bounds_are_refused_with_advice() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(ErrorBound::absolute(bad).map_err(|e| e.code()), Err("invalid-bound"));
        assert_eq!(ErrorBound::relative(bad).map_err(|e| e.code()), Err("invalid-bound"));
    }
    let dataset = Dataset::from_array("t2m", &[20, 20], Values::F32(field(&[20, 20], 1.0)), SourceFormat::ARRAY).unwrap();
    let error = compress(dataset.clone(), ErrorBound::absolute(1e-7).unwrap()).unwrap_err();
    assert!(error.to_string().contains("t2m") && error.to_string().contains("lossless"), "{error}");
    let Error::BoundBelowPrecision { precision, .. } = error else { panic!("{error:?}") };
    compress(dataset.clone(), ErrorBound::absolute(precision).unwrap()).unwrap();
    assert_eq!(compress(dataset, ErrorBound::relative(1e-9).unwrap()).map_err(|e| e.code()), Err("bound-below-precision"));
}

#[test]
fn large_planes_are_cut_into_chunks_and_put_together() {
    let shape = [1500, 1400];
    let (_, size) = check(&shape, Values::F32(field(&shape, 0.0)), ErrorBound::relative(1e-3).unwrap());
    assert!(size < 4 * 1500 * 1400 / 40, "{size}");
}

#[test]
fn several_files_share_an_archive_and_names_may_not_clash() {
    let dataset = |n: f32| Dataset::from_array("v", &[3], Values::F32(vec![n, n + 1.0, n + 5.0]), SourceFormat::ARRAY).unwrap();
    let options = Options { coarse: true, ..Options::new(ErrorBound::Lossless) };
    let mut compressor = Compressor::new(dataset(1.0), "a", &options).unwrap();
    while compressor.step().unwrap().is_some() {}
    compressor.add(dataset(2.0), "b").unwrap();
    assert_eq!(compressor.add(dataset(3.0), "a").map_err(|e| e.code()), Err("invalid-argument"));
    let (bytes, reports) = compressor.finish().unwrap();
    assert_eq!(reports.len(), 2);
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    assert_eq!(archive.files().collect::<Vec<_>>(), ["a", "b"]);
    for (file, n) in [(0, 1.0), (1, 2.0)] {
        assert_eq!(Decompressor::new(archive.clone(), file, &Models::default()).unwrap().finish(&bytes).unwrap(), dataset(n));
    }
    assert_eq!(Decompressor::new(archive, 2, &Models::default()).map(|_| ()).map_err(|e| e.code()), Err("invalid-argument"));
}

#[test]
fn the_network_helps_and_only_archives_that_took_it_need_it() {
    let shape = [3, 61, 120];
    let dataset = Dataset::from_array("v", &shape, Values::F32(field(&shape, 0.3)), SourceFormat::ARRAY).unwrap();
    let bound = ErrorBound::relative(1e-3).unwrap();
    let (classical, without) = compress(dataset.clone(), bound).unwrap();
    let (bytes, with) = compress_with(Some(shipped()), dataset, bound).unwrap();
    assert!(with[0].archive_bytes < without[0].archive_bytes);
    assert_eq!((without[0].model, with[0].model), (None, Some(shipped().id())));
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    let known = |report: &VariableReport| VariableReport { level: None, ..report.clone() };
    assert_eq!(archive.variables(0).unwrap(), with.iter().map(known).collect::<Vec<_>>(), "an archive knows no level");
    assert!(matches!(decompress(&bytes), Err(Error::ModelUnavailable { model, .. }) if model == shipped().id().to_string()));
    assert_eq!(decompress(&classical).unwrap(), decompress_with(&std::iter::once(shipped()).collect(), &classical).unwrap());
    let constant = Dataset::from_array("v", &[9, 9], Values::F32(vec![1.5; 81]), SourceFormat::ARRAY).unwrap();
    let (bytes, reports) = compress_with(Some(shipped()), constant, ErrorBound::Lossless).unwrap();
    assert!(reports[0].model.is_none() && decompress(&bytes).is_ok());
}

#[test]
fn what_repeats_is_still_found_where_the_network_is_good() {
    let mut state = 191_131_665_046_501_257_u64;
    let values = (0..2 * 33 * 22).map(|i| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((i % 50) as i8).wrapping_add(73) ^ (state >> 61) as i8
    });
    check(&[2, 33, 22], Values::I8(values.collect()), ErrorBound::relative(0.1).unwrap());
}

/// A picture of that many channels: clouds in so many levels of gray, a coloured grid over them where there are three channels or four.
fn picture(channels: usize, levels: usize) -> Vec<u8> {
    let clouds = field(&[60, 80], 9.0);
    let (low, high) = clouds.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let pixel = |i: usize, c: usize| match (c, i % 80, i / 80) {
        (3, ..) => 255,
        (_, 20 | 50, _) | (.., 30) if (3..=4).contains(&channels) => [0, 155, 215][c],
        _ => (((clouds[i] - low) / (high - low) * (levels - 1) as f32) as usize * 254 / (levels - 1)) as u8,
    };
    (0..channels).flat_map(|c| (0..60 * 80).map(move |i| pixel(i, c))).collect()
}

#[test]
fn pictures_keep_their_bound_and_few_colours_cost_little() {
    for channels in 1..=5 {
        let pixels = picture(channels, 60);
        let bounds = [0.0, 1.0, 2.0, 4.0, 8.0, 100.0].map(|b| if b == 0.0 { ErrorBound::Lossless } else { ErrorBound::absolute(b).unwrap() });
        let sizes = bounds.map(|bound| check(&[channels, 60, 80], Values::U8(pixels.clone()), bound).1);
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{channels} channels: {sizes:?}");
    }
}

#[test]
fn a_picture_of_few_colours_takes_less_than_three_fields() {
    let pixels = picture(3, 60);
    let numbers: Vec<i16> = pixels.iter().map(|p| i16::from(*p)).collect();
    for bound in [2.0, 4.0, 8.0].map(|b| ErrorBound::absolute(b).unwrap()) {
        let dataset = |values| Dataset::from_array("v", &[3, 60, 80], values, SourceFormat::ARRAY).unwrap();
        let (_, picture) = check_with(Some(shipped()), &dataset(Values::U8(pixels.clone())), bound);
        let (_, fields) = check_with(Some(shipped()), &dataset(Values::I16(numbers.clone())), bound);
        assert!(picture * 5 < fields * 4, "{picture} and {fields}");
    }
}

#[test]
fn photographs_keep_their_bound() {
    let channel = |c: usize| field(&[70, 90], 0.2).into_iter().enumerate().map(move |(i, v)| (v * (1.0 + c as f32 / 9.0) - 150.0 + (i % (5 + c)) as f32) as u8);
    for (channels, bound) in [(3, 1.0), (3, 4.0), (4, 2.0), (4, 8.0)] {
        check(&[channels, 70, 90], Values::U8((0..channels).flat_map(channel).collect()), ErrorBound::absolute(bound).unwrap());
    }
}

#[test]
fn no_colour_turns_into_a_fill_value() {
    let mut dataset = Dataset::from_array("v", &[60, 80], Values::U8(picture(1, 30)), SourceFormat::ARRAY).unwrap();
    for fill in (4..=255).step_by(17) {
        dataset.fields[0].missing = Missing::Patterns(vec![fill]);
        check_with(None, &dataset, ErrorBound::absolute(8.0).unwrap());
    }
}

// -------------------------------------------------------------------------------------------------------------------------- properties

/// Shapes of zero to four dimensions, sides from 0.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(0usize..14, 0..5),
        prop::collection::vec(1usize..60, 1..3),
        (1usize..5, 1usize..40, 1usize..40).prop_map(|(a, b, c)| vec![a, b, c]),
    ]
}

/// Numbers of many kinds: smooth, constant, few levels, any bit pattern, with any sort of missing value sprinkled in.
fn floats() -> impl Strategy<Value = (Vec<usize>, Vec<f64>)> {
    let kinds = (0u8..6, any::<u64>(), -6i32..7, 0u8..5);
    (shapes(), kinds).prop_map(|(shape, (kind, seed, exponent, missing))| {
        let mut state = seed | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let scale = 10f64.powi(exponent);
        let count = shape.iter().product();
        let values = (0..count)
            .map(|i: usize| {
                let r = random();
                let value = match kind {
                    0 => ((i % 37) as f64 * 0.3 - (i % 23) as f64 * 0.7) * scale,
                    1 => scale,
                    2 => (r % 4) as f64 * scale,
                    3 => f64::from_bits(r),
                    4 => (r % 10_000) as f64 * 0.01 - 50.0,
                    _ => f64::from(f32::MIN_POSITIVE) * ((r % 100) as f64 / 16.0),
                };
                match (missing, r >> 40 & 15) {
                    (1, 0..5) => f64::NAN,
                    (2, 0) => f64::INFINITY,
                    (3, 0) => -0.0,
                    (4, 0..9) => f64::from_bits(0x7FF8_0000_0000_0000 | r >> 30),
                    _ => value,
                }
            })
            .collect();
        (shape, values)
    })
}

fn bounds() -> impl Strategy<Value = ErrorBound> {
    prop_oneof![
        Just(ErrorBound::Lossless),
        (-7i32..4).prop_map(|e| ErrorBound::absolute(1.7 * 10f64.powi(e)).unwrap()),
        (-6i32..1).prop_map(|e| ErrorBound::relative(10f64.powi(e)).unwrap()),
    ]
}

/// Checks an array unless the bound is finer than its type, which must then be said.
fn check_or_refuse(shape: &[usize], values: Values, bound: ErrorBound) {
    let dataset = Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    match compress(dataset.clone(), bound) {
        Ok(_) => {
            check_both(&dataset, bound);
        }
        Err(Error::BoundBelowPrecision { bound: refused, precision, .. }) => assert!(refused < precision),
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(target_endian = "big") { 30 } else { 300 }, ..ProptestConfig::default() })]

    #[test]
    fn floats_of_any_kind_come_back((shape, values) in floats(), bound in bounds()) {
        check_or_refuse(&shape, Values::F32(values.iter().map(|v| *v as f32).collect()), bound);
        check_or_refuse(&shape, Values::F64(values), bound);
    }

    #[test]
    fn integers_of_any_kind_come_back(shape in shapes(), seed in any::<u64>(), spread in 0u32..64, bound in bounds(), kind in 0usize..9) {
        let mut state = seed | 1;
        let bytes: Vec<u8> = (0..shape.iter().product::<usize>()).flat_map(|i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((i as u64 % 50).wrapping_add(seed) ^ (state >> spread)).to_le_bytes()
        }).collect();
        let all: Vec<u64> = bytes.as_chunks().0.iter().map(|c| u64::from_le_bytes(*c)).collect();
        let like = [Values::I8(vec![]), Values::U8(vec![]), Values::I16(vec![]), Values::U16(vec![]), Values::I32(vec![]), Values::U32(vec![]), Values::I64(vec![]), Values::U64(vec![]), Values::U8(vec![])];
        fn of<T: Element>(_: &[T], all: &[u64]) -> Values { T::wrap(all.iter().map(|b| T::from_bits64(*b)).collect()) }
        check_or_refuse(&shape, with_values!(&like[kind], v => of(v, &all)), bound);
    }
}

/// Waves of any size, with a hole in the middle where asked.
fn waves(height: usize, width: usize, holes: bool) -> Vec<f32> {
    let place = |i: usize| (i / width, i % width);
    let hole = |(y, x): (usize, usize)| holes && y > height / 3 && y < height / 2 && x > width / 4 && x < width / 2;
    let wave = |(y, x): (usize, usize)| 280.0 + 20.0 * ((y as f32 / 17.0).sin() + (x as f32 / 23.0 + y as f32 / 40.0).cos());
    (0..height * width).map(place).map(|at| if hole(at) { f32::NAN } else { wave(at) }).collect()
}

fn with_base(dataset: &Dataset, bound: ErrorBound, base: Base) -> (Vec<u8>, VariableReport) {
    let options = Options { model: Some(shipped()), base, coarse: true, ..Options::new(bound) };
    let (bytes, mut reports) = Compressor::new(dataset.clone(), "test", &options).unwrap().finish().unwrap();
    (bytes, reports.remove(0))
}

#[test]
fn base_layers_keep_every_promise_and_never_cost_anything_unasked() {
    for (shape, holes) in [([1, 33, 49], false), ([1, 73, 144], true), ([2, 65, 93], false), ([3, 20, 17], true), ([1, 1, 300], false), ([1, 300, 1], false)] {
        let [planes, height, width] = shape;
        let values = (0..planes).flat_map(|_| waves(height, width, holes)).collect();
        let dataset = Dataset::from_array("v", &shape, Values::F32(values), SourceFormat::ARRAY).unwrap();
        for bound in [ErrorBound::relative(0.1).unwrap(), ErrorBound::relative(1e-3).unwrap(), ErrorBound::Lossless] {
            let [never, auto, always] = [Base::Never, Base::Auto, Base::Always].map(|base| with_base(&dataset, bound, base));
            assert!(auto.1.archive_bytes <= never.1.archive_bytes, "{shape:?} {bound:?}");
            assert_eq!(never.1.base, None);
            let report = always.1.base.unwrap();
            assert_eq!((report.tried, report.chunks), (1, 1), "{shape:?} {bound:?}");
            // Without loss what stands beside it may be extrapolated.
            let saved = never.1.archive_bytes as i64 - always.1.archive_bytes as i64;
            assert!(saved == report.saved || bound == ErrorBound::Lossless && saved < report.saved, "{shape:?} {bound:?}: {saved} for {report:?}");
            for (bytes, report) in [auto, always] {
                let back = decompress_with(&Models::from_iter([shipped()]), &bytes).unwrap();
                let comparison = metrics::compare(&dataset.fields[0], &back.fields[0]).unwrap();
                assert!(comparison.missing_equal && comparison.max_abs_error <= report.absolute_bound, "{shape:?} {bound:?}");
                assert_eq!(comparison.max_abs_error, report.max_abs_error);
            }
        }
    }
}

#[test]
fn base_layers_stand_bounds_as_wide_as_the_numbers() {
    let (height, width) = (40, 60);
    let values = waves(height, width, false).iter().map(|v| ((v - 280.0) * 1e8) as i32).collect();
    let dataset = Dataset::from_array("v", &[height, width], Values::I32(values), SourceFormat::ARRAY).unwrap();
    for bound in [1e7, 3e8, 1e9] {
        let bound = ErrorBound::absolute(bound).unwrap();
        for base in [Base::Auto, Base::Always] {
            let (bytes, report) = with_base(&dataset, bound, base);
            let back = decompress_with(&Models::from_iter([shipped()]), &bytes).unwrap();
            assert!(metrics::compare(&dataset.fields[0], &back.fields[0]).unwrap().max_abs_error <= report.absolute_bound);
        }
    }
}

#[test]
fn a_preview_shows_the_plane_and_its_gaps() {
    let (height, width) = (73, 144);
    let values = waves(height, width, true);
    let dataset = Dataset::from_array("v", &[2, height, width], Values::F32([values.clone(), values.clone()].concat()), SourceFormat::ARRAY).unwrap();
    let (bytes, _) = with_base(&dataset, ErrorBound::relative(0.03).unwrap(), Base::Always);
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    let models = Models::from_iter([shipped()]);
    let drawn = preview(&archive, &bytes, (0, 0, 0), &models).unwrap().unwrap();
    let Values::F32(drawn_values) = &drawn.values else { panic!("of another type") };
    assert_eq!((drawn.shape.as_slice(), drawn_values.len()), ([height, width].as_slice(), values.len()));
    let present = || values.iter().zip(drawn_values).filter(|(v, _)| v.is_finite());
    assert!(values.iter().zip(drawn_values).all(|(v, d)| v.is_nan() == d.is_nan()));
    let rmse = (present().map(|(v, d)| f64::from(v - d).powi(2)).sum::<f64>() / present().count() as f64).sqrt();
    assert!(rmse < 8.0, "the range is 80, a flat picture would be 14 off, this is {rmse} off");
    assert!(preview(&archive, &bytes, (0, 0, 1), &models).unwrap().is_none());
    for place in [(1, 0, 0), (0, 1, 0), (0, 0, 2)] {
        assert!(matches!(preview(&archive, &bytes, place, &models), Err(Error::InvalidArgument { .. })));
    }
    assert!(matches!(preview(&archive, &bytes, (0, 0, 0), &Models::default()), Err(Error::ModelUnavailable { .. })));
    let (bytes, _) = with_base(&dataset, ErrorBound::relative(0.03).unwrap(), Base::Never);
    assert!(preview(&Archive::open(&bytes, &Limits::default()).unwrap(), &bytes, (0, 0, 0), &models).unwrap().is_none());
}
