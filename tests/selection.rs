//! Parts of real files and of grids of all kinds, chosen by coordinates; expected indices were counted by hand.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.
#![allow(clippy::single_range_in_vec_init)] // Lists of ranges are meant.

use deepcomp::field::selection::{Chosen, Selection};
use deepcomp::field::{Attribute, Dataset, Dimension, Field, Missing, SourceFormat, Values};
use deepcomp::formats;
use deepcomp::{Error, Limits};
use std::ops::Range;

fn sample(name: &str) -> Dataset {
    let bytes = std::fs::read(format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    formats::read(&bytes, name, &Limits::default()).unwrap()
}

/// As the options of a command line are written: `time 2020-01`, `box …`, `select …`, `index …`.
fn selection(wishes: &[&str]) -> Selection {
    let mut selection = Selection::default();
    for wish in wishes {
        match wish.split_once(' ').unwrap() {
            ("time", text) => selection.time = Some(text.parse().unwrap()),
            ("box", text) => selection.region = Some(text.parse().unwrap()),
            ("select", text) => selection.values.push(text.parse().unwrap()),
            (_, text) => selection.indices.push(text.parse().unwrap()),
        }
    }
    selection
}

fn numbers(dataset: &Dataset, names: &[&str]) -> Vec<usize> {
    names.iter().map(|name| dataset.fields.iter().position(|field| field.name == *name).unwrap()).collect()
}

fn try_choose(dataset: &Dataset, names: &[&str], wishes: &[&str]) -> Result<Chosen, Error> {
    let (selection, wanted) = (selection(wishes), numbers(dataset, names));
    // Of all values only those that were asked for are there.
    let mut known = dataset.without_values();
    for name in selection.coordinates(&known, &wanted)? {
        let number = numbers(dataset, &[&name])[0];
        known.fields[number] = dataset.fields[number].clone();
    }
    selection.resolve(&known, &wanted)
}

fn choose(dataset: &Dataset, names: &[&str], wishes: &[&str]) -> Vec<(String, Vec<Range<usize>>)> {
    try_choose(dataset, names, wishes).unwrap().dimensions.into_iter().collect()
}

fn told(dataset: &Dataset, names: &[&str], wishes: &[&str]) -> String {
    try_choose(dataset, names, wishes).unwrap_err().to_string()
}

fn of<const N: usize>(dimensions: [(&str, Vec<Range<usize>>); N]) -> Vec<(String, Vec<Range<usize>>)> {
    dimensions.map(|(name, ranges)| (name.to_owned(), ranges)).to_vec()
}

/// A dataset of fields by name, dimensions, values and attributes.
#[derive(Default)]
struct Made(Vec<Dimension>, Vec<Field>);

impl Made {
    fn on(mut self, name: &str, length: usize) -> Self {
        self.0.push(Dimension { name: name.to_owned(), length, unlimited: false });
        self
    }

    fn with(mut self, name: &str, dimensions: &[&str], values: Values, attributes: &[(&str, &str)]) -> Self {
        let dimensions: Vec<usize> = dimensions.iter().map(|name| self.0.iter().position(|d| d.name == *name).unwrap()).collect();
        let shape: Vec<usize> = dimensions.iter().map(|d| self.0[*d].length).collect();
        assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}");
        let attributes = attributes.iter().map(|(name, value)| Attribute::text(name, value)).collect();
        self.1.push(Field { name: name.to_owned(), dimensions, shape, values, attributes, missing: Missing::NonFinite, derived: None });
        self
    }

    fn data(self, name: &str, dimensions: &[&str], attributes: &[(&str, &str)]) -> Self {
        let count = dimensions.iter().map(|name| self.0.iter().find(|d| d.name == *name).unwrap().length).product();
        self.with(name, dimensions, Values::F32(vec![0.0; count]), attributes)
    }

    fn dataset(self) -> Dataset {
        Dataset { format: SourceFormat::ARRAY, dimensions: self.0, attributes: Vec::new(), fields: self.1, layout: Vec::new() }
    }
}

