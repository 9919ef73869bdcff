//! What holds under a bound besides the bound: ranges, values that mean something, signs, sums, and values that were compressed before.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, MOST_BIAS, VariableReport};
use deepcomp::codec::{Base, Options, Unmet};
use deepcomp::field::{Attribute, Bounds, Dataset, Element, ErrorBound, MissingRule, SourceFormat, Values, with_values};
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits};
use std::sync::Arc;

/// A stream of numbers in [0, 1).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn model() -> Arc<Model> {
    Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()
}

fn dataset(shape: &[usize], values: Values) -> Dataset {
    Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap()
}

fn asked(bound: &str) -> Options {
    let bound: ErrorBound = bound.parse().unwrap();
    Options { base: Base::Never, ..Options::new(bound) }
}

/// What comes back, and what is told of it.
fn through(dataset: Dataset, options: &Options) -> (Values, VariableReport) {
    let (bytes, reports) = Compressor::new(dataset, "v", options).unwrap().finish().unwrap();
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    let models: Models = options.model.iter().cloned().collect();
    let mut back = Decompressor::new(archive, 0, &models).unwrap().finish(&bytes).unwrap();
    (back.fields.pop().unwrap().values, reports.into_iter().next().unwrap())
}

fn numbers(values: &Values) -> Vec<f64> {
    with_values!(values, values => values.iter().map(|v| Element::to_f64(*v)).collect())
}

/// Smooth, with a little noise.
fn wave(height: usize, width: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    let bump = |t: f64| t * (1.0 - t) * (1.0 + t * t);
    let place = |i: usize| ((i / width) as f64 / height as f64, (i % width) as f64 / width as f64);
    (0..height * width)
        .map(|i| {
            let (y, x) = place(i);
            200.0 * bump(y) * bump(1.0 - x) - 4.0 + 20.0 * bump((x * y * 7.0) % 1.0) + 0.05 * random.next()
        })
        .collect()
}

/// Dry but for some places, where it rains up to 40.
fn rain(height: usize, width: usize, seed: u64) -> Vec<f64> {
    wave(height, width, seed).into_iter().map(|v| ((v - 12.0).max(0.0) * 17.0).round() / 10.0).collect()
}

fn ends(values: &[f64]) -> [f64; 2] {
    values.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(*v), b.max(*v)])
}

#[test]
fn nothing_leaves_the_range() {
    let mut random = Random(5);
    for case in 0..240u64 {
        let (offset, width) = ([0.0, 1.0, -300.0, 1e5, -1e-7][case as usize % 5], [1.0, 1e-3, 1e4][case as usize % 3]);
        let source: Vec<f64> = (0..64 + case as usize).map(|_| offset + width * (random.next() + random.next() - 1.0)).collect();
        let values = match case % 4 {
            0 => Values::F64(source),
            1 | 2 => Values::F32(source.iter().map(|v| *v as f32).collect()),
            _ => Values::I16(source.iter().map(|v| (v * 50.0) as i16).collect()),
        };
        let source = numbers(&values);
        for bound in ["0.01 of range", "1e-3 of range", "1e-6 of range", "0.0000003 of range", "1%"] {
            for stable in [false, true] {
                let Ok(compressor) = Compressor::new(dataset(&[source.len()], values.clone()), "v", &Options { stable, ..asked(bound) }) else { continue };
                drop(compressor);
                let (back, report) = through(dataset(&[source.len()], values.clone()), &Options { stable, ..asked(bound) });
                let ([low, high], [least, most]) = (ends(&source), ends(&numbers(&back)));
                assert!(low <= least && most <= high, "case {case}, {bound}, stable {stable}: {low} … {high} became {least} … {most}");
                assert!(source.iter().zip(numbers(&back)).all(|(a, b)| (a - b).abs() <= report.absolute_bound));
            }
        }
    }
}

