//! The metrics against values of NumPy and SciPy, and what holds for any arrays.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::field::{Attribute, Dataset, ErrorBound, Field, Missing, SourceFormat, Values};
use deepcomp::metrics::{Acceptance, Verdicts, acceptance, compare};
use deepcomp::{Error, Result};
use proptest::prelude::*;

fn field(shape: &[usize], values: impl Into<Vec<f64>>) -> Field {
    typed(shape, Values::F64(values.into()))
}

fn typed(shape: &[usize], values: Values) -> Field {
    Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap().fields.remove(0)
}

/// Planes of a bowl with some texture and, in the second array, an error; all numbers are exact.
fn pair(planes: usize, rows: usize, columns: usize) -> (Vec<f64>, Vec<f64>) {
    let value = |i: usize| {
        let (plane, row, column) = (i / (rows * columns), i / columns % rows, i % columns);
        let (r, c) = (row as f64 - (rows / 2) as f64, column as f64 - (columns / 2) as f64);
        r * r + c * c / 4.0 + 100.0 * plane as f64 + (i * 7919 % 64) as f64 / 8.0 - 1.25
    };
    let error = |i: usize| ((i * 31 % 11) as f64 - 5.0) / 32.0;
    (0..planes * rows * columns).map(|i| (value(i), value(i) + error(i))).unzip()
}

/// Two planes, the second of them shifted by 4 in the second array.
fn bowls() -> (Vec<f64>, Vec<f64>) {
    let (x, mut y) = pair(2, 24, 30);
    y[720..].iter_mut().for_each(|v| *v += 4.0);
    (x, y)
}

fn close(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} instead of {expected}");
}

/// Checks 1 − r, p, the share and DSSIM.
fn check(x: &Field, y: &Field, one_minus_pearson: f64, ks_p: f64, spatial_relative_error: f64, dssim: f64) {
    let found = acceptance(x, y).unwrap();
    close(found.one_minus_pearson, one_minus_pearson, 1e-11);
    close(found.ks_p, ks_p, 1e-12);
    close(found.spatial_relative_error, spatial_relative_error, 1e-14);
    close(found.dssim, dssim, 1e-12);
}

// Expected values: NumPy 2.3 and SciPy 1.18 on the same arrays: ½ Σ (u − v)² of the normalised arrays in long double for 1 − r, the smallest
// stats.ks_2samp(x[i], y[i]).pvalue, and signal.convolve2d(…, 'valid') with the 11×11 Gaussian for DSSIM.

#[test]
fn planes() {
    let (x, y) = bowls();
    let (x, y) = (field(&[2, 24, 30], x), field(&[2, 24, 30], y));
    check(&x, &y, 1.915_771_221_480_27e-4, 0.329_280_651_133_059_54, 0.954_166_666_666_666_7, 0.980_068_451_728_624_7);
    let found = compare(&x, &y).unwrap();
    assert_eq!((found.max_abs_error, found.range), (4.15625, 305.0));
    close(Some(found.rmse), 2.830_275_737_028_611, 1e-14);
    close(Some(found.bias), 2.000_065_104_166_666_6, 1e-14);
    close(found.psnr(), 40.649_421_820_361_76, 1e-14);
    let keeps = |absolute| found.keeps(ErrorBound::absolute(absolute).unwrap(), absolute);
    assert!(keeps(4.2) && !keeps(4.1) && !found.keeps(ErrorBound::Lossless, 0.0));
    let extra_dimensions = acceptance(&field(&[1, 2, 24, 30], bowls().0), &field(&[1, 2, 24, 30], bowls().1)).unwrap();
    assert_eq!(extra_dimensions, acceptance(&x, &y).unwrap());
    let expected = Verdicts { pearson: Some(false), ks_p: Some(true), spatial_relative_error: Some(false), dssim: Some(false) };
    assert_eq!(extra_dimensions.verdicts(), expected);
    assert!(!extra_dimensions.passes());
}

#[test]
fn gaps_are_left_out_wherever_they_are() {
    let (mut x, mut y) = bowls();
    for i in [(0, 5), (0, 6), (0, 7), (0, 8)].iter().flat_map(|(p, r)| (3..6).map(move |c| (p * 24 + r) * 30 + c)) {
        x[i] = f64::NAN;
    }
    (y[6 * 30 + 4], y[(24 + 20) * 30 + 25]) = (f64::INFINITY, f64::NEG_INFINITY);
    let (x, y) = (field(&[2, 24, 30], x), field(&[2, 24, 30], y));
    check(&x, &y, 1.922_108_231_019_363_3e-4, 0.328_468_566_385_865_63, 0.954_449_894_884_372_8, 0.978_993_091_503_494_3);
    close(Some(compare(&x, &y).unwrap().bias), 2.015_395_059_565_522, 1e-13);
}

#[test]
fn packed_integers_are_compared_unpacked() {
    let (x, _) = pair(2, 24, 30);
    let packed = |error: fn(usize) -> i16| {
        let values = x.iter().enumerate().map(|(i, v)| (v * 16.0) as i16 + error(i)).collect();
        let mut field = typed(&[2, 24, 30], Values::I16(values));
        field.attributes.push(Attribute { name: "scale_factor".into(), value: Values::F64(vec![0.01]) });
        field.attributes.push(Attribute { name: "add_offset".into(), value: Values::F64(vec![273.15]) });
        field
    };
    let (x, y) = (packed(|_| 0), packed(|i| (i * 31 % 11) as i16 - 5));
    let found = acceptance(&x, &y).unwrap();
    close(found.one_minus_pearson, 4.187_645_877_84e-6, 1e-9);
    close(found.spatial_relative_error, 0.504_861_111_111_111_1, 1e-14);
    close(found.dssim, 0.999_200_714_227_338_1, 1e-12);
    assert_eq!(found.ks_p, Some(1.0));
}