fn steps(from: f64, step: f64, count: usize) -> Values {
    Values::F64((0..count).map(|i| from + step * i as f64).collect())
}

#[test]
fn latitudes_and_longitudes_are_told_by_what_files_say() {
    let with = |latitude: &[(&str, &str)], names: [&str; 2], longitude: &[(&str, &str)]| {
        let made =
            Made::default().on("a", 3).on("b", 4).with(names[0], &["a"], steps(0.0, 10.0, 3), latitude).with(names[1], &["b"], steps(0.0, 10.0, 4), longitude);
        try_choose(&made.data("t", &["a", "b"], &[]).dataset(), &["t"], &["box 10,10,20,20"]).map(|chosen| chosen.dimensions.into_iter().collect::<Vec<_>>())
    };
    let both = of([("a", vec![1..3]), ("b", vec![1..3])]);
    for (latitude, names, longitude) in [
        (vec![("units", "degrees_north")], ["p", "q"], vec![("units", "degrees_east")]),
        (vec![("units", "degree_N")], ["p", "q"], vec![("units", "degreesE")]),
        (vec![("units", "Degrees North")], ["p", "q"], vec![("units", "degrees east")]),
        (vec![("standard_name", "latitude")], ["p", "q"], vec![("standard_name", "longitude")]),
        (vec![("units", "degrees"), ("axis", "Y")], ["p", "q"], vec![("units", "degrees"), ("axis", "X")]),
        (vec![], ["lat", "lon"], vec![]),
        (vec![("units", "deg")], ["model/Latitude", "model/Longitude"], vec![("units", "deg")]),
    ] {
        assert_eq!(with(&latitude, names, &longitude).unwrap(), both, "{latitude:?} {names:?}");
    }
    for (latitude, names, longitude) in [
        (vec![("standard_name", "grid_latitude"), ("units", "degrees_north")], ["lat", "lon"], vec![("standard_name", "grid_longitude")]),
        (vec![("units", "degrees"), ("axis", "Y")], ["rlat", "rlon"], vec![("units", "degrees"), ("axis", "X")]),
        (vec![("units", "m")], ["lat", "lon"], vec![("units", "m")]),
        (vec![("units", "m"), ("axis", "Y")], ["y", "x"], vec![("units", "m"), ("axis", "X")]),
    ] {
        let error = with(&latitude, names, &longitude).unwrap_err().to_string();
        assert!(error.starts_with("nothing says where"), "{latitude:?} {names:?}: {error}");
    }
}

/// A day of hours on a global grid, from north to south.
fn hours() -> Dataset {
    Made::default()
        .on("time", 48)
        .on("level", 4)
        .on("lat", 19)
        .on("lon", 36)
        .with("time", &["time"], steps(43_833.0 * 24.0, 1.0, 48), &[("units", "hours since 1900-01-01")])
        .with("level", &["level"], Values::I32(vec![1000, 850, 500, 250]), &[("units", "hPa"), ("standard_name", "air_pressure")])
        .with("lat", &["lat"], steps(90.0, -10.0, 19), &[("units", "degrees_north")])
        .with("lon", &["lon"], steps(0.0, 10.0, 36), &[("units", "degrees_east"), ("bounds", "lon_bnds")])
        .on("nv", 2)
        .with("lon_bnds", &["lon", "nv"], Values::F64((0..72).map(|i| 10.0 * f64::from(i / 2) - 5.0 + 10.0 * f64::from(i % 2)).collect()), &[])
        .data("t", &["time", "level", "lat", "lon"], &[])
        .data("mean", &["lat"], &[])
        .data("scalar", &[], &[])
        .dataset()
}

