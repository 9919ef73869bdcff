//! What is asked of variables, and that it is kept: bounds by name, recommended ones, bounds relative to each value.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, VariableReport};
use deepcomp::codec::Options;
use deepcomp::field::{Attribute, Bounds, DataType, Dataset, ErrorBound, Field, Missing, SourceFormat, Values, Wish, recommended, suspected_missing};
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, metrics};

fn round(dataset: &Dataset, bounds: &str, with_model: bool) -> (Dataset, Vec<VariableReport>, usize) {
    let model = with_model.then(|| Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap());
    let models: Models = model.iter().cloned().collect();
    let options = Options { model, coarse: true, ..Options::new(bounds.parse::<deepcomp::field::Bounds>().unwrap()) };
    let (bytes, reports) = Compressor::new(dataset.clone(), "test", &options).unwrap().finish().unwrap();
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    assert_eq!(archive.variables(0).unwrap().iter().map(|r| r.bound).collect::<Vec<_>>(), reports.iter().map(|r| r.bound).collect::<Vec<_>>());
    (Decompressor::new(archive, 0, &models).unwrap().finish(&bytes).unwrap(), reports, bytes.len())
}

/// A humidity: many octaves, smooth.
fn humidity(i: usize) -> f64 {
    let (y, x) = (i / 90, i % 90);
    let height = (y as f64 - 20.0) / 5.0 + (x as f64 / 9.0).sin();
    1e-2 * (-height).exp() * (1.0 + 0.05 * ((x * y) as f64 / 50.0).cos())
}

fn one(values: Values) -> Dataset {
    Dataset::from_array("q", &[values.len() / 90, 90], values, SourceFormat::ARRAY).unwrap()
}

fn named(name: &str, attributes: &[(&str, &str)], values: Values) -> Field {
    let attributes = attributes.iter().map(|(name, text)| Attribute::text(name, text)).collect();
    Field { name: name.to_owned(), dimensions: vec![0, 1], shape: vec![values.len() / 90, 90], values, attributes, missing: Missing::NonFinite, derived: None }
}

#[test]
fn a_bound_relative_to_each_value_is_kept_by_each() {
    let positive: Vec<f32> = (0..5400).map(|i| humidity(i) as f32).collect();
    let rain: Vec<f32> = positive.iter().enumerate().map(|(i, v)| if i / 200 % 3 == 0 { 0.0 } else { *v }).collect();
    let signed: Vec<f32> = positive.iter().enumerate().map(|(i, v)| if i % 90 < 40 { -*v } else { *v }).collect();
    let holes: Vec<f32> = rain.iter().enumerate().map(|(i, v)| if i % 7 == 0 { f32::NAN } else { *v }).collect();
    let tiny: Vec<f32> = positive.iter().enumerate().map(|(i, v)| if i % 50 == 0 { f32::from_bits(i as u32) } else { *v }).collect();
    for (name, values, most) in
        [("positive", positive, 9_000), ("rain", rain, 8_000), ("signed", signed, 10_000), ("holes", holes, 9_500), ("tiny", tiny, 12_000)]
    {
        for (percent, share) in [("1%", 0.01), ("0.01%", 1e-4), ("0.00002%", 2e-7), ("150%", 1.5)] {
            for (dataset, model) in
                [(one(Values::F32(values.clone())), true), (one(Values::F64(values.iter().map(|v| f64::from(*v) * 1.000_123_4).collect())), false)]
            {
                let (back, reports, size) = round(&dataset, percent, model);
                let found = metrics::compare(&dataset.fields[0], &back.fields[0]).unwrap();
                assert!(found.keeps(ErrorBound::pointwise(share).unwrap(), 0.0), "{name} {percent}: {}", found.max_pointwise_error);
                assert!(found.max_abs_error <= reports[0].absolute_bound && found.max_abs_error == reports[0].max_abs_error);
                assert_eq!(reports[0].missing, found.missing, "zeros are no holes");
                if share == 0.01 {
                    assert!(size < most && found.max_pointwise_error > 0.005, "{name}: {size} bytes, {}", found.max_pointwise_error);
                }
            }
        }
    }
}