#[test]
fn lists_have_no_structure_but_a_distribution() {
    let shifted = |rows: usize, columns: usize, shift: f64| {
        let (x, y) = pair(1, rows, columns);
        let length = rows * columns;
        acceptance(&field(&[length], x), &field(&[length], y.iter().map(|v| v + shift).collect::<Vec<_>>())).unwrap()
    };
    let exact = shifted(1, 200, 40.0);
    close(exact.ks_p, 0.087_838_282_671_313_2, 1e-12);
    close(exact.one_minus_pearson, 8.879_982_167_532_799e-9, 1e-7);
    assert_eq!((exact.spatial_relative_error, exact.dssim), (Some(1.0), None));
    // Above 10,000 values SciPy's p-value is asymptotic too, but not by the same series.
    close(shifted(120, 101, 30.0).ks_p, 0.055_684_355_400_157_04, 1e-4);
}

#[test]
fn correlation_keeps_its_digits_beside_a_large_mean() {
    let x: Vec<f64> = (0..1000).map(|i| 1e9 + f64::from(i)).collect();
    let y: Vec<f64> = x.iter().enumerate().map(|(i, v)| v + (i % 2) as f64 / 1024.0).collect();
    // NumPy in long double, as above.
    close(acceptance(&field(&[10, 100], x), &field(&[10, 100], y)).unwrap().one_minus_pearson, 1.430_508_605_194_309_2e-12, 1e-10);
}

#[test]
fn constants_correlate_with_themselves_only() {
    let constant = |value: f64| field(&[12, 12], vec![value; 144]);
    let same = acceptance(&constant(0.1), &constant(0.1)).unwrap();
    let expected = Acceptance { one_minus_pearson: Some(0.0), ks_p: Some(1.0), spatial_relative_error: Some(0.0), dssim: Some(1.0) };
    assert_eq!(same, expected);
    assert_eq!(compare(&constant(0.1), &constant(0.1)).unwrap().psnr(), Some(f64::INFINITY));
    let other = acceptance(&constant(0.1), &constant(0.3)).unwrap();
    assert_eq!((other.one_minus_pearson, other.verdicts().pearson, other.spatial_relative_error), (None, None, Some(1.0)));
    assert!(other.dssim.unwrap() < 1e-6 && other.ks_p.unwrap() < 1e-80);
    assert_eq!(compare(&constant(0.1), &constant(0.3)).unwrap().psnr(), None);
    let ramp = field(&[12, 12], (0..144).map(f64::from).collect::<Vec<_>>());
    assert_eq!(acceptance(&ramp, &constant(0.1)).unwrap().one_minus_pearson, None);
}

#[test]
fn where_the_original_is_zero_the_error_itself_counts() {
    let found = acceptance(&field(&[4], vec![0.0, 0.0, -0.0, 1.0]), &field(&[4], vec![1e-5, 1e-3, 0.0, 1.0])).unwrap();
    assert_eq!(found.spatial_relative_error, Some(0.25));
}

#[test]
fn without_values_no_test_applies() {
    let none = |x: Field| {
        assert_eq!(acceptance(&x, &x).unwrap(), Acceptance::default());
        assert!(acceptance(&x, &x).unwrap().passes());
    };
    none(field(&[0], vec![]));
    none(field(&[1 << 40, 0, 5], vec![]));
    none(field(&[0, 1 << 40, 1 << 40], vec![]));
    none(field(&[2, 11, 11], vec![f64::NAN; 242]));
    none(typed(&[2], Values::Char(b"ab".to_vec())));
    let mut filled = typed(&[2], Values::I8(vec![-1, -1]));
    filled.missing = Missing::Patterns(vec![0xff]);
    none(filled);
}

#[test]
fn shapes_have_to_agree() {
    let result: Result<Acceptance> = acceptance(&field(&[2, 1], vec![1.0; 2]), &field(&[1, 2], vec![1.0; 2]));
    assert!(matches!(result, Err(Error::InvalidArgument { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_arrays(
        (rows, columns, pairs) in (1_usize..15, 1_usize..15)
            .prop_flat_map(|(r, c)| (Just(r), Just(c), prop::collection::vec((number(), number()), 2 * r * c)))
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let (x, y) = (field(&[2, rows, columns], x), field(&[2, rows, columns], y));
        let (there, back, same) = (acceptance(&x, &y).unwrap(), acceptance(&y, &x).unwrap(), acceptance(&x, &x).unwrap());
        prop_assert_eq!((there.ks_p, there.dssim), (back.ks_p, back.dssim));
        let within = |value: Option<f64>, low: f64, high: f64| value.is_none_or(|v| (low..=high).contains(&v));
        prop_assert!(within(there.pearson(), -1.0, 1.0) && within(there.ks_p, 0.0, 1.0));
        prop_assert!(within(there.spatial_relative_error, 0.0, 1.0) && within(there.dssim, -1.0, 1.0 + 1e-9));
        prop_assert!(same.passes(), "{same:?}");
        prop_assert_eq!(same.dssim.map(|d| (d - 1.0).abs() < 1e-9), same.dssim.map(|_| true));
        if let (Some(a), Some(b)) = (there.one_minus_pearson, back.one_minus_pearson) {
            prop_assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }
}

/// Mostly ordinary numbers, some that are missing, and the largest and smallest there are.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        40 => -100.0..100.0,
        3 => Just(0.0),
        1 => prop::num::f64::ANY,
    ]
}