#[test]
fn a_climatology_without_years() {
    let coads = sample("coads_sst.nc");
    assert_eq!(choose(&coads, &["SST"], &["time 0000-02"]), of([("TIME", vec![1..2])]));
    assert_eq!(choose(&coads, &["SST"], &["time 0000-03..0000-05"]), of([("TIME", vec![2..5])]));
    // 35 to 69 north, and -10 to 39 east on an axis from 21 to 379.
    assert_eq!(choose(&coads, &["SST"], &["box -10,35,40,70"]), of([("COADSX", vec![165..180, 0..10]), ("COADSY", vec![62..80])]));
    let chosen = try_choose(&coads, &["SST"], &["box -10,35,40,70", "time ..0000-06"]).unwrap();
    assert_eq!(chosen.shape(&["TIME", "COADSY", "COADSX", "other"], &[12, 90, 180, 7]), [6, 18, 25, 7]);
    let said = told(&coads, &["SST"], &["time 1990"]);
    assert_eq!(said, "nothing lies in the time 1990: TIME goes from 0000-01-16T06:00 to 0000-12-16T01:20:06");
}

#[test]
fn depths_of_an_ocean_and_levels_of_the_air() {
    let levitus = sample("levitus_ocean.nc");
    let chosen = try_choose(&levitus, &["TEMP", "SALT"], &["box 170,-1,-170,1", "index ZAXLEVITR=-1"]).unwrap();
    assert_eq!(chosen.dimensions["YAXLEVITR"], [89..91]);
    assert_eq!(chosen.dimensions["XAXLEVITR"], [150..170]);
    assert_eq!(chosen.dimensions["ZAXLEVITR"], [3..4]);

    let gfs = sample("gfs_upper_air.grib2");
    let temperature = gfs.fields.iter().find(|field| field.name.starts_with('t') && field.shape.len() == 3).map(|field| field.name.clone()).unwrap();
    let wanted = [temperature.as_str()];
    let box_ = choose(&gfs, &wanted, &["box -10,35,10,45", "select isobaricInhPa=850"]);
    assert_eq!(box_, of([("isobaricInhPa", vec![2..3]), ("latitude", vec![18..23]), ("longitude", vec![140..144, 0..5])]));
    assert_eq!(choose(&gfs, &wanted, &["select air_pressure=200..600"]), of([("isobaricInhPa", vec![0..2])]));
    // 2011-01-10 12 UTC, and 120 hours later.
    assert_eq!(choose(&gfs, &wanted, &["time 2011-01-15"]), []);
    assert_eq!(told(&gfs, &wanted, &["time 2011-01-10"]), "nothing lies in the time 2011-01-10: time goes from 2011-01-15T12:00 to 2011-01-15T12:00");
}