#[test]
fn packed_values_are_held_to_what_the_smallest_may_take() {
    let packed: Vec<i16> = (0..5400).map(|i| (humidity(i) * 1e6) as i16 / 2).collect();
    let mut dataset = one(Values::I16(packed));
    dataset.fields[0].attributes = vec![
        Attribute { name: "scale_factor".into(), value: Values::F64(vec![0.01]) },
        Attribute { name: "add_offset".into(), value: Values::F64(vec![400.0]) },
    ];
    let (back, reports, _) = round(&dataset, "1%", true);
    let found = metrics::compare(&dataset.fields[0], &back.fields[0]).unwrap();
    let bound = ErrorBound::pointwise(0.01).unwrap();
    assert_eq!(reports[0].bound, bound);
    assert!(found.keeps(bound, 0.0) && found.max_pointwise_error > 0.001, "{}", found.max_pointwise_error);
}

#[test]
fn a_relative_bound_that_no_float_can_meet_is_refused() {
    let dataset = one(Values::F32((0..900).map(|i| humidity(i) as f32).collect()));
    let options = Options { coarse: true, ..Options::new("0.000001%".parse::<deepcomp::field::Bounds>().unwrap()) };
    assert!(matches!(Compressor::new(dataset, "q", &options), Err(Error::BoundBelowPrecision { .. })));
}

#[test]
fn negative_zeros_among_decimals_come_back_without_loss() {
    let mut values: Vec<f32> = (0..5400).map(|i| ((i * 7 % 300) as f32 / 10.0).round() / 10.0).collect();
    values[1234] = -0.0;
    values[77] = 0.0;
    let dataset = one(Values::F32(values));
    assert_eq!(round(&dataset, "lossless", false).0.fields, dataset.fields);
}

#[test]
fn each_variable_gets_its_own_bound() {
    let values = || Values::F32((0..5400).map(|i| (humidity(i) * 1e4 + 250.0) as f32).collect());
    let mut dataset = one(values());
    dataset.fields = vec![named("t", &[], values()), named("u", &[], values()), named("mask", &[], values()), named("other", &[], values())];
    let (back, reports, _) = round(&dataset, "t=0.01, u=0.001 of range, mask=lossless, 2%", true);
    let bounds: Vec<ErrorBound> = reports.iter().map(|r| r.bound).collect();
    assert_eq!(bounds, [ErrorBound::absolute(0.01), ErrorBound::relative(0.001), Ok(ErrorBound::Lossless), ErrorBound::pointwise(0.02)].map(Result::unwrap));
    for ((report, before), after) in reports.iter().zip(&dataset.fields).zip(&back.fields) {
        assert!(metrics::compare(before, after).unwrap().keeps(report.bound, report.absolute_bound), "{}", report.name);
    }
}

#[test]
fn bounds_are_written_as_they_are_read() {
    for text in ["lossless", "0.01", "0.001 of range", "1%", "0.3%", "12.5%", "1000000"] {
        assert_eq!(text.parse::<ErrorBound>().unwrap().to_string(), text);
    }
    let bounds: Bounds = " t = 0.01 ,a=b=1%,recommended".parse().unwrap();
    assert_eq!(bounds.others, Wish::Recommended);
    assert_eq!(bounds.named[1], ("a=b".to_owned(), Wish::Bound(ErrorBound::pointwise(0.01).unwrap())));
    assert!(bounds.check(["t", "a=b", "c"].into_iter()).is_ok());
    assert!(matches!(bounds.check(["t"].into_iter()), Err(Error::NoSuchVariable { name, .. }) if name == "a=b"));
    for (wrong, code) in [
        ("", "invalid-argument"),
        ("t=", "invalid-argument"),
        ("1,2", "invalid-argument"),
        ("t=1,t=2", "invalid-argument"),
        ("-1", "invalid-bound"),
        ("nan", "invalid-bound"),
        ("0%", "invalid-bound"),
    ] {
        assert_eq!(wrong.parse::<Bounds>().unwrap_err().code(), code, "{wrong:?}");
    }
}

#[test]
fn bounds_are_recommended_by_name_and_unit() {
    let bound = |name: &str, attributes: &[(&str, &str)]| recommended(&named(name, attributes, Values::zeros(DataType::F32, 90).unwrap()));
    let abs = |e| Some(ErrorBound::absolute(e).unwrap());
    assert_eq!(bound("TMP_2m", &[("standard_name", "air_temperature"), ("units", "degC")]), abs(0.01));
    assert_eq!(bound("group/t2m", &[("units", "K")]), abs(0.01));
    assert_eq!(bound("10u", &[("units", "m s**-1")]), abs(0.001));
    assert_eq!(bound("u_isobaricInhPa", &[("units", "m s-1")]), abs(0.001));
    assert_eq!(bound("var_151", &[("GRIB_shortName", "msl"), ("units", "Pa")]), abs(1.0));
    assert_eq!(bound("slp", &[("units", "millibars")]), abs(0.01));
    assert_eq!(bound("z", &[("units", "m**2 s**-2")]), abs(10.0));
    assert_eq!(bound("gh", &[("units", "gpm")]), abs(10.0 / 9.806_65));
    assert_eq!(bound("q", &[]), Some(ErrorBound::pointwise(0.01).unwrap()));
    assert_eq!(bound("lsm", &[("units", "1")]), Some(ErrorBound::Lossless));
    assert_eq!(bound("t", &[("units", "seconds")]), None, "not a temperature");
    assert_eq!(bound("t", &[]), None, "without units it could be anything");
    assert_eq!(bound("velocity_potential", &[("units", "m2 s-1")]), None);
}