#[test]
fn zeros_of_rain_are_kept_and_cost_little() {
    let source: Vec<f32> = rain(180, 260, 1).into_iter().map(|v| v as f32).collect();
    let dry = source.iter().filter(|v| **v == 0.0).count();
    assert!(dry > source.len() / 3 && dry < source.len() * 9 / 10);
    for bound in ["0.01 of range", "1e-3 of range", "1e-4 of range"] {
        for model in [None, Some(model())] {
            let options = Options { model, ..asked(bound) };
            let (back, report) = through(dataset(&[180, 260], Values::F32(source.clone())), &options);
            let moved = source.iter().zip(numbers(&back)).filter(|(a, b)| **a == 0.0 && *b != 0.0).count();
            assert_eq!(moved, 0, "{bound}");
            assert_eq!(report.kept, [(0.0, dry as u64)], "{bound}");
            let free = Options { keep: "none".parse().unwrap(), ..options };
            let (_, without) = through(dataset(&[180, 260], Values::F32(source.clone())), &free);
            assert!(without.kept.is_empty());
            println!("{bound}: {} bytes, {} without", report.archive_bytes, without.archive_bytes);
            // Where dry places begin has to be told, which at loose bounds is much of what such a smooth field takes.
            let most = if bound.starts_with("0.01") { 140 } else { 110 };
            assert!(report.archive_bytes * 100 <= without.archive_bytes * most, "{bound}: {} bytes, {} without", report.archive_bytes, without.archive_bytes);
        }
    }
}

#[test]
fn both_ends_of_a_fraction_are_kept() {
    let cover: Vec<f32> = wave(120, 150, 3).into_iter().map(|v| (v / 9.0).clamp(0.0, 1.0) as f32).collect();
    let (zeros, ones) = (cover.iter().filter(|v| **v == 0.0).count() as u64, cover.iter().filter(|v| **v == 1.0).count() as u64);
    for bound in ["0.02", "1e-3 of range", "5%"] {
        let (back, report) = through(dataset(&[120, 150], Values::F32(cover.clone())), &asked(bound));
        assert!(cover.iter().zip(numbers(&back)).all(|(a, b)| f64::from(*a) == b || (*a != 0.0 && *a != 1.0)), "{bound}");
        let mut kept = report.kept;
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(kept, [(0.0, zeros), (1.0, ones)], "{bound}");
    }
}

#[test]
fn a_smooth_field_that_crosses_zero_keeps_nothing() {
    let anomaly: Vec<f32> = wave(90, 140, 7).into_iter().map(|v| v as f32).collect();
    assert!(anomaly.iter().any(|v| *v < 0.0) && anomaly.iter().any(|v| *v > 0.0));
    let (_, report) = through(dataset(&[90, 140], Values::F32(anomaly)), &asked("1e-3 of range"));
    assert!(report.kept.is_empty(), "{:?}", report.kept);
}

#[test]
fn codes_that_nothing_declares_are_kept() {
    let mut source: Vec<f32> = wave(90, 140, 9).into_iter().map(|v| v as f32).collect();
    for i in (0..source.len()).filter(|i| i % 9 < 2 && i / 140 > 30) {
        source[i] = if i % 2 == 0 { -999.0 } else { -3.0 };
    }
    let asked = asked("0.05");
    let bounds = Bounds { missing: MissingRule::None, ..asked.bounds.clone() };
    let (back, report) = through(dataset(&[90, 140], Values::F32(source.clone())), &Options { bounds, ..asked });
    assert!(report.kept.iter().any(|k| k.0 == -999.0) && report.kept.iter().any(|k| k.0 == -3.0), "{:?}", report.kept);
    assert!(source.iter().zip(numbers(&back)).all(|(a, b)| f64::from(*a) == b || ![-999.0, -3.0].contains(a)));
}

#[test]
fn what_is_named_is_kept_and_signs_where_asked() {
    let source: Vec<f32> = wave(90, 140, 11).into_iter().map(|v| ((v * 8.0).round() / 8.0) as f32).collect();
    let (back, report) = through(dataset(&[90, 140], Values::F32(source.clone())), &Options { keep: "2.5".parse().unwrap(), ..asked("0.4") });
    assert_eq!(report.kept, [(2.5, source.iter().filter(|v| **v == 2.5).count() as u64)]);
    assert!(source.iter().zip(numbers(&back)).all(|(a, b)| *a != 2.5 || b == 2.5));
    for values in [
        Values::F32(source.clone()),
        Values::I16(source.iter().map(|v| (v * 30.0) as i16).collect()),
        Values::F32(rain(90, 140, 4).into_iter().map(|v| v as f32).collect()),
    ] {
        for bound in ["0.01 of range", "0.1"] {
            let Ok(_) = Compressor::new(dataset(&[90, 140], values.clone()), "v", &asked(bound)) else { panic!() };
            let (back, report) = through(dataset(&[90, 140], values.clone()), &Options { keep: "sign".parse().unwrap(), ..asked(bound) });
            let sign = |v: f64| v.partial_cmp(&0.0);
            assert!(numbers(&values).into_iter().zip(numbers(&back)).all(|(a, b)| sign(a) == sign(b) && (a - b).abs() <= report.absolute_bound), "{bound}");
            assert!(report.signs);
        }
    }
}