#[test]
fn times_levels_and_indices_together() {
    let data = hours();
    let t = ["t"];
    assert_eq!(choose(&data, &t, &["time 2020-01-05"]), of([("time", vec![0..24])]));
    assert_eq!(choose(&data, &t, &["time 2020-01-05T06:00"]), of([("time", vec![6..7])]));
    assert_eq!(choose(&data, &t, &["time 2020-01-05T22..2020-01-06T01"]), of([("time", vec![22..26])]));
    assert_eq!(choose(&data, &t, &["select time=2020-01-06T20.."]), of([("time", vec![44..48])]));
    assert_eq!(choose(&data, &t, &["select level=500..1000"]), of([("level", vec![0..3])]));
    assert_eq!(choose(&data, &t, &["select level=870"]), of([("level", vec![1..2])]));
    assert_eq!(choose(&data, &t, &["select air_pressure=..300"]), of([("level", vec![3..4])]));
    assert_eq!(choose(&data, &t, &["index time=0..10"]), of([("time", vec![0..10])]));
    assert_eq!(choose(&data, &t, &["index time=-3..", "index level=-1"]), of([("level", vec![3..4]), ("time", vec![45..48])]));
    assert_eq!(choose(&data, &t, &["index time=20..30", "time 2020-01-06"]), of([("time", vec![24..30])]));
    assert_eq!(choose(&data, &t, &["box -20,-30,20,30", "index lon=0..2"]), of([("lat", vec![6..13]), ("lon", vec![0..2])]));
    assert_eq!(choose(&data, &t, &["box -180,-90,180,90"]), of([("lat", vec![0..19]), ("lon", vec![0..36])]));
    assert_eq!(choose(&data, &["mean"], &["box 0,-30,1,30"]), of([("lat", vec![6..13])]));
    assert!(Selection::default().is_everything() && !selection(&["index time=0"]).is_everything());
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let data = hours();
    let t = ["t"];
    for (wishes, said) in [
        (vec!["time 1999..2001-05"], "nothing lies in the time 1999..2001-05: time goes from 2020-01-05 to 2020-01-06T23:00"),
        (vec!["box 1,1,2,2"], "nothing lies in the box 1,1,2,2: lat goes from -90 to 90, lon goes from 0 to 350"),
        (vec!["select level=2000"], "nothing lies at level=2000: it goes from 250 to 1000"),
        (vec!["select level=600..700"], "nothing lies at level=600..700: it goes from 250 to 1000"),
        (vec!["index time=48"], "nothing lies at the indices time=48: time has 48"),
        (vec!["index time=5..5"], "nothing lies at the indices time=5..5"),
        (vec!["index time=0..49"], "nothing lies at the indices time=0..49"),
        (vec!["index time=-49.."], "nothing lies at the indices time=-49.."),
        (vec!["index time=0..10", "time 2020-01-06"], "nothing lies in all that was asked of \"time\" together"),
    ] {
        let error = try_choose(&data, &t, &wishes).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
        assert_eq!(error.code(), "nothing-chosen");
    }
    for (wishes, said) in [
        (vec!["time 2020-02-30"], "there is no 2020-02-30 in the calendar \"standard\""),
        (vec!["index step=1"], "\"step\" is no dimension of these variables, which have lat (19), level (4), lon (36), time (48)"),
        (vec!["select depth=1"], "no variable \"depth\"; there are: time, level, lat, lon"),
        (vec!["select level=2020-01-05"], "\"level=2020-01-05\" takes numbers"),
    ] {
        let error = told(&data, &t, &wishes);
        assert!(error.starts_with(said), "{error}");
    }
    assert!(told(&data, &["scalar"], &["time 2020"]).starts_with("nothing says when"));
    assert!(told(&data, &["scalar"], &["box 0,0,1,1"]).starts_with("nothing says where"));
    assert!(told(&data, &["mean"], &["select level=850"]).contains("is no coordinate along a dimension of these variables"));
    // Values that were not read are no values.
    let error = selection(&["time 2020"]).resolve(&data.without_values(), &numbers(&data, &t)).unwrap_err();
    assert!(error.to_string().contains("the values of \"time\" are needed"), "{error}");
}

#[test]
fn texts_that_choose_nothing_say_how_it_is_done() {
    use deepcomp::field::selection::{ByIndex, ByValue};
    for text in ["level", "=850", "level=", "level=high", "level=1000..850"] {
        let error = text.parse::<ByValue>().unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument { what } if what.contains("write")), "{text}: {error}");
    }
    for text in ["time", "time=a", "time=1.5", "time=0...5", "time=99999999999999999999"] {
        let error = text.parse::<ByIndex>().unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument { what } if what.contains("write")), "{text}: {error}");
    }
}