/// What is recommended for values that rise from one number to another.
fn advised(name: &str, attributes: &[(&str, &str)], (low, high): (f32, f32)) -> Option<ErrorBound> {
    recommended(&named(name, attributes, Values::F32((0..900).map(|i| low + (high - low) * i as f32 / 899.0).collect())))
}

#[test]
fn names_that_mean_something_else_get_no_advice() {
    for (name, attributes) in [
        ("vo", [("standard_name", "sea_water_y_velocity"), ("units", "m s-1")]),
        ("d", [("standard_name", "depth"), ("units", "m")]),
        ("d", [("long_name", "depth"), ("units", "m")]),
        ("q", [("standard_name", "water_volume_transport_in_river_channel"), ("units", "m3 s-1")]),
        ("q", [("long_name", "discharge"), ("units", "m3 s-1")]),
        ("d_id", [("long_name", "number of the drifter"), ("units", "")]),
        ("z", [("standard_name", "surface_altitude"), ("units", "m")]),
        ("r", [("long_name", "correlation"), ("units", "1")]),
        ("r", [("long_name", "correlation"), ("units", "")]),
        ("r_count", [("long_name", "how many"), ("units", "1")]),
        ("tas_std", [("long_name", "deviation"), ("units", "K")]),
        ("tas_var", [("long_name", "variance"), ("units", "K2")]),
        ("t_isobaricInhPa_stdDev", [("long_name", "deviation"), ("units", "K")]),
        ("t", [("standard_name", "ocean_mixed_layer_thickness"), ("units", "K")]),
        ("siconc", [("standard_name", "sea_ice_area_fraction"), ("units", "km2")]),
    ] {
        assert_eq!(advised(name, &attributes, (0.0, 1.0)), None, "{name} {attributes:?}");
    }
    assert_eq!(
        advised("t2m", &[("standard_name", "unknown"), ("units", "K")], (250.0, 310.0)),
        Some(ErrorBound::absolute(0.01).unwrap()),
        "as cfgrib says of none"
    );
}

#[test]
fn advice_relative_to_each_value_asks_for_units_too() {
    let each = |share| Some(ErrorBound::pointwise(share).unwrap());
    for (name, units, share) in
        [("q", "kg kg-1", 0.01), ("q", "g/kg", 0.01), ("r", "%", 0.01), ("cape", "J kg-1", 0.01), ("lcc", "1", 0.01), ("hcc", "%", 0.01), ("mcc", "okta", 0.01)]
    {
        assert_eq!(advised(name, &[("units", units)], (0.0, 0.5)), each(share), "{name} in {units}");
    }
    for (name, units) in [("vo", "s**-1"), ("d", "s-1")] {
        assert_eq!(advised(name, &[("units", units)], (-1e-4, 1e-4)), each(0.05), "{name} in {units}");
        assert_eq!(advised(name, &[], (0.0, 1.0)), None, "{name} without unit");
    }
    for (name, units) in [("pr", "kg m-2 s-1"), ("PRECT", "m/s"), ("prate", "kg m-2 s-1"), ("precip", "mm/day")] {
        assert_eq!(advised(name, &[("units", units)], (0.0, 1.0)), each(0.01), "{name} in {units}");
    }
}