#[test]
fn compressing_again_moves_nothing_however_it_is_cut() {
    let single: Vec<f32> = wave(96, 128, 13).into_iter().map(|v| v as f32).collect();
    let wet: Vec<f32> = rain(96, 128, 14).into_iter().map(|v| v as f32).collect();
    let packed: Vec<i16> = single.iter().map(|v| (v * 700.0) as i16).collect();
    let arrays = [Values::F32(single.clone()), Values::F64(single.iter().map(|v| f64::from(*v) * 1.000_001).collect()), Values::F32(wet), Values::I16(packed)];
    for values in arrays {
        for bound in ["0.3", "0.02", "0.004", "1e-3 of range", "0.5%"] {
            for keep in ["auto", "sign"] {
                let options = Options { stable: true, keep: keep.parse().unwrap(), ..asked(bound) };
                let (once, report) = through(dataset(&[96, 128], values.clone()), &options);
                assert!(numbers(&values).into_iter().zip(numbers(&once)).all(|(a, b)| (a - b).abs() <= report.absolute_bound), "{bound} {keep}");
                for shape in [vec![96, 128], vec![4, 24, 128], vec![12288], vec![6, 2048]] {
                    let (twice, again) = through(dataset(&shape, once.clone()), &options);
                    assert_eq!(twice, once, "{bound} {keep} {shape:?}");
                    if shape.len() == 2 && shape[1] == 128 {
                        assert!(again.archive_bytes * 50 <= report.archive_bytes * 51, "{bound} {keep}: {report:?}, then {again:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_kept_value_that_is_rare_in_a_piece_stays_there() {
    const KEPT: f32 = 7.123_456_7;
    let mut values: Vec<f32> = wave(96, 128, 4).into_iter().map(|v| v as f32).collect();
    // One in twenty on the left, three on the right.
    values.chunks_mut(128).for_each(|row| row.iter_mut().take(64).step_by(10).for_each(|v| *v = KEPT));
    for place in [70, 500, 9_080] {
        values[place] = KEPT;
    }
    for keep in ["auto", "sign"] {
        let options = Options { stable: true, keep: keep.parse().unwrap(), ..asked("0.02") };
        let (once, report) = through(dataset(&[96, 128], Values::F32(values.clone())), &options);
        assert!(report.kept.iter().any(|(value, _)| *value == f64::from(KEPT)), "{report:?}");
        let Values::F32(once) = once else { panic!() };
        for half in [0..64, 64..128] {
            let piece: Vec<f32> = once.chunks(128).flat_map(|row| row[half.clone()].to_vec()).collect();
            let (twice, _) = through(dataset(&[96, 64], Values::F32(piece.clone())), &options);
            assert_eq!(twice, Values::F32(piece), "{keep} {half:?}");
        }
    }
}

#[test]
fn recommended_bounds_that_follow_from_the_values_stay_as_they_are() {
    for (name, units, scale) in [("sp", "Pa", 20.0), ("u10", "m s-1", 0.000_7), ("swvl1", "m3 m-3", 0.000_01), ("clt", "1", 0.01), ("siconc", "1", 0.01)] {
        let values: Vec<f32> = wave(96, 128, 5).into_iter().map(|v| ((v + 40.0) * scale) as f32).collect();
        let named = |values: Values| {
            let mut dataset = dataset(&[96, 128], values);
            name.clone_into(&mut dataset.fields[0].name);
            dataset.fields[0].attributes.push(Attribute::text("units", units));
            dataset
        };
        let options = Options { stable: true, base: Base::Never, ..Options::new("recommended".parse::<Bounds>().unwrap()) };
        let (once, report) = through(named(Values::F32(values.clone())), &options);
        assert!(report.absolute_bound > 0.0, "{name} is lossless");
        let (twice, again) = through(named(once.clone()), &options);
        assert_eq!((again.absolute_bound, &twice), (report.absolute_bound, &once), "{name}");
        // As plain numbers under the same bound in units, too, where no end of the range is asked for.
        let options = Options { stable: true, base: Base::Never, ..asked(&report.bound.to_string()) };
        let (plain, _) = through(dataset(&[96, 128], once.clone()), &options);
        assert!(plain == once, "{name}");
    }
}

#[test]
fn the_bias_is_told() {
    let source: Vec<f32> = rain(80, 90, 21).into_iter().map(|v| v as f32).collect();
    let (back, report) = through(dataset(&[80, 90], Values::F32(source.clone())), &asked("0.01 of range"));
    let (sum, magnitude) = source.iter().zip(numbers(&back)).fold((0.0, 0.0), |(s, m), (a, b)| (s + b - f64::from(*a), m + f64::from(*a).abs()));
    assert!(
        (report.mean_error - sum / 7200.0).abs() <= 1e-7 * (sum / 7200.0).abs() && (report.mean_magnitude.unwrap() * 7200.0 / magnitude - 1.0).abs() < 1e-7,
        "{report:?}"
    );
    let (_, lossless) = through(dataset(&[80, 90], Values::F32(source)), &asked("lossless"));
    assert_eq!((lossless.mean_error, lossless.mean_magnitude, lossless.bias(), lossless.is_biased()), (0.0, None, None, false));
    let part = report.mean_error.abs() / report.mean_magnitude.unwrap();
    assert_eq!((report.bias(), report.is_biased()), (Some(part), part > MOST_BIAS));
    assert!(VariableReport { mean_error: -0.0011, mean_magnitude: Some(1.0), ..report.clone() }.is_biased());
    assert!(!VariableReport { mean_error: -0.0009, mean_magnitude: Some(1.0), ..report }.is_biased());
}

#[test]
fn what_cannot_keep_its_bound_stays_lossless_and_says_why() {
    let asked = |bound: &str, unmet| Options { unmet, ..asked(bound) };
    let warm: Vec<f32> = (0..900).map(|i| 280.0 + (i % 30) as f32 / 7.0).collect();
    let source = dataset(&[30, 30], Values::F32(warm));
    let (back, report) = through(source.clone(), &asked("1e-9", Unmet::Lossless));
    assert_eq!((&back, report.bound, report.max_abs_error), (&source.fields[0].values, ErrorBound::Lossless, 0.0));
    let why = report.unmet.unwrap();
    assert!(why.contains("\"v\"") && why.contains("precision"), "{why}");
    assert_eq!(Compressor::new(source.clone(), "v", &asked("1e-9", Unmet::Refuse)).unwrap_err().code(), "bound-below-precision");
    assert_eq!(through(source, &asked("0.01", Unmet::Lossless)).1.unmet, None);
    // A narrow range on a large offset is no mistake, so that it is told and never refused; that of one value is none.
    let narrow = dataset(&[30, 30], Values::F32((0..900).map(|i| 1e6 + (i % 3) as f32 / 8.0).collect()));
    assert!(through(narrow, &asked("0.01 of range", Unmet::Refuse)).1.unmet.is_some());
    assert_eq!(through(dataset(&[30, 30], Values::F32(vec![280.0; 900])), &asked("0.01 of range", Unmet::Refuse)).1.unmet, None);
}

#[test]
fn a_bound_that_destroys_is_refused_with_all_it_would_destroy() {
    let mut many = dataset(&[20, 30], Values::F32(wave(20, 30, 1).into_iter().map(|v| v as f32).collect()));
    many.fields[0].attributes.push(Attribute::text("units", "K"));
    for (name, values, unit) in [("humidity", rain(20, 30, 2), "%"), ("cover", wave(20, 30, 3).into_iter().map(|v| v / 40.0).collect(), "1")] {
        let mut field = many.fields[0].clone();
        (field.name, field.values) = (name.to_owned(), Values::F32(values.into_iter().map(|v| v as f32).collect()));
        field.attributes = vec![Attribute::text("units", unit)];
        many.fields.push(field);
    }
    let refused =
        |dataset: &Dataset, bound: &str| Compressor::new(dataset.clone(), "v", &Options::new(bound.parse::<deepcomp::field::Bounds>().unwrap())).err();
    let Some(Error::BoundTooCoarse { variables }) = refused(&many, "3") else { panic!("it was taken") };
    assert_eq!(variables.iter().map(|v| v.variable.as_str()).collect::<Vec<_>>(), ["v", "humidity", "cover"]);
    let Some(Error::MixedUnits { units }) = refused(&many, "0.01") else { panic!("it was taken") };
    assert_eq!(units.len(), 3);
    assert_eq!(refused(&many, "v=0.01, humidity=0.02, cover=0.001"), None);
    let meant = Options { coarse: true, ..Options::new(ErrorBound::absolute(3.0).unwrap()) };
    let (_, reports) = Compressor::new(many.clone(), "v", &meant).unwrap().finish().unwrap();
    assert!(reports.iter().all(|r| r.coarse.is_some_and(|part| part >= 0.05)));
    let (_, reports) = Compressor::new(many, "v", &Options::new(ErrorBound::relative(0.1).unwrap())).unwrap().finish().unwrap();
    assert!(reports.iter().all(|r| r.coarse == Some(0.1)), "a relative one is the user's word");
}