#[test]
fn longitudes_go_on_over_the_seam() {
    let data = hours();
    let cut = |chosen: &Chosen, name: &str, each: usize| {
        let mut field = data.fields[numbers(&data, &[name])[0]].clone();
        let ranges = chosen.ranges("lon", 36);
        let values: Vec<f64> = ranges.iter().flat_map(|range| (range.start * each..range.end * each).map(|i| field.values.get_f64(i).unwrap())).collect();
        field.shape[0] = chosen.length("lon", 36);
        field.values = Values::F64(values);
        chosen.turn(&mut field);
        (0..field.values.len()).map(|i| field.values.get_f64(i).unwrap()).collect::<Vec<_>>()
    };
    let chosen = try_choose(&data, &["t"], &["box -20,0,15,10"]).unwrap();
    assert_eq!(chosen.dimensions["lon"], [34..36, 0..2]);
    assert_eq!(cut(&chosen, "lon", 1), [-20.0, -10.0, 0.0, 10.0]);
    assert_eq!(cut(&chosen, "lon_bnds", 2), [-25.0, -15.0, -15.0, -5.0, -5.0, 5.0, 5.0, 15.0]);
    let chosen = try_choose(&data, &["t"], &["box 340,0,15,10", "index lon=0..35"]).unwrap();
    assert_eq!(cut(&chosen, "lon", 1), [340.0, 360.0, 370.0]);
    // Without a seam nothing moves.
    let chosen = try_choose(&data, &["t"], &["box -20,0,-10,10"]).unwrap();
    assert_eq!(cut(&chosen, "lon", 1), [340.0, 350.0]);
}

#[test]
fn packed_coordinates_are_what_they_stand_for() {
    let mut data = Made::default()
        .on("lat", 181)
        .on("lon", 360)
        .with("lat", &["lat"], Values::I16((0..181).map(|i| 9000 - 100 * i).collect()), &[("standard_name", "latitude")])
        .with("lon", &["lon"], Values::I16((0..360).map(|i| 100 * (i - 180)).collect()), &[("standard_name", "longitude")])
        .data("t", &["lat", "lon"], &[])
        .dataset();
    for field in &mut data.fields[..2] {
        field.attributes.push(Attribute { name: "scale_factor".to_owned(), value: Values::F32(vec![0.01]) });
    }
    data.fields[0].missing = Missing::Patterns(vec![9000u16.into()]);
    assert_eq!(choose(&data, &["t"], &["box 175,88,-175,90"]), of([("lat", vec![1..3]), ("lon", vec![355..360, 0..6])]));
    // Turned as it is stored, if the type has room for it.
    let chosen = try_choose(&data, &["t"], &["box 175,88,-175,90"]).unwrap();
    let mut longitudes = Field {
        shape: vec![11],
        values: Values::I16((0..5).map(|i| 17_500 + 100 * i).chain((0..6).map(|i| 100 * i - 18_000)).collect()),
        ..data.fields[1].clone()
    };
    chosen.turn(&mut longitudes);
    assert_eq!(longitudes.values, Values::I16((0..11).map(|i| 17_500 + 100 * i).collect()));
}

#[test]
fn curvilinear_grids_give_the_smallest_part_that_holds_the_box() {
    // Turned by 45 degrees: latitude row + column, longitude row - column.
    let (rows, columns) = (20, 30);
    let plane = |f: fn(f64, f64) -> f64| Values::F64((0..rows * columns).map(|i| f(f64::from(i / columns), f64::from(i % columns))).collect());
    let data = Made::default()
        .on("time", 2)
        .on("y", 20)
        .on("x", 30)
        .with("lat", &["y", "x"], plane(|y, x| y + x), &[("units", "degrees_north")])
        .with("lon", &["y", "x"], plane(|y, x| y - x), &[("units", "degrees_east")])
        .with("rlat", &["y"], steps(0.0, 1.0, 20), &[("units", "degrees"), ("standard_name", "grid_latitude")])
        .with("rlon", &["x"], steps(0.0, 1.0, 30), &[("units", "degrees"), ("standard_name", "grid_longitude")])
        .data("t", &["time", "y", "x"], &[("coordinates", "lon lat")])
        .dataset();
    // y + x in 10..14 and y - x in -2..2: y in 4..8, x in 4..8.
    assert_eq!(choose(&data, &["t"], &["box -2,10,2,14"]), of([("x", vec![4..9]), ("y", vec![4..9])]));
    assert!(told(&data, &["t"], &["box 100,10,101,14"]).contains("lat goes from 0 to 48, lon goes from -29 to 19"));
    assert_eq!(selection(&["box -2,10,2,14"]).coordinates(&data.without_values(), &numbers(&data, &["t"])).unwrap(), ["lat", "lon"]);
}