#[test]
fn of_several_limits_all_are_kept() {
    let (abs, each) = (|e| Some(ErrorBound::absolute(e).unwrap()), |e| Some(ErrorBound::pointwise(e).unwrap()));
    // 5 % of each value, 1 % in the mean.
    assert_eq!(advised("siconc", &[("units", "1")], (0.0, 1.0)), each(0.01));
    assert_eq!(advised("ci", &[("units", "%")], (0.0, 100.0)), each(0.01));
    // 0.01 of all, and 5 % of each.
    assert_eq!(advised("w", &[("units", "Pa s-1")], (-2.0, 1.0)), each(0.005));
    assert_eq!(advised("w", &[("units", "Pa s-1")], (-0.1, 0.1)), each(0.05));
    // 0.01 of each and 0.002 in the mean.
    for name in ["stl1", "stl4"] {
        assert_eq!(advised(name, &[("units", "K")], (260.0, 300.0)), abs(0.002));
    }
    // 0.05 and 1 % in the mean: of a mean of a half.
    let Some(ErrorBound::Absolute(cloud)) = advised("tcc", &[("units", "1")], (0.0, 1.0)) else { panic!() };
    assert!((cloud.get() - 0.005).abs() < 1e-6, "{cloud:?}");
    let Some(ErrorBound::Absolute(snow)) = advised("sd", &[("units", "m of water equivalent")], (0.0, 0.001)) else { panic!() };
    assert!((snow.get() - 5e-6).abs() < 1e-9, "{snow:?}");
    assert_eq!(advised("sd", &[("units", "m")], (0.0, 1.0)), abs(1e-5));
    // 1 % of the range of half a kelvin.
    assert_eq!(advised("t", &[("units", "K")], (250.0, 250.5)), abs(0.005));
    // Of levels of pressure the mean counts.
    assert_eq!(advised("z", &[("units", "m2 s-2"), ("GRIB_typeOfLevel", "isobaricInhPa")], (0.0, 9e4)), abs(5.0));
    assert_eq!(advised("z", &[("units", "m2 s-2"), ("GRIB_typeOfLevel", "surface")], (0.0, 9e4)), abs(10.0));
}

#[test]
fn more_names_and_units_are_known() {
    let abs = |e| Some(ErrorBound::absolute(e).unwrap());
    for (name, units, error) in [
        ("ps", "kPa", 0.001),
        ("wind", "knots", 0.001 * 1.943_844),
        ("t2m", "degF", 0.01 * 1.8),
        ("acpcp", "kg m-2", 1e-5 * 1000.0),
        ("precip", "mm", 1e-5 * 1000.0),
        ("hfls", "W m-2", 0.1),
        ("hfss", "W m-2", 0.1),
        ("TMP_2maboveground", "K", 0.01),
        ("TMP_P0_L103_GLL0", "K", 0.01),
        ("t_850", "K", 0.01),
    ] {
        assert_eq!(advised(name, &[("units", units)], (50.0, 100.0)), abs(error), "{name} in {units}");
    }
    let clouds = advised("tcc", &[("units", "okta")], (7.0, 8.0));
    assert!(matches!(clouds, Some(ErrorBound::Absolute(e)) if (e.get() - 0.075).abs() < 1e-4), "{clouds:?}");
}

#[test]
fn codes_for_missing_values_are_suspected_and_can_be_named() {
    let suspect = |values: Vec<f32>| suspected_missing(&named("t", &[], Values::F32(values)));
    let ordinary: Vec<f32> = (0..900).map(|i| 270.0 + (i % 37) as f32 / 5.0).collect();
    let with = |code: f32, count: usize| ordinary.iter().enumerate().map(|(i, v)| if i % 90 < count { code } else { *v }).collect::<Vec<f32>>();
    assert_eq!(suspect(ordinary.clone()), None);
    assert_eq!(suspect(with(-999.0, 3)), Some(-999.0));
    assert_eq!(suspect(with(9999.0, 1)), Some(9999.0));
    assert_eq!(suspect(with(1e36, 2)), Some(f64::from(1e36f32)));
    assert_eq!(suspect(with(280.0, 3)), None, "an ordinary value");
    assert_eq!(suspect(with(-998.0, 3)), None, "no usual code");
    assert_eq!(suspect((0..900).map(|i| i as f32 + 99.0).collect()), None, "values reach up to it");
    let mut field = named("t", &[], Values::F32(with(-999.0, 3)));
    field.add_missing(-999.0).unwrap();
    assert_eq!((suspected_missing(&field), field.missing.clone()), (None, Missing::Patterns(vec![u64::from((-999.0f32).to_bits())])));
    assert!(named("n", &[], Values::I16(vec![1; 90])).add_missing(1e36).is_err());
    let mut dataset = one(Values::F32(with(-999.0, 3)));
    dataset.fields[0].add_missing(-999.0).unwrap();
    let (back, reports, _) = round(&dataset, "0.01 of range", false);
    assert_eq!((reports[0].missing, reports[0].absolute_bound < 0.1), (30, true));
    assert_eq!(back.fields[0].missing, dataset.fields[0].missing);
}
