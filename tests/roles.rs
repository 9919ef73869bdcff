//! What variables are taken for, on files as models, satellites and stations have them, and that what is no measurement comes back bit for bit.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, VariableReport};
use deepcomp::codec::{Base, Options, Unmet};
use deepcomp::field::{Attribute, Bounds, DataType, Dataset, Dimension, ErrorBound, Field, Missing, MissingRule, Role, Roles, SourceFormat, Values};
use deepcomp::formats::{csv, netcdf3, netcdf4, npy, picture, tiff};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits};

use DataType::{Char, F32, F64, I8, I16, I32};
use Role::{
    CellBounds, CellMeasure, Connectivity, Coordinate, Flag, FormulaTerm, GridMapping, Identifier, Index, Integer, Mask, Measurement, Palette, Text, Time,
};

/// A variable as one line: name, dimensions, type, attributes as `name=text` (`name:` for a number), and what it is.
type Line<'a> = (&'a str, &'a str, DataType, &'a [&'a str], Role);

fn attribute(text: &str) -> Attribute {
    match text.split_once('=') {
        Some((name, text)) => Attribute::text(name, text),
        None => Attribute { name: text.trim_end_matches(':').to_owned(), value: Values::F64(vec![1.0]) },
    }
}

/// A dataset without values.
fn dataset(format: SourceFormat, lines: &[Line]) -> Dataset {
    let mut dataset = Dataset { format, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
    for (name, dimensions, data_type, attributes, _) in lines {
        let mut ids = Vec::new();
        for name in dimensions.split_whitespace() {
            let known = dataset.dimensions.iter().position(|d| d.name == name);
            ids.push(known.unwrap_or(dataset.dimensions.len()));
            if known.is_none() {
                dataset.dimensions.push(Dimension { name: name.to_owned(), length: 6, unlimited: false });
            }
        }
        let attributes = attributes.iter().map(|text| attribute(text)).collect();
        let (shape, values) = (vec![6; ids.len()], Values::empty(*data_type));
        dataset.fields.push(Field { name: (*name).to_owned(), dimensions: ids, shape, values, attributes, missing: Missing::NonFinite, derived: None });
    }
    dataset
}

/// Each variable is what its line says, and for a reason.
fn check(lines: &[Line]) {
    let dataset = dataset(netcdf3::format(2), lines);
    let roles = Roles::of(&dataset);
    for (field, (name, .., expected)) in dataset.fields.iter().zip(lines) {
        let found = roles.judge(field);
        assert_eq!(found.role, *expected, "{name}: {}", found.why);
        assert!(!found.why.is_empty());
        assert_eq!(dataset.role(field), found);
    }
}

#[test]
fn ugrid() {
    check(&[
        (
            "mesh",
            "",
            I32,
            &[
                "cf_role=mesh_topology",
                "node_coordinates=node_x node_y",
                "face_node_connectivity=face_nodes",
                "edge_node_connectivity=edges",
                "face_coordinates=fx fy",
                "boundary_node_connectivity=boundary",
                "face_face_connectivity=links",
            ],
            Connectivity,
        ),
        ("face_nodes", "face three", I32, &["cf_role=face_node_connectivity", "start_index:"], Connectivity),
        ("edges", "edge two", I32, &[], Connectivity),
        ("boundary", "rim two", F64, &[], Connectivity),
        ("links", "face three", I32, &["start_index:"], Connectivity),
        ("node_x", "node", F64, &["units=m"], Coordinate),
        ("node_y", "node", F64, &["units=m"], Coordinate),
        ("fx", "face", F64, &[], Coordinate),
        ("fy", "face", F64, &[], Coordinate),
        ("depth", "node", F32, &["units=m", "positive=down", "mesh=mesh", "location=node", "standard_name=sea_floor_depth_below_geoid"], Measurement),
        ("speed", "face", F64, &["units=m s-1", "mesh=mesh", "location=face", "coordinates=fx fy"], Measurement),
    ]);
}

#[test]
fn cmip_with_hybrid_levels() {
    check(&[
        (
            "lev",
            "lev",
            F64,
            &["standard_name=atmosphere_hybrid_sigma_pressure_coordinate", "formula_terms=p0: p0 a: a b: b ps: ps", "positive=down"],
            Coordinate,
        ),
        ("a", "lev", F64, &[], FormulaTerm),
        ("b", "lev", F64, &[], FormulaTerm),
        ("p0", "", F64, &["units=Pa"], FormulaTerm),
        ("ps", "time lat lon", F32, &["units=Pa", "standard_name=surface_air_pressure"], Measurement),
        ("hyam", "nhym", F64, &["units=Pa"], FormulaTerm),
        ("hybm", "nhym", F64, &["units=1"], FormulaTerm),
        ("time", "time", F64, &["units=days since 1850-01-01", "bounds=time_bnds"], Coordinate),
        ("time_bnds", "time two", F64, &[], CellBounds),
        ("lat_v", "lat two", F64, &[], CellBounds),
        ("lat", "lat", F64, &["units=degrees_north", "bounds=lat_v"], Coordinate),
        ("height", "", F64, &["units=m", "positive=up", "axis=Z"], Coordinate),
        ("latitude", "j i", F32, &["units=degree_N"], Coordinate),
        ("longitude", "j i", F32, &["units=degrees", "standard_name=longitude"], Coordinate),
        ("gw", "lat", F64, &[], CellMeasure),
        ("areacella", "lat lon", F32, &["units=m2", "standard_name=cell_area"], CellMeasure),
        ("basin", "j i", I32, &["units=1"], Flag),
        ("label", "region n", Char, &[], Text),
        ("date", "time", I32, &[], Time),
        ("year", "time", F64, &[], Time),
        ("crs", "", I32, &["grid_mapping_name=rotated_latitude_longitude"], GridMapping),
        ("land_points", "landpoint", I32, &["compress=lat lon"], Index),
        ("tas", "time lat lon", F32, &["units=K", "coordinates=height latitude longitude", "cell_measures=area: areacella", "grid_mapping=crs"], Measurement),
        ("rsds", "time lat lon", F32, &["units=W m-2", "positive=down"], Measurement),
        ("tas_n", "time lat lon", I32, &["units=1", "standard_name=air_temperature number_of_observations"], Index),
        ("wdir", "time lat lon", F32, &["units=degrees", "long_name=wind direction"], Measurement),
    ]);
}

#[test]
fn wrf() {
    check(&[
        ("Times", "Time n", Char, &[], Text),
        ("XLAT", "Time y x", F32, &["units=degree_north"], Coordinate),
        ("XLONG", "Time y x", F32, &["units=degree_east"], Coordinate),
        ("XTIME", "Time", F32, &["units=minutes since 2020-01-01 00:00:00"], Time),
        ("ITIMESTEP", "Time", I32, &["units="], Integer),
        ("LU_INDEX", "Time y x", F32, &["units="], Flag),
        ("IVGTYP", "Time y x", I32, &["units="], Flag),
        ("XLAND", "Time y x", F32, &["units="], Mask),
        ("LANDMASK", "Time y x", F32, &["units="], Mask),
        ("ZNU", "Time bottom_top", F32, &["units="], FormulaTerm),
        ("C1H", "Time bottom_top", F32, &["units=Dimensionless"], FormulaTerm),
        ("P_TOP", "Time", F32, &["units=Pa"], FormulaTerm),
        ("MAPFAC_M", "Time y x", F32, &["units="], GridMapping),
        ("SINALPHA", "Time y x", F32, &["units="], GridMapping),
        ("T2", "Time y x", F32, &["units=K", "coordinates=XLONG XLAT XTIME"], Measurement),
        ("QVAPOR", "Time bottom_top y x", F32, &["units=kg kg-1", "coordinates=XLONG XLAT XTIME"], Measurement),
        ("SNOWNC", "Time y x", F32, &["units=mm"], Measurement),
        ("VEGFRA", "Time y x", F32, &["units="], Measurement),
    ]);
}

#[test]
fn goes() {
    check(&[
        (
            "HT",
            "y x",
            I16,
            &["_Unsigned=true", "scale_factor:", "add_offset:", "units=m", "ancillary_variables=DQF", "grid_mapping=goes_imager_projection"],
            Measurement,
        ),
        ("DQF", "y x", I8, &["_Unsigned=true", "units=1"], Flag),
        ("Rad", "y x", I16, &["scale_factor:", "ancillary_variables=Rad_uncertainty"], Measurement),
        ("Rad_uncertainty", "y x", F32, &["units=W m-2 sr-1 um-1"], Measurement),
        ("Phase", "y x", I8, &["flag_values:", "flag_meanings=clear liquid ice"], Flag),
        ("goes_imager_projection", "", I32, &["perspective_point_height:"], GridMapping),
        ("x", "x", I16, &["units=rad", "scale_factor:"], Coordinate),
        ("t", "", F64, &["units=seconds since 2000-01-01 12:00:00", "axis=T"], Time),
        ("band_id", "band", I8, &["units=1"], Identifier),
        ("nominal_satellite_subpoint_lat", "", F32, &["units=degrees_north"], Coordinate),
        ("counts", "y x", I16, &["units=counts"], Measurement),
        ("Land_Cover_Type_2", "y x", I8, &["_Unsigned=true", "units=class number", "scale_factor:"], Flag),
    ]);
}

#[test]
fn stations() {
    check(&[
        ("latitude", "recNum", F32, &["units=degrees", "long_name=station latitude"], Coordinate),
        ("lon", "recNum", F32, &["units=degrees_E"], Coordinate),
        ("elevation", "recNum", F32, &["units=meter"], Measurement),
        ("wmoId", "recNum", I32, &[], Identifier),
        ("station_id", "station", I32, &["cf_role=timeseries_id"], Identifier),
        ("row_size", "station", I32, &["sample_dimension=obs"], Index),
        ("stationIndex", "obs", I32, &["instance_dimension=station"], Index),
        ("prevRecord", "recNum", I32, &[], Index),
        ("firstInBin", "bin", I32, &[], Index),
        ("inventory", "slot", I32, &[], Index),
        ("invTime", "slot", I32, &[], Time),
        ("timeObs", "recNum", F64, &["units=seconds since 1970-1-1 00:00:00.0"], Time),
        ("temperatureQCR", "recNum", I32, &[], Flag),
        ("temperatureDD", "recNum", Char, &[], Text),
        ("temperature", "recNum", F32, &["units=kelvin"], Measurement),
        ("WX", "recNum", F32, &[], Flag),
        ("salinity_status", "obs", I8, &["standard_name=sea_water_salinity status_flag"], Flag),
        ("visibility", "recNum", I32, &["units=m"], Measurement),
        ("reports", "recNum", I32, &[], Integer),
    ]);
}

#[test]
fn geometries_tie_points_and_groups() {
    check(&[
        (
            "shape",
            "",
            I32,
            &["geometry_type=polygon", "node_coordinates=nx ny", "node_count=count_of", "part_node_count=parts", "interior_ring=ring"],
            Connectivity,
        ),
        ("nx", "node", F64, &["units=m"], Coordinate),
        ("ny", "node", F64, &["units=m"], Coordinate),
        ("count_of", "instance", F64, &[], Index),
        ("parts", "part", I32, &[], Index),
        ("ring", "part", I32, &[], Flag),
        ("time", "time_subsample", F64, &[], Time),
        ("rain", "instance", F32, &["units=mm", "geometry=shape"], Measurement),
        ("tie_lat", "tp_y tp_x", F32, &[], Coordinate),
        ("sst", "y x", F32, &["units=K", "coordinate_interpolation=tie_lat: interpolation"], Measurement),
        ("swath/place", "swath/y", F32, &[], Coordinate),
        ("swath/land/t", "swath/y", F32, &["units=K", "coordinates=place"], Measurement),
        ("place", "other", F32, &["units=m"], Measurement),
    ]);
}

#[test]
fn whole_numbers_of_pictures_and_arrays_are_measurements() {
    for format in [picture::PNG, picture::PICTURE, tiff::FORMAT, npy::FORMAT, csv::FORMAT, SourceFormat::ARRAY] {
        let dataset = dataset(format, &[("counts", "y x", I16, &[], Measurement)]);
        assert_eq!(dataset.role(&dataset.fields[0]).role, Measurement, "{format:?}");
    }
    // Their names are those of files.
    for (format, expected) in [(picture::PNG, Measurement), (npy::FORMAT, Measurement), (SourceFormat::ARRAY, Mask), (netcdf4::FORMAT, Mask)] {
        let dataset = dataset(format, &[("land_mask", "y x", I16, &[], Mask)]);
        assert_eq!(dataset.role(&dataset.fields[0]).role, expected, "{format:?}");
    }
    let dataset = dataset(tiff::FORMAT, &[("a", "y x", I16, &["color_interpretation=palette"], Palette)]);
    assert_eq!(Roles::of(&dataset).judge(&dataset.fields[0]).role, Palette);
}

#[test]
fn values_tell_masks_and_dates() {
    let judged = |values: Values, units: &str| {
        let mut dataset = Dataset::from_array("found", &[values.len()], values, SourceFormat::ARRAY).unwrap();
        dataset.fields[0].attributes.push(Attribute::text("units", units));
        dataset.role(&dataset.fields[0]).role
    };
    assert_eq!(judged(Values::F32(vec![0.0, 1.0, f32::NAN, 1.0]), ""), Mask);
    assert_eq!(judged(Values::F32(vec![0.0, 1.0, 0.5]), ""), Measurement);
    assert_eq!(judged(Values::F32(vec![0.0, 1.0, 0.0]), "m"), Measurement, "a depth");
    assert_eq!(judged(Values::F32(vec![0.0, 0.0, 0.0]), ""), Measurement, "nothing yet");
    assert_eq!(judged(Values::I32(vec![19_790_101, 20_240_229]), ""), Time);
    assert_eq!(judged(Values::F64(vec![19_790_101.25, 20_240_229.5]), ""), Time);
    assert_eq!(judged(Values::I32(vec![1_979_010_106, 2_024_022_918]), ""), Time);
    assert_eq!(judged(Values::I32(vec![19_791_301, 20_240_229]), ""), Measurement, "of month 13");
}

/// What comes back under bounds, and what is told of it.
fn back(dataset: &Dataset, bounds: &Bounds) -> (Dataset, Vec<VariableReport>) {
    let options = Options { base: Base::Never, coarse: true, unmet: Unmet::Lossless, ..Options::new(bounds.clone()) };
    let (bytes, reports) = Compressor::new(dataset.clone(), "test", &options).unwrap().finish().unwrap();
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    (Decompressor::new(archive, 0, &Models::default()).unwrap().finish(&bytes).unwrap(), reports)
}

/// Whole numbers as a mesh has them.
fn numbers() -> Vec<i32> {
    (0..600).map(|i| i * 7919 % 301).collect()
}

#[test]
fn what_is_no_measurement_comes_back_exactly_but_as_data() {
    let mut dataset = dataset(
        netcdf3::format(2),
        &[
            ("faces", "f n", I32, &["start_index:"], Connectivity),
            ("speed", "f n", I32, &["units=mm s-1"], Measurement),
            ("codes", "f n", I32, &[], Integer),
            ("text", "f n", Char, &[], Text),
        ],
    );
    dataset.dimensions[0].length = 100;
    for field in &mut dataset.fields {
        field.shape = vec![100, 6];
        field.values = if field.values.data_type() == Char { Values::Char(vec![b'a'; 600]) } else { Values::I32(numbers()) };
    }
    let mut bounds = Bounds::from(ErrorBound::absolute(20.0).unwrap());
    let lossless = ErrorBound::Lossless;
    let taken = |bounds: &Bounds| {
        let (decoded, reports) = back(&dataset, bounds);
        (decoded, reports.iter().map(|r| r.bound).collect::<Vec<_>>())
    };
    let (decoded, kept) = taken(&bounds);
    assert_eq!(kept, [lossless, bounds.of(&dataset.fields[1]), lossless, lossless]);
    for (before, after) in dataset.fields.iter().zip(&decoded.fields) {
        assert_eq!(before.values == after.values, before.name != "speed", "{}", before.name);
    }
    bounds.as_data = vec!["codes".to_owned(), "text".to_owned()];
    let (decoded, kept) = taken(&bounds);
    assert_eq!(kept[2..], [bounds.of(&dataset.fields[2]), lossless]);
    assert_ne!(decoded.fields[2].values, dataset.fields[2].values);
    assert_eq!(decoded.fields[3].values, dataset.fields[3].values, "text is no number");
    assert!(
        matches!(Bounds { as_data: vec!["other".to_owned()], ..bounds }.check(["codes"].into_iter()), Err(Error::NoSuchVariable { name, .. }) if name == "other")
    );
}

#[test]
fn undeclared_codes_stretch_no_range() {
    let measured = |i: usize| 270.0 + (i % 97) as f32 / 5.0;
    let with = |code: f32, every: usize| Values::F32((0..900).map(|i| if i % every == 0 { code } else { measured(i) }).collect());
    let settle = |values: Values, bound: ErrorBound, missing: MissingRule| {
        let dataset = Dataset::from_array("t", &[900], values, SourceFormat::ARRAY).unwrap();
        let (decoded, reports) = back(&dataset, &Bounds { missing, ..Bounds::from(bound) });
        let told = reports[0].suspects.iter().map(|s| (s.value as f32, s.count, s.taken)).collect::<Vec<_>>();
        (told, dataset, decoded)
    };
    let (relative, absolute) = (ErrorBound::relative(0.01).unwrap(), ErrorBound::absolute(0.5).unwrap());
    for code in [1e36, 1.7e38, 9.969_21e36, -f32::MAX, -999.0, -9999.0, 9999.0, 32_767.0] {
        for bound in [relative, absolute] {
            let (told, dataset, decoded) = settle(with(code, 50), bound, MissingRule::Auto);
            assert_eq!(told, [(code, 18, true)], "{code}");
            let (Values::F32(before), Values::F32(after)) = (&dataset.fields[0].values, &decoded.fields[0].values) else { panic!() };
            for (a, b) in before.iter().zip(after) {
                assert!(if *a == code { a == b } else { (a - b).abs() <= 0.5 }, "{code}: {a} became {b}");
            }
        }
    }
    // A mean over a code and a number is as huge.
    let Values::F32(mut mean) = with(9.969_21e36, 50) else { panic!() };
    mean[3..6].fill(2.835_686_4e33);
    assert_eq!(settle(Values::F32(mean), relative, MissingRule::Auto).0, [(9.969_21e36, 18, true), (2.835_686_4e33, 3, true)]);
    // Numbers of many decades are numbers.
    let decades = Values::F32((0..900).map(|i| 10f32.powf(i as f32 / 12.0 - 37.0)).collect());
    assert_eq!(settle(decades, absolute, MissingRule::Auto).0, []);
    // Two codes of one field.
    let Values::F32(mut two) = with(-9999.0, 50) else { panic!() };
    two[3] = 1e36;
    assert_eq!(settle(Values::F32(two), absolute, MissingRule::Auto).0, [(1e36, 1, true), (-9999.0, 18, true)]);
    // A code that is far away and not further than three ranges: told, and taken only where it would stretch the range.
    let near = Values::F32((0..900).map(|i| if i % 50 == 0 { -99.0 } else { (i % 97) as f32 / 2.0 }).collect());
    assert_eq!(settle(near.clone(), absolute, MissingRule::Auto).0, [(-99.0, 18, false)]);
    assert_eq!(settle(near, relative, MissingRule::Auto).0, [(-99.0, 18, true)]);
    for (rule, bound) in [(MissingRule::None, relative), (MissingRule::Auto, ErrorBound::Lossless), (MissingRule::Value(1.0), relative)] {
        let (told, _, decoded) = settle(with(-999.0, 50), bound, rule);
        assert_eq!((told, &decoded.fields[0].missing), (vec![], &Missing::NonFinite));
    }
    assert_eq!(settle(with(271.0, 50), relative, MissingRule::Value(271.0)).0.len(), 1, "whatever it is");
    assert_eq!(("auto".parse(), "none".parse(), "-999".parse()), (Ok(MissingRule::Auto), Ok(MissingRule::None), Ok(MissingRule::Value(-999.0))));
    assert_eq!("often".parse::<MissingRule>().unwrap_err().code(), "invalid-argument");
}

#[test]
fn many_variables_are_judged_in_no_time() {
    let names: Vec<String> = (0..4000).map(|i| format!("v{i}")).collect();
    let lines: Vec<Line> =
        names.iter().map(|name| (name.as_str(), "y x", F32, ["units=K", "coordinates=v7 v11", "long_name=temperature"].as_slice(), Measurement)).collect();
    let dataset = dataset(netcdf3::format(2), &lines);
    let start = std::time::Instant::now();
    let roles = Roles::of(&dataset);
    let moved = dataset.fields.iter().filter(|f| roles.judge(f).role == Measurement).count();
    assert_eq!(moved, 3998);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