#[test]
fn planes_that_close_are_cut_at_their_seam() {
    let plane = |f: fn(usize, usize) -> f64| Values::F32((0..10 * 36).map(|i| f(i / 36, i % 36) as f32).collect());
    let data = Made::default()
        .on("j", 10)
        .on("i", 36)
        .with("nav_lat", &["j", "i"], plane(|y, x| y as f64 * 5.0 + (x as f64).sin()), &[])
        .with("nav_lon", &["j", "i"], plane(|_, x| (x as f64 * 10.0 + 180.0) % 360.0 - 180.0), &[])
        .data("t", &["j", "i"], &[])
        .dataset();
    assert_eq!(choose(&data, &["t"], &["box -30,18,30,32"]), of([("i", vec![33..36, 0..4]), ("j", vec![4..7])]));
    assert_eq!(choose(&data, &["t"], &["box 150,18,-150,32"]), of([("i", vec![15..22]), ("j", vec![4..7])]));
    // In a part of the globe nothing closes.
    let data = Made::default()
        .on("j", 3)
        .on("i", 10)
        .with("lat", &["j", "i"], Values::F32((0..30).map(|i| (i / 10) as f32).collect()), &[])
        .with("lon", &["j", "i"], Values::F32((0..30).map(|i| if i % 10 == 4 { 50.0 } else { (i % 10) as f32 }).collect()), &[])
        .data("t", &["j", "i"], &[])
        .dataset();
    assert_eq!(choose(&data, &["t"], &["box 0,0,9,9"]), of([("i", vec![0..10]), ("j", vec![0..3])]));
}

#[test]
fn places_without_a_grid_are_chosen_one_by_one() {
    let angle = |degrees: &[f64]| Values::F64(degrees.iter().map(|degrees| degrees.to_radians()).collect());
    let data = Made::default()
        .on("cell", 6)
        .with("clat", &["cell"], angle(&[10.0, 20.0, 30.0, 40.0, 50.0, 45.0]), &[("units", "radian")])
        .with("clon", &["cell"], angle(&[0.0, 5.0, 6.0, 90.0, 7.0, -3.0]), &[("units", "radian")])
        .data("t", &["cell"], &[])
        .dataset();
    assert_eq!(choose(&data, &["t"], &["box -5,15,10,60"]), of([("cell", vec![1..3, 4..6])]));
}

#[test]
fn staggered_grids_keep_what_either_needs() {
    let rows = |from: f64| Values::F64((0..2 * 5 * 4).map(|i| from + f64::from(i / 4 % 5)).collect());
    let columns = |from: f64, count: i32| Values::F64((0..2 * 5 * count).map(|i| from + f64::from(i % count)).collect());
    let data = Made::default()
        .on("Time", 2)
        .on("south_north", 5)
        .on("west_east", 4)
        .on("west_east_stag", 5)
        .with("XLAT", &["Time", "south_north", "west_east"], rows(40.0), &[("units", "degree_north")])
        .with("XLONG", &["Time", "south_north", "west_east"], columns(10.0, 4), &[("units", "degree_east")])
        .with(
            "XLAT_U",
            &["Time", "south_north", "west_east_stag"],
            Values::F64((0..50).map(|i| 40.25 + f64::from(i / 5 % 5)).collect()),
            &[("units", "degree_north")],
        )
        .with("XLONG_U", &["Time", "south_north", "west_east_stag"], columns(9.5, 5), &[("units", "degree_east")])
        .with("XTIME", &["Time"], Values::F32(vec![0.0, 60.0]), &[("units", "minutes since 2005-08-28 00:00:00")])
        .data("T2", &["Time", "south_north", "west_east"], &[("coordinates", "XLONG XLAT XTIME")])
        .data("U", &["Time", "south_north", "west_east_stag"], &[("coordinates", "XLONG_U XLAT_U XTIME")])
        .dataset();
    assert_eq!(choose(&data, &["T2"], &["box 11,41,12,42.1"]), of([("south_north", vec![1..3]), ("west_east", vec![1..3])]));
    let both = choose(&data, &["T2", "U"], &["box 11,41,12,42.1", "time 2005-08-28T01"]);
    assert_eq!(both, of([("Time", vec![1..2]), ("south_north", vec![1..3]), ("west_east", vec![1..3]), ("west_east_stag", vec![2..3])]));
    assert_eq!(choose(&data, &["U"], &["box 11,41,12,42.1"]), of([("south_north", vec![1..2]), ("west_east_stag", vec![2..3])]));
}

#[test]
fn forecasts_are_chosen_by_the_time_they_are_for() {
    let made = |times: usize, steps_on: &str, step_count: usize| {
        let made = Made::default().on("time", times).on("step", step_count);
        let made = made.with(
            "time",
            &["time"],
            Values::F64((0..times).map(|i| 43_830.0 + i as f64).collect()),
            &[("units", "days since 1900-01-01"), ("standard_name", "forecast_reference_time")],
        );
        made.with("step", &[steps_on], steps(0.0, 12.0, step_count), &[("units", "hours"), ("standard_name", "forecast_period")])
    };
    let both = made(4, "step", 5).data("t", &["time", "step"], &[]).dataset();
    // Begun on 2 to 5 January, and valid on the fifth: 24 to 36 hours from the fourth, 48 from the third, none from the second.
    assert_eq!(choose(&both, &["t"], &["time 2020-01-05"]), of([("step", vec![0..5]), ("time", vec![1..4])]));
    assert_eq!(choose(&both, &["t"], &["time 2020-01-06T12.."]), of([("step", vec![3..5]), ("time", vec![3..4])]));
    assert!(told(&both, &["t"], &["time 2020-02"]).ends_with("time goes from 2020-01-02 to 2020-01-07"));
    assert_eq!(selection(&["time 2020"]).coordinates(&both, &numbers(&both, &["t"])).unwrap(), ["time", "step"]);
    // Of each time its own step.
    let pairs = made(5, "time", 5).data("t", &["time"], &[]).dataset();
    assert_eq!(choose(&pairs, &["t"], &["time 2020-01-05..2020-01-06T11"]), of([("time", vec![2..3])]));
}

#[test]
fn numbers_that_are_hostile_choose_nothing_and_end() {
    let data = Made::default()
        .on("time", 4)
        .on("lat", 3)
        .on("lon", 3)
        .with("time", &["time"], Values::F64(vec![f64::NAN, 1e300, -1e300, f64::INFINITY]), &[("units", "days since 1900-01-01")])
        .with("lat", &["lat"], Values::F64(vec![f64::NAN, 1e300, f64::NEG_INFINITY]), &[("units", "degrees_north")])
        .with("lon", &["lon"], Values::F64(vec![f64::NAN, f64::INFINITY, f64::NAN]), &[("units", "degrees_east")])
        .on("none", 0)
        .with("none", &["none"], Values::F64(Vec::new()), &[("units", "days since 1900-01-01")])
        .data("t", &["time", "lat", "lon"], &[])
        .data("nothing", &["none"], &[])
        .dataset();
    assert_eq!(told(&data, &["t"], &["time 2020"]), "nothing lies in the time 2020: no time is given");
    assert!(told(&data, &["t"], &["box -180,-90,180,90"]).starts_with("nothing lies in the box"));
    assert!(told(&data, &["t"], &["select lat=5"]).starts_with("nothing lies at lat=5"));
    assert!(told(&data, &["nothing"], &["time 2020"]).starts_with("nothing lies"));
    assert!(told(&data, &["nothing"], &["index none=0"]).starts_with("nothing lies"));
    assert!(told(&data, &["nothing"], &["index none=-1"]).starts_with("nothing lies"));
    let wanted = [usize::MAX];
    assert!(selection(&["index time=0"]).resolve(&data, &wanted).is_err());
}
