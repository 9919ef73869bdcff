//! GRIB of both editions: messages built octet by octet here, round trips, bytes that nobody meant to be a message, and the tools of eccodes as judge.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use std::path::{Path, PathBuf};
use std::process::Command;

use deepcomp::field::{Dataset, Field, Values};
use deepcomp::formats::{self, grib};
use deepcomp::{Error, Limits};

fn read(bytes: &[u8]) -> Result<Dataset, Error> {
    formats::read(bytes, "forecast.grib", &Limits::default())
}

fn field<'a>(dataset: &'a Dataset, name: &str) -> &'a Field {
    let names = || dataset.fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    dataset.fields.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name} is not among {:?}", names()))
}

fn dimensions(dataset: &Dataset, name: &str) -> Vec<(String, usize)> {
    field(dataset, name).dimensions.iter().map(|d| (dataset.dimensions[*d].name.clone(), dataset.dimensions[*d].length)).collect()
}

fn numbers(field: &Field) -> Vec<f64> {
    (0..field.values.len()).map(|n| field.values.get_f64(n).unwrap()).collect()
}

// ------------------------------------------------------------------------------------------------------------------------ messages of edition 2

fn section(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 5).unwrap();
    [&length.to_be_bytes(), [number].as_slice(), body].concat()
}

fn message(sections: &[Vec<u8>]) -> Vec<u8> {
    let body = sections.concat();
    let length = (16 + body.len() + 4) as u64;
    [b"GRIB\0\0\0\x02".as_slice(), &length.to_be_bytes(), &body, b"7777"].concat()
}

/// NCEP, 2024-05-`day` 06 UTC.
fn identification(day: u8) -> Vec<u8> {
    section(1, &[0, 7, 0, 0, 2, 1, 1, 0x07, 0xe8, 5, day, 6, 0, 0, 0, 1])
}

/// Every 10 degrees from 60 N and 350 E.
fn grid(rows: u32, columns: u32, scanning: u8) -> Vec<u8> {
    grid_every(10, rows, columns, scanning)
}

fn grid_every(step: u32, rows: u32, columns: u32, scanning: u8) -> Vec<u8> {
    let mut body = vec![0];
    body.extend((rows * columns).to_be_bytes());
    body.extend([0, 0, 0, 0, 6]);
    body.extend([0xff; 15]);
    body.extend(columns.to_be_bytes());
    body.extend(rows.to_be_bytes());
    body.extend([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let last_longitude = (350 + step * (columns - 1)) % 360;
    let [north, south] = [60, 60u32.saturating_sub(step * (rows - 1))].map(|n| n * 1_000_000);
    let (first, last) = if scanning & 0x40 == 0 { (north, south) } else { (south, north) };
    body.extend(first.to_be_bytes());
    body.extend(350_000_000u32.to_be_bytes());
    body.push(48);
    body.extend(last.to_be_bytes());
    body.extend((last_longitude * 1_000_000).to_be_bytes());
    body.extend((step * 1_000_000).to_be_bytes());
    body.extend((step * 1_000_000).to_be_bytes());
    body.push(scanning);
    section(3, &body)
}

fn product(parameter: [u8; 2], hours: u32, surface: u8, value: u32) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, parameter[0], parameter[1], 2, 0, 96, 0, 0, 0, 1];
    body.extend(hours.to_be_bytes());
    body.extend([surface, 0]);
    body.extend(value.to_be_bytes());
    body.extend([255; 6]);
    section(4, &body)
}

fn representation(count: u32, reference: f32, binary: u16, decimal: u16, bits: u8) -> Vec<u8> {
    let mut body = count.to_be_bytes().to_vec();
    body.extend([0, 0]);
    body.extend(reference.to_be_bytes());
    body.extend(binary.to_be_bytes());
    body.extend(decimal.to_be_bytes());
    body.extend([bits, 0]);
    section(5, &body)
}

fn no_bitmap() -> Vec<u8> {
    section(6, &[255])
}

fn bitmap(points: &[u8]) -> Vec<u8> {
    section(6, &[&[0], pack(points.iter().map(|p| u32::from(*p)), 1).as_slice()].concat())
}

fn pack(numbers: impl Iterator<Item = u32>, bits: usize) -> Vec<u8> {
    let digits: Vec<u8> = numbers.flat_map(|n| (0..bits).rev().map(move |b| (n >> b & 1) as u8)).collect();
    digits.chunks(8).map(|byte| byte.iter().enumerate().fold(0, |n, (b, digit)| n | digit << (7 - b))).collect()
}

fn data(numbers: &[u32], bits: usize) -> Vec<u8> {
    section(7, &pack(numbers.iter().copied(), bits))
}

const T: [u8; 2] = [0, 0];
const U: [u8; 2] = [2, 2];
const V: [u8; 2] = [2, 3];

/// Temperature at a pressure level on 2 rows and 3 columns: 250 + X/2, in 5 bits.
fn temperature(day: u8, hours: u32, pascal: u32, numbers: &[u32; 6]) -> Vec<u8> {
    let minus_one = 0x8001;
    message(&[identification(day), grid(2, 3, 0), product(T, hours, 100, pascal), representation(6, 250.0, minus_one, 0, 5), no_bitmap(), data(numbers, 5)])
}

#[test]
fn a_message_becomes_a_field_with_coordinates_and_comes_back() {
    let file = temperature(3, 6, 50_000, &[0, 1, 2, 30, 31, 4]);
    assert_eq!(formats::sniff(&file).unwrap().name, "grib");
    let dataset = read(&file).unwrap();
    assert_eq!(dataset.format, grib::FORMAT);
    let t = field(&dataset, "t");
    assert_eq!(t.values, Values::F32(vec![250.0, 250.5, 251.0, 265.0, 265.5, 252.0]));
    assert_eq!(dimensions(&dataset, "t"), [("latitude".to_owned(), 2), ("longitude".to_owned(), 3)]);
    for (name, expected) in
        [("units", "K"), ("standard_name", "air_temperature"), ("GRIB_typeOfLevel", "isobaricInhPa"), ("coordinates", "time step isobaricInhPa")]
    {
        assert_eq!(t.attribute(name).and_then(Values::as_text).as_deref(), Some(expected), "{name}");
    }
    for (name, expected) in [
        ("latitude", vec![60.0, 50.0]),
        ("longitude", vec![350.0, 360.0, 370.0]),
        ("isobaricInhPa", vec![500.0]),
        ("step", vec![6.0]),
        ("time", vec![1_714_716_000.0]),
    ] {
        assert_eq!(numbers(field(&dataset, name)), expected, "{name}");
    }
    assert_eq!(formats::write(&dataset).unwrap(), file);
}

#[test]
fn messages_of_one_cube_become_one_field_in_order() {
    let one = |day, level, first| temperature(day, 0, level, &[first, 0, 0, 0, 0, 0]);
    // Levels downwards as in the first message met, times upwards whatever their order.
    let parts = [one(4, 85_000, 1), one(4, 50_000, 2), one(3, 85_000, 3), one(3, 50_000, 4)];
    let file = [b"heading\r\n".as_slice(), &parts[0], b"between", &parts[1], &parts[2], &parts[3], b"after"].concat();
    let dataset = read(&file).unwrap();
    assert_eq!(dimensions(&dataset, "t").iter().map(|d| d.1).collect::<Vec<_>>(), [2, 2, 2, 3]);
    let firsts: Vec<f64> = numbers(field(&dataset, "t")).chunks(6).map(|plane| (plane[0] - 250.0) * 2.0).collect();
    assert_eq!(numbers(field(&dataset, "isobaricInhPa")), [850.0, 500.0]);
    assert_eq!(firsts, [3.0, 4.0, 1.0, 2.0]);
    assert_eq!(formats::write(&dataset).unwrap(), file);

    // A gap: one field for each level, or time. A message twice: a second field.
    for (parts, shapes) in [(&parts[..3], vec![vec![2, 2, 3], vec![2, 3]]), (&[&parts[..1], &parts[..1]].concat(), vec![vec![2, 3], vec![2, 3]])] {
        let file = parts.concat();
        let dataset = read(&file).unwrap();
        let fields: Vec<&Field> = dataset.fields.iter().filter(|f| f.name.starts_with("t_") || f.name == "t").collect();
        assert_eq!(fields.iter().map(|f| f.shape.clone()).collect::<Vec<_>>(), shapes);
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
}

fn text(field: &Field, attribute: &str) -> Option<String> {
    field.attribute(attribute).and_then(Values::as_text)
}

/// The product with a second surface; both are in hundredths.
fn layer(product: &[u8], first: u32, second: [u8; 2], value: u32) -> Vec<u8> {
    let mut layer = product.to_vec();
    layer[23] = 2;
    layer[24..28].copy_from_slice(&first.to_be_bytes());
    layer[28..30].copy_from_slice(&second);
    layer[30..34].copy_from_slice(&value.to_be_bytes());
    layer
}

#[test]
fn layers_have_bounds() {
    let soil = |first, second, value| {
        let product = layer(&product([0, 0], 0, 106, 0), first, second, value);
        message(&[identification(3), grid(2, 3, 0), product, representation(6, 280.0, 0, 0, 5), no_bitmap(), data(&[0; 6], 5)])
    };
    let file = [soil(0, [106, 2], 10), soil(10, [106, 2], 40), soil(40, [106, 2], 100)].concat();
    let dataset = read(&file).unwrap();
    let depth = field(&dataset, "depthBelowLandLayer");
    assert_eq!(numbers(depth), [0.0, 0.1, 0.4]);
    assert_eq!(text(depth, "bounds").as_deref(), Some("depthBelowLandLayer_bnds"));
    assert_eq!(text(depth, "standard_name").as_deref(), Some("depth"));
    assert_eq!(numbers(field(&dataset, "depthBelowLandLayer_bnds")), [0.0, 0.1, 0.1, 0.4, 0.4, 1.0]);
    assert_eq!(dimensions(&dataset, "depthBelowLandLayer_bnds"), [("depthBelowLandLayer".to_owned(), 3), ("bnds".to_owned(), 2)]);
    assert_eq!(formats::write(&dataset).unwrap(), file);

    // One layer: scalars of no dimension and of two bounds.
    let mut first = first_edition(0, &[]);
    first[8 + 9..8 + 12].copy_from_slice(&[112, 10, 40]);
    for file in [soil(10, [106, 2], 40), first] {
        let dataset = read(&file).unwrap();
        assert_eq!(numbers(field(&dataset, "depthBelowLandLayer_bnds")), [0.1, 0.4]);
        assert_eq!(dimensions(&dataset, "depthBelowLandLayer_bnds"), [("bnds".to_owned(), 2)]);
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
    // Surfaces of two types, or without a value, bound nothing in one unit.
    for (second, value) in [([1, 0], 0), ([106, 255], u32::MAX)] {
        let dataset = read(&soil(10, second, value)).unwrap();
        assert!(field(&dataset, "depthBelowLandLayer").attribute("bounds").is_none());
        assert!(dataset.fields.iter().all(|f| !f.name.ends_with("_bnds")));
    }
}

/// Template 4.8: precipitation processed in that way over the hours from `start` to `end`; `increment` is of code table 4.11.
fn processed(statistic: u8, increment: u8, [start, end]: [u32; 2]) -> Vec<u8> {
    let mut product = product([1, 8], start, 1, 0);
    product[8] = 8;
    product.extend([0x07, 0xe8, 5, 3, 6, 0, 0, 1, 0, 0, 0, 0, statistic, increment, 1]);
    product.extend((end - start).to_be_bytes());
    product.extend([255, 0, 0, 0, 0]);
    let length = u32::try_from(product.len()).unwrap();
    product[..4].copy_from_slice(&length.to_be_bytes());
    message(&[identification(3), grid(2, 3, 0), product, representation(6, 0.0, 0, 0, 5), no_bitmap(), data(&[0; 6], 5)])
}

#[test]
fn intervals_have_bounds_and_methods() {
    let file = [temperature(3, 6, 50_000, &[0; 6]), temperature(3, 12, 50_000, &[0; 6]), processed(1, 2, [0, 6]), processed(1, 2, [6, 12])].concat();
    let dataset = read(&file).unwrap();
    assert_eq!(dimensions(&dataset, "t")[0], ("step".to_owned(), 2));
    assert!(field(&dataset, "step").attribute("bounds").is_none() && field(&dataset, "t").attribute("cell_methods").is_none());
    assert_eq!(dimensions(&dataset, "tp")[0], ("step_2".to_owned(), 2));
    assert_eq!(numbers(field(&dataset, "step_2")), [6.0, 12.0]);
    assert_eq!(text(field(&dataset, "step_2"), "bounds").as_deref(), Some("step_2_bnds"));
    assert_eq!(numbers(field(&dataset, "step_2_bnds")), [0.0, 6.0, 6.0, 12.0]);
    assert_eq!(text(field(&dataset, "tp"), "cell_methods").as_deref(), Some("step_2: sum"));
    assert_eq!(formats::write(&dataset).unwrap(), file);

    for (statistic, increment, expected) in
        [(0, 2, Some("step: mean")), (2, 2, Some("step: maximum")), (3, 255, Some("step: minimum")), (0, 1, Some("time: mean")), (4, 2, None), (1, 3, None)]
    {
        let dataset = read(&processed(statistic, increment, [6, 12])).unwrap();
        assert_eq!(text(field(&dataset, "tp"), "cell_methods").as_deref(), expected, "{statistic} {increment}");
        let bounds = dataset.fields.iter().find(|f| f.name == "step_bnds").map(numbers);
        assert_eq!(bounds, [2, 255].contains(&increment).then(|| vec![6.0, 12.0]), "{statistic} {increment}");
    }
    // Intervals that end together and begin apart are two fields; one field of two times whose intervals begin apart has no bounds.
    let apart = read(&[processed(1, 2, [0, 12]), processed(1, 2, [6, 12])].concat()).unwrap();
    assert_eq!(["step_bnds", "step_2_bnds"].map(|name| numbers(field(&apart, name))), [[0.0, 12.0], [6.0, 12.0]]);
    let mut next_day = processed(1, 2, [6, 12]);
    next_day[16 + 15] = 4;
    let apart = read(&[processed(1, 2, [0, 12]), next_day].concat()).unwrap();
    assert_eq!(dimensions(&apart, "tp")[0], ("time".to_owned(), 2));
    assert!(field(&apart, "step").attribute("bounds").is_none());

    // Hours 6 to 12 of edition 1: averaged and added up over them, averaged over several forecasts.
    for (range, expected, bounds) in [(3, Some("step: mean"), true), (4, Some("step: sum"), true), (2, None, true), (113, Some("time: mean"), false)] {
        let mut file = first_edition(0, &[]);
        file[8 + 18..8 + 21].copy_from_slice(&[6, 12, range]);
        let dataset = read(&file).unwrap();
        assert_eq!(text(field(&dataset, "t2m"), "cell_methods").as_deref(), expected, "{range}");
        assert_eq!(dataset.fields.iter().find(|f| f.name == "step_bnds").map(numbers), bounds.then(|| vec![6.0, 12.0]), "{range}");
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
}

#[test]
fn names_are_those_of_the_table_of_the_centre() {
    // Edition 1: centre, table, number; variable and units.
    for (code, variable, units) in [
        ([98, 128, 34], "sst", "K"),
        ([7, 2, 11], "t", "K"),
        ([7, 2, 10], "tco3", "DU"),
        ([7, 2, 57], "e", "kg m-2"),
        ([7, 2, 65], "sdwe", "kg m-2"),
        ([7, 2, 86], "ssw", "kg m-2"),
        ([7, 2, 90], "ro", "kg m-2"),
        ([7, 2, 153], "clwmr", "kg kg-1"),
        ([7, 2, 160], "csusf", "W m-2"),
        ([7, 129, 200], "duvb", "W m-2"),
        ([7, 129, 201], "cduvb", "W m-2"),
        ([7, 130, 11], "t", "K"),
        ([7, 130, 160], "soill", "1"),
        ([7, 130, 161], "asnow", "kg m-2"),
        ([7, 131, 11], "t", "K"),
        ([34, 2, 65], "sf", "kg m-2"),
        ([34, 2, 160], "param_2_160", ""),
        ([34, 130, 11], "param_130_11", ""),
    ] {
        let mut file = first_edition(0, &[]);
        (file[8 + 4], file[8 + 3], file[8 + 8]) = (code[0], code[1], code[2]);
        let dataset = read(&file).unwrap();
        let field = dataset.fields.last().unwrap();
        assert_eq!((field.name.as_str(), text(field, "units").unwrap_or_default().as_str()), (variable, units), "{code:?}");
    }
    // Edition 2: centre, category, number. Numbers from 192 on are each centre's own.
    for (centre, parameter, variable) in [(7, [16, 195], "refd"), (54, [16, 195], "param_0_16_195"), (7, [3, 196], "hpbl"), (98, [15, 1], "bref")] {
        let mut identification = identification(3);
        identification[6] = centre;
        let representation = representation(6, 0.0, 0, 0, 5);
        let file = message(&[identification, grid(2, 3, 0), product(parameter, 0, 1, 0), representation, no_bitmap(), data(&[0; 6], 5)]);
        assert_eq!(read(&file).unwrap().fields.last().unwrap().name, variable);
    }
}

/// u and v in one message, the bitmap of u holding for v.
fn wind() -> Vec<u8> {
    message(&[
        identification(3),
        grid(2, 3, 0),
        product(U, 0, 103, 10),
        representation(4, -1.0, 0, 1, 8),
        bitmap(&[1, 0, 1, 1, 0, 1]),
        data(&[0, 10, 20, 255], 8),
        product(V, 0, 103, 10),
        representation(4, 5.0, 0, 0, 0),
        section(6, &[254]),
        data(&[], 0),
    ])
}

#[test]
fn submessages_share_grid_and_bitmap() {
    let file = wind();
    let dataset = read(&file).unwrap();
    let [u, v] = ["u10", "v10"].map(|name| numbers(field(&dataset, name)));
    let expected = [-0.1f32, f32::NAN, 0.9, 1.9, f32::NAN, 25.4].map(f64::from);
    assert!(u.iter().zip(expected).all(|(a, b)| *a == b || a.is_nan() && b.is_nan()), "{u:?}");
    assert_eq!(v.iter().filter(|x| **x == 5.0).count(), 4);
    assert_eq!(formats::write(&dataset).unwrap(), file);
}

#[test]
fn an_archive_gives_the_file_back() {
    use deepcomp::archive::{Archive, Compressor, Decompressor};
    use deepcomp::codec::Options;
    use deepcomp::field::ErrorBound;
    use deepcomp::network::model::Models;
    for file in [wind(), first_edition(0, &[1, 1, 0, 0, 1, 1])] {
        let options = Options { coarse: true, ..Options::new(ErrorBound::Lossless) };
        let (archive, _) = Compressor::new(read(&file).unwrap(), "wind.grib", &options).unwrap().finish().unwrap();
        let opened = Archive::open(&archive, &Limits::default()).unwrap();
        let dataset = Decompressor::new(opened, 0, &Models::default()).unwrap().finish(&archive).unwrap();
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
}

#[test]
fn values_that_changed_become_ieee_numbers() {
    let mut dataset = read(&wind()).unwrap();
    let u = dataset.fields.iter_mut().find(|f| f.name == "u10").unwrap();
    u.values = Values::F32(vec![0.123, 1.0, f32::NAN, 4.0, f32::INFINITY, -0.0]);
    let again = read(&formats::write(&dataset).unwrap()).unwrap();
    assert_eq!(again.fields, dataset.fields);
    let mut dataset = read(&first_edition(0, &[])).unwrap();
    let name = dataset.fields.last().unwrap().name.clone();
    dataset.fields.last_mut().unwrap().values = Values::F32(vec![0.1; 6]);
    assert!(matches!(formats::write(&dataset), Err(Error::Unsupported { what, .. }) if what.contains(&name)));
}

#[test]
fn other_orders_of_points_are_undone_and_done_again() {
    let numbers_of = |scanning: u8, order: [u32; 6]| {
        let representation = representation(6, 0.0, 0, 0, 4);
        let file = message(&[identification(3), grid(2, 3, scanning), product(T, 0, 100, 50_000), representation, no_bitmap(), data(&order, 4)]);
        let dataset = read(&file).unwrap();
        assert_eq!(formats::write(&dataset).unwrap(), file, "{scanning:#x}");
        numbers(field(&dataset, "t"))
    };
    for (scanning, order) in [(0, [1, 2, 3, 4, 5, 6]), (0x20, [1, 4, 2, 5, 3, 6]), (0x10, [1, 2, 3, 6, 5, 4]), (0x30, [1, 4, 5, 2, 3, 6])] {
        assert_eq!(numbers_of(scanning, order), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "{scanning:#x}");
    }
}

#[test]
fn numbers_that_f32_does_not_tell_apart_are_kept_in_f64_or_as_they_were() {
    let one = |reference: f32, bits: u8, numbers: &[u32]| {
        message(&[
            identification(3),
            grid(1, 2, 0),
            product(T, 0, 100, 50_000),
            representation(2, reference, 0, 0, bits),
            no_bitmap(),
            data(numbers, bits.into()),
        ])
    };
    let double = one(1e5, 30, &[0x3fff_ffff, 0x3fff_fffe]);
    let dataset = read(&double).unwrap();
    assert_eq!(field(&dataset, "t").values, Values::F64(vec![1e5 + 1_073_741_823.0, 1e5 + 1_073_741_822.0]));
    assert_eq!(formats::write(&dataset).unwrap(), double);
    let hopeless = one(1e30, 8, &[1, 2]);
    assert_eq!(formats::write(&read(&hopeless).unwrap()).unwrap(), hopeless);
}

#[test]
fn what_stands_behind_the_numbers_is_kept() {
    let mut data = data(&[1, 2, 3, 4, 5, 6], 5);
    *data.last_mut().unwrap() |= 3;
    data.extend([9, 8]);
    data[3] += 2;
    let file = message(&[identification(3), grid(2, 3, 0), product(T, 0, 100, 50_000), representation(6, 0.0, 0, 0, 5), no_bitmap(), data]);
    assert_eq!(formats::write(&read(&file).unwrap()).unwrap(), file);
}

// ------------------------------------------------------------------------------------------------------------------------ messages of edition 1

/// ECMWF, 2 metre temperature on 2 rows and 3 columns in 8 bits, with a bitmap unless `points` is empty; `flags` are those of the data.
fn first_edition(flags: u8, points: &[u8]) -> Vec<u8> {
    let has_bitmap = if points.is_empty() { 0 } else { 0x40 };
    let product = [0, 0, 28, 128, 98, 1, 255, 0x80 | has_bitmap, 167, 1, 0, 0, 24, 5, 3, 6, 0, 1, 12, 0, 0, 0, 0, 0, 21, 0, 0, 1];
    let mut grid = vec![0, 0, 32, 0, 255, 0, 0, 3, 0, 2];
    for degrees in [60, 350] {
        grid.extend(&u32::to_be_bytes(degrees * 1000)[1..]);
    }
    grid.push(0x80);
    for degrees in [50, 10] {
        grid.extend(&u32::to_be_bytes(degrees * 1000)[1..]);
    }
    grid.extend([0x27, 0x10, 0x27, 0x10, 0, 0, 0, 0, 0]);
    let bitmap = if points.is_empty() { Vec::new() } else { [&[0, 0, 8, 10, 0, 0], pack(points.iter().map(|p| u32::from(*p)), 1).as_slice(), &[0]].concat() };
    let count = if points.is_empty() { 6 } else { points.iter().filter(|p| **p == 1).count() };
    let numbers: Vec<u8> = (0..count as u8).map(|n| n * 40).collect();
    // The reference value is 0x43 and 0x1f4000 parts of 2^24: 500, so 50 K.
    let head = [0, 0, 11 + count as u8, flags << 4, 0, 0, 0x43, 0x1f, 0x40, 0, 8];
    let body = [product.as_slice(), &grid, &bitmap, &head, &numbers, b"7777"].concat();
    let length = u32::try_from(body.len() + 8).unwrap();
    [b"GRIB", &length.to_be_bytes()[1..], &[1], &body].concat()
}

#[test]
fn the_first_edition_is_read_and_comes_back() {
    for (points, expected) in [(vec![], vec![50.0, 54.0, 58.0, 62.0, 66.0, 70.0]), (vec![1, 1, 0, 0, 1, 1], vec![50.0, 54.0, f64::NAN, f64::NAN, 58.0, 62.0])] {
        let file = first_edition(0, &points);
        let dataset = read(&file).unwrap();
        let values = numbers(field(&dataset, "t2m"));
        assert!(values.iter().zip(&expected).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{values:?}");
        assert_eq!(numbers(field(&dataset, "step")), [12.0]);
        assert_eq!(numbers(field(&dataset, "time")), [1_714_716_000.0]);
        assert_eq!(numbers(field(&dataset, "longitude")), [350.0, 360.0, 370.0]);
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
}

/// 16 rows of 24 samples of 16 bits, irreversibly: the 9/7 wavelet in floating point.
const IRREVERSIBLE: &str = "\
ff4fff5100290000000000180000001000000000000000000000001800000010000000000000000000010f0101ff52000c00000001000204040000ff5c0011429f5290059005904797d397\
d39762ff90000a0000000000520001ff93c3f51e14005a684da1cf7e0c4fcbaa3045eec0c89b650d47f95d15a9987dd47558c00f8c3401f28c002ea1e038ae380164ae8d030f4014b5985b\
d4a003850058024ce09dffd9";

#[test]
fn irreversible_jpeg_2000_gives_the_same_numbers_everywhere() {
    let stream: Vec<u8> = (0..IRREVERSIBLE.len()).step_by(2).map(|n| u8::from_str_radix(&IRREVERSIBLE[n..n + 2], 16).unwrap()).collect();
    let mut representation = representation(384, 0.0, 0, 0, 16);
    representation[10] = 40;
    representation.extend([1, 4]);
    representation[3] += 2;
    let file = message(&[identification(3), grid_every(1, 16, 24, 0), product(T, 0, 100, 50_000), representation, no_bitmap(), section(7, &stream)]);
    let values = numbers(field(&read(&file).unwrap(), "t"));
    // A processor that fuses multiplications and additions gets another sum, unless the decoder is kept from it (see Cargo.toml).
    assert_eq!(values.iter().enumerate().map(|(n, x)| x * (n % 97) as f64).sum::<f64>(), 780_811_244.0);
}

#[test]
fn values_that_do_not_fill_their_grid_are_a_list() {
    let one = |points: u32, count: u32, bits: u8, bitmap: Vec<u8>| {
        let mut grid = grid(2, 3, 0);
        grid[6..10].copy_from_slice(&points.to_be_bytes());
        let numbers: Vec<u32> = (0..if bits == 0 { 0 } else { count }).collect();
        message(&[identification(3), grid, product(T, 0, 100, 50_000), representation(count, 250.0, 0, 0, bits), bitmap, data(&numbers, bits.into())])
    };
    let nan = f64::NAN;
    for (file, expected) in [
        (one(1, 1, 0, no_bitmap()), vec![250.0]),
        (one(7, 7, 5, no_bitmap()), (0..7).map(|n| 250.0 + f64::from(n)).collect()),
        (one(7, 3, 5, bitmap(&[0, 1, 0, 0, 1, 0, 1])), vec![nan, 250.0, nan, nan, 251.0, nan, 252.0]),
    ] {
        let dataset = read(&file).unwrap();
        assert_eq!(dimensions(&dataset, "t"), [("values".to_owned(), expected.len())]);
        assert!(numbers(field(&dataset, "t")).iter().zip(&expected).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
    assert_eq!(malformed_at(&one(7, 6, 5, no_bitmap())), 16 + 21 + 6, "values that no header agrees on");
}

#[test]
fn values_of_headers_that_are_no_numbers_are_none_either_and_come_back() {
    let one = |day: u8, reference: f32, binary: u16| {
        let representation = representation(6, reference, binary, 0, 5);
        message(&[identification(day), grid(2, 3, 0), product(T, 6, 100, 50_000), representation, no_bitmap(), data(&[0, 1, 2, 3, 4, 5], 5)])
    };
    for (reference, binary, first) in
        [(f32::INFINITY, 0, f32::INFINITY), (f32::NEG_INFINITY, 0, f32::NEG_INFINITY), (f32::NAN, 0, f32::NAN), (1.0, 0x7fff, f32::NAN)]
    {
        let file = [temperature(3, 6, 50_000, &[0, 1, 2, 3, 4, 5]), one(4, reference, binary)].concat();
        let dataset = read(&file).unwrap();
        let Values::F32(values) = &field(&dataset, "t").values else { panic!("not f32") };
        assert_eq!(values[..6], [250.0, 250.5, 251.0, 251.5, 252.0, 252.5], "the other message");
        assert!(values[6].to_bits() == first.to_bits() && values[7..].iter().all(|x| !x.is_finite()), "{values:?}");
        assert_eq!(formats::write(&dataset).unwrap(), file);
    }
}

// ------------------------------------------------------------------------------------------------------------------------- what is refused

fn malformed_at(bytes: &[u8]) -> u64 {
    match read(bytes) {
        Err(Error::Malformed { offset, .. }) => offset,
        other => panic!("expected Malformed, got {other:?}"),
    }
}

#[test]
fn damage_is_told_with_its_place() {
    let whole = temperature(3, 6, 50_000, &[0; 6]);
    let two = [whole.as_slice(), &whole].concat();
    assert_eq!(malformed_at(&two[..two.len() - 1]), whole.len() as u64, "the message that is cut short");
    let change = |at: usize, byte: u8| {
        let mut file = whole.clone();
        file[at] = byte;
        malformed_at(&file)
    };
    assert_eq!(change(whole.len() - 1, b'8'), whole.len() as u64 - 4, "no end");
    assert_eq!(change(16 + 3, 4), 16, "a section shorter than its head");
    assert_eq!(change(16 + 3, 255), 16, "a section longer than the message");
    assert_eq!(change(16 + 21 + 4, 4), 170 + 4, "values without a grid");
    assert_eq!(change(16 + 21 + 9, 7), 16 + 21 + 6, "more points than rows and columns");
    assert_eq!(change(16 + 21 + 72 + 34 + 8, 5), 16 + 21 + 72 + 34 + 5, "fewer values than points");
    assert_eq!(change(16 + 21 + 72 + 34 + 19, 9), (16 + 21 + 72 + 34 + 21 + 6 + 5) as u64, "fewer bits than values");
}

#[test]
fn what_is_not_read_is_told_with_a_way_out() {
    let with = |template: u8| {
        let mut representation = representation(6, 0.0, 0, 0, 5);
        representation[10] = template;
        message(&[identification(3), grid(2, 3, 0), product(T, 0, 100, 50_000), representation, no_bitmap(), data(&[0; 6], 5)])
    };
    let predefined =
        message(&[identification(3), grid(2, 3, 0), product(T, 0, 100, 50_000), representation(6, 0.0, 0, 0, 5), section(6, &[1]), data(&[0; 6], 5)]);
    let wide = {
        let mut representation = representation(6, 0.0, 0, 0, 25);
        representation[10] = 40;
        representation.extend([0, 255]);
        representation[3] += 2;
        message(&[identification(3), grid(2, 3, 0), product(T, 0, 100, 50_000), representation, no_bitmap(), section(7, b"\xff\x4f")])
    };
    for (file, advice) in [
        (wide, "grid_simple"),
        (with(50), "cdo sp2gp"),
        (with(200), "grib_set"),
        (first_edition(8, &[]), "cdo sp2gp"),
        (first_edition(4, &[]), "grib_set"),
        (predefined, "eccodes"),
    ] {
        match read(&file) {
            Err(Error::Unsupported { advice: given, .. }) => assert!(given.contains(advice), "{given}"),
            other => panic!("expected Unsupported, got {other:?}"),
        }
    }
}

#[test]
fn a_few_bytes_do_not_claim_much_memory() {
    // 2^32 − 2^16 constant values, which take no bits.
    let huge = message(&[
        identification(3),
        grid(0xffff, 0x1_0000, 0),
        product(T, 0, 100, 50_000),
        representation(0xffff_0000, 1.0, 0, 0, 0),
        no_bitmap(),
        data(&[], 0),
    ]);
    let limits = Limits { decoded_bytes: 1 << 30, ..Limits::default() };
    assert!(matches!(formats::read(&huge, "", &limits), Err(Error::LimitExceeded { .. })));
    let file: Vec<u8> = (0..20u32).flat_map(|n| temperature(3, n * n, 50_000, &[0; 6])).collect();
    let few = Limits { decoded_bytes: 300, ..Limits::default() };
    assert!(matches!(formats::read(&file, "", &few), Err(Error::LimitExceeded { .. })));
}

#[test]
fn bytes_before_a_message_may_be_a_heading() {
    let bulletin = [b"\x01\r\r\n123\r\r\nHTXX01 KWBC 030600\r\r\n".as_slice(), &wind(), b"\r\r\n\x03"].concat();
    assert_eq!(formats::sniff(&bulletin).unwrap().name, "grib");
    assert_eq!(formats::write(&read(&bulletin).unwrap()).unwrap(), bulletin);
    assert!(formats::sniff(&[vec![0; 300], wind()].concat()).is_err());
    assert!(formats::sniff(b"GRI").is_err());
}

#[test]
fn altered_files_and_layouts_give_errors_not_panics() {
    let sources = [wind(), temperature(3, 6, 50_000, &[7; 6]), first_edition(0, &[1, 1, 0, 0, 1, 1])];
    let small = Limits { decoded_bytes: 1 << 20, ..Limits::default() };
    for source in &sources {
        for (at, value) in (0..source.len()).flat_map(|at| [0u8, 1, 0x7f, 0x80, 0xff].map(|value| (at, value))) {
            let mut bytes = source.clone();
            bytes[at] = value;
            if let Ok(dataset) = formats::read(&bytes, "", &small) {
                let _ = formats::write(&dataset);
            }
            let _ = formats::read(&source[..at], "", &small);
        }
        let dataset = read(source).unwrap();
        for (at, value) in (0..dataset.layout.len()).flat_map(|at| [0u8, 1, 0x1b, 0x80, 0xff].map(|value| (at, value))) {
            let mut dataset = dataset.clone();
            dataset.layout[at] = value;
            let _ = formats::write(&dataset);
        }
    }
    let mut dataset = read(&sources[0]).unwrap();
    dataset.fields.pop();
    assert!(matches!(formats::write(&dataset), Err(Error::InvalidArgument { .. })));
    dataset.layout.clear();
    assert!(matches!(formats::write(&dataset), Err(Error::Unsupported { .. })));
}

// --------------------------------------------------------------------------------------------------------------------------- eccodes as judge

/// A file for the tools to work on.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("grib-{}-{name}", std::process::id()))
}

fn sample(name: &str) -> PathBuf {
    let path = Path::new("/usr/share/eccodes/samples").join(format!("{name}.tmpl"));
    assert!(path.exists(), "no sample files of eccodes; install them: apt-get install libeccodes-tools libeccodes-data");
    path
}

/// What a tool of eccodes prints. It must succeed.
fn tool(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(name).args(arguments).output().unwrap_or_else(|error| panic!("{name}: {error}; install it: apt-get install libeccodes-tools"));
    assert!(output.status.success(), "{name} {arguments:?}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Latitude, longitude and value of each point that is not missing, as eccodes has them, in its order.
fn points(path: &Path) -> Vec<[f64; 3]> {
    let text = tool("grib_get_data", &["-F", "%.17g", "-L", "%.9f %.9f", path.to_str().unwrap()]);
    let lines = text.lines().filter(|line| !line.contains("Lat"));
    lines.map(|line| line.split_whitespace().map(|n| n.parse().unwrap()).collect::<Vec<f64>>().try_into().unwrap()).collect()
}

/// The same of the only field of a dataset, in its order.
fn own_points(dataset: &Dataset) -> Vec<[f64; 3]> {
    let field = dataset.fields.last().unwrap();
    let all = numbers(field);
    let columns = *field.shape.last().unwrap();
    let coordinate = |name: &str| numbers(self::field(dataset, name));
    let (latitudes, longitudes) = (coordinate("latitude"), coordinate("longitude"));
    let at = |list: &[f64], n: usize, other: usize| if list.len() == all.len() { list[n] } else { list[other] };
    let points = all.iter().enumerate().filter(|(_, value)| !value.is_nan());
    points.map(|(n, value)| [at(&latitudes, n, n / columns), at(&longitudes, n, n % columns), *value]).collect()
}

/// Our values are eccodes' values in our precision, where eccodes has them.
fn agree(path: &Path) -> Dataset {
    let dataset = read(&std::fs::read(path).unwrap()).unwrap();
    let (ours, theirs) = (own_points(&dataset), points(path));
    assert_eq!(ours.len(), theirs.len(), "{}", path.display());
    let single = matches!(dataset.fields.last().unwrap().values, Values::F32(_));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let value = if single { f64::from(theirs[2] as f32) } else { theirs[2] };
        let east = (ours[1] - theirs[1] + 180.0).rem_euclid(360.0) - 180.0;
        let near = (ours[0] - theirs[0]).abs() < 1e-4 && (east * theirs[0].to_radians().cos()).abs() < 1e-4;
        assert!(near && ours[2] == value, "{}: {ours:?} instead of {theirs:?}", path.display());
    }
    dataset
}

/// What differs where complex packing, JPEG 2000, PNG or CCSDS became simple packing.
const PACKING: &str = include_str!("field_tools/packing_keys.txt");

/// A wave with missing points on 50 rows and 120 columns, in 12 bits.
fn wave() -> PathBuf {
    let (rows, columns) = (50u32, 120u32);
    let wave = |n: u32| (2047.0 + 2000.0 * (f64::from(n % columns) / 25.0).sin() * (f64::from(n / columns) / 9.0).cos()) as u32;
    let points: Vec<u8> = (0..rows * columns).map(|n| u8::from(n % 11 != 3 && !(700..900).contains(&n))).collect();
    let numbers: Vec<u32> = (0..rows * columns).filter(|n| points[*n as usize] == 1).map(wave).collect();
    let representation = representation(u32::try_from(numbers.len()).unwrap(), 2300.0, 0, 1, 12);
    let file = message(&[identification(3), grid_every(1, rows, columns, 0), product(T, 24, 100, 85_000), representation, bitmap(&points), data(&numbers, 12)]);
    let path = scratch("wave.grib");
    std::fs::write(&path, file).unwrap();
    path
}

#[test]
fn eccodes_agrees_on_every_packing() {
    let source = wave();
    let simple = std::fs::read(&source).unwrap();
    assert_eq!(formats::write(&agree(&source)).unwrap(), simple);
    for packing in ["grid_complex", "grid_complex_spatial_differencing", "grid_jpeg", "grid_png", "grid_ccsds", "grid_ieee"] {
        let (packed, written) = (scratch(&format!("{packing}.grib")), scratch(&format!("{packing}-written.grib")));
        tool("grib_set", &["-r", "-s", &format!("packingType={packing}"), source.to_str().unwrap(), packed.to_str().unwrap()]);
        let dataset = agree(&packed);
        let bytes = formats::write(&dataset).unwrap();
        std::fs::write(&written, &bytes).unwrap();
        if packing == "grid_ieee" {
            assert_eq!(bytes, std::fs::read(&packed).unwrap());
        }
        tool("grib_compare", &["-f", "-b", &PACKING.lines().collect::<Vec<_>>().join(","), packed.to_str().unwrap(), written.to_str().unwrap()]);
        assert_eq!(read(&bytes).unwrap().fields, dataset.fields, "{packing}");
        // What changed is still told in values that eccodes reads.
        let mut changed = dataset.clone();
        if let Values::F32(values) = &mut changed.fields.last_mut().unwrap().values {
            values.iter_mut().for_each(|x| *x += 0.0137);
        }
        std::fs::write(&written, formats::write(&changed).unwrap()).unwrap();
        assert_eq!(agree(&written).fields, changed.fields, "{packing}");
    }
}

#[test]
fn eccodes_agrees_on_few_bits() {
    let source = wave();
    for (packing, bits) in
        [("grid_ccsds", 1), ("grid_ccsds", 4), ("grid_ccsds", 8), ("grid_png", 1), ("grid_png", 4), ("grid_jpeg", 5), ("grid_simple", 1), ("grid_simple", 3)]
    {
        let packed = scratch(&format!("{packing}-{bits}.grib"));
        tool("grib_set", &["-r", "-s", &format!("packingType={packing},bitsPerValue={bits}"), source.to_str().unwrap(), packed.to_str().unwrap()]);
        agree(&packed);
    }
}

/// A number that complex packing holds: an integer, or one of the two kinds of missing values.
#[derive(Clone, Copy, PartialEq)]
enum Packed {
    Number(i64),
    Primary,
    Secondary,
}
use Packed::{Number, Primary, Secondary};

/// Sections 5 and 7 of complex packing, of spatial differences of that order, with missing values managed in that way, in groups of those lengths.
fn complex(numbers: &[Packed], order: usize, management: u8, lengths: &[usize]) -> [Vec<u8>; 2] {
    let present: Vec<i64> = numbers.iter().filter_map(|n| if let Number(n) = n { Some(*n) } else { None }).collect();
    let difference = |n: usize| match order {
        _ if n < order => 0,
        0 => present[n],
        1 => present[n] - present[n - 1],
        _ => present[n] - 2 * present[n - 1] + present[n - 2],
    };
    let differences: Vec<i64> = (0..present.len()).map(difference).collect();
    let smallest = if order == 0 { 0 } else { *differences[order..].iter().min().unwrap() };
    // The first numbers are elsewhere; what stands in their place is never read.
    let mut positive = differences.iter().enumerate().map(|(n, d)| if n < order { 0 } else { u32::try_from(d - smallest).unwrap() });
    let numbers: Vec<Result<u32, u32>> = numbers
        .iter()
        .map(|n| match n {
            Number(_) => Ok(positive.next().unwrap()),
            Primary => Err(1),
            Secondary => Err(2),
        })
        .collect();
    // 15 bits for references leave room for both kinds of missing values.
    let (bits, octets) = (15, 3);
    let (mut references, mut widths, mut packed) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = numbers.as_slice();
    for length in lengths {
        let (group, after) = rest.split_at(*length);
        rest = after;
        let known: Vec<u32> = group.iter().filter_map(|n| n.ok()).collect();
        let (low, high) = (known.iter().min().copied().unwrap_or(0), known.iter().max().copied().unwrap_or(0));
        let same = group.iter().all(|n| *n == group[0]);
        let width = if same { 0 } else { (0..).find(|w| high - low + u32::from(management) < 1 << w).unwrap() };
        references.push(if let (true, Err(kind)) = (same, group[0]) { (1 << bits) - kind } else { low });
        widths.push(width);
        let number = |n: &Result<u32, u32>| n.map_or_else(|kind| (1 << width) - kind, |n| n - low);
        packed.extend(group.iter().flat_map(|n| (0..width).rev().map(move |b| number(n) >> b & 1)));
    }
    assert!(rest.is_empty());
    let mut body = u32::try_from(numbers.len()).unwrap().to_be_bytes().to_vec();
    body.extend([0, if order == 0 { 2 } else { 3 }]);
    body.extend(250f32.to_be_bytes());
    body.extend([0x80, 1, 0, 0, bits as u8, 0, 1, management]);
    body.extend(1e20f32.to_be_bytes());
    body.extend(2e20f32.to_be_bytes());
    body.extend(u32::try_from(lengths.len()).unwrap().to_be_bytes());
    let narrowest = *widths.iter().min().unwrap();
    body.extend([narrowest as u8, 4]);
    body.extend(2u32.to_be_bytes());
    body.push(3);
    body.extend(u32::try_from(*lengths.last().unwrap()).unwrap().to_be_bytes());
    body.push(6);
    if order > 0 {
        body.extend([order as u8, octets]);
    }
    let mut data = Vec::new();
    if order > 0 {
        let signed = |n: i64| n.unsigned_abs() as u32 | if n < 0 { 0x80_0000 } else { 0 };
        data.extend(present[..order].iter().chain([&smallest]).flat_map(|n| signed(*n).to_be_bytes()[1..].to_vec()));
    }
    data.extend(pack(references.into_iter(), bits));
    data.extend(pack(widths.iter().map(|w| w - narrowest), 4));
    // Lengths are 2 and multiples of 3; that of the last is not told by them.
    data.extend(pack(lengths.iter().map(|n| (*n as u32).saturating_sub(2) / 3), 6));
    data.extend(pack(packed.into_iter(), 1));
    [section(5, &body), section(7, &data)]
}

#[test]
fn eccodes_agrees_on_missing_values_in_complex_packing() {
    // 12 rows and 20 columns in groups: of a few missing values, of nothing else, of one number, of numbers and nothing else.
    let number = |n: usize| match n {
        50..82 => Primary,
        82..90 => Secondary,
        90..101 => Number(1700),
        120..170 => Number((n * n % 83) as i64),
        n if n % 13 == 5 => Primary,
        n if n % 17 == 6 => Secondary,
        n => Number(1000 + ((n as f64 / 7.0).sin() * 900.0) as i64),
    };
    let lengths = [50, 32, 8, 11, 5, 14, 50, 35, 20, 15];
    for (management, order) in [0, 1, 2].into_iter().flat_map(|m| [(m, 0), (m, 1), (m, 2)]) {
        let numbers: Vec<Packed> = (0..240)
            .map(|n| match number(n) {
                Secondary if management == 1 => Primary,
                Primary | Secondary if management == 0 => Number(n as i64),
                number => number,
            })
            .collect();
        let [representation, data] = complex(&numbers, order, management, &lengths);
        let file = message(&[identification(3), grid_every(1, 12, 20, 0), product(T, 24, 100, 85_000), representation, no_bitmap(), data]);
        let (path, written) = (scratch("complex.grib"), scratch("complex-written.grib"));
        std::fs::write(&path, file).unwrap();
        let dataset = agree(&path);
        let expected = numbers.iter().map(|n| if let Number(n) = n { 250.0 + *n as f32 / 2.0 } else { f32::NAN });
        let Values::F32(values) = &dataset.fields.last().unwrap().values else { panic!("not f32") };
        assert!(values.iter().zip(expected).all(|(a, b)| *a == b || a.is_nan() && b.is_nan()), "{management} {order}: {values:?}");
        // Written in simple packing, with a bitmap where values are missing.
        std::fs::write(&written, formats::write(&dataset).unwrap()).unwrap();
        assert_eq!(agree(&written).fields, dataset.fields, "{management} {order}");
        assert_eq!(
            tool("grib_get", &["-p", "numberOfMissing", path.to_str().unwrap()]),
            tool("grib_get", &["-p", "numberOfMissing", written.to_str().unwrap()])
        );
    }
}

/// A group of complex packing as it stands in the file.
struct Group {
    reference: u32,
    width: u32,
    numbers: Vec<u32>,
}

/// A message of complex packing from its groups, whatever they mean: of spatial differences of `order`, whose first numbers and smallest difference are `extra`.
fn grouped(groups: &[Group], bits: u8, management: u8, order: u8, extra: [u8; 3]) -> Vec<u8> {
    let count: usize = groups.iter().map(|g| g.numbers.len()).sum();
    let narrowest = groups.iter().map(|g| g.width).min().unwrap();
    let width_bits = u8::from(groups.iter().any(|g| g.width > narrowest)) * 3;
    let mut body = u32::try_from(count).unwrap().to_be_bytes().to_vec();
    body.extend([0, if order == 0 { 2 } else { 3 }]);
    body.extend(250f32.to_be_bytes());
    body.extend([0x80, 1, 0, 0, bits, 0, 1, management]);
    body.extend([0xff; 8]);
    body.extend(u32::try_from(groups.len()).unwrap().to_be_bytes());
    body.extend([narrowest as u8, width_bits]);
    body.extend(0u32.to_be_bytes());
    body.push(1);
    body.extend(u32::try_from(groups.last().unwrap().numbers.len()).unwrap().to_be_bytes());
    body.push(5);
    let mut data = Vec::new();
    if order > 0 {
        body.extend([order, 1]);
        data.extend(&extra[..usize::from(order) + 1]);
    }
    data.extend(pack(groups.iter().map(|g| g.reference), bits.into()));
    data.extend(pack(groups.iter().map(|g| g.width - narrowest), width_bits.into()));
    data.extend(pack(groups.iter().map(|g| u32::try_from(g.numbers.len()).unwrap()), 5));
    let digits = groups.iter().flat_map(|g| g.numbers.iter().flat_map(|n| (0..g.width).rev().map(move |b| n >> b & 1)));
    data.extend(pack(digits, 1));
    let representation = section(5, &body);
    message(&[
        identification(3),
        grid_every(1, 1, u32::try_from(count).unwrap(), 0),
        product(T, 24, 100, 85_000),
        representation,
        no_bitmap(),
        section(7, &data),
    ])
}

#[test]
fn groups_without_width_and_references_without_bits_are_missing_where_missing_values_are_managed() {
    let group = |width, numbers: &[u32]| Group { reference: 0, width, numbers: numbers.to_vec() };
    let groups = [group(0, &[0; 3]), group(2, &[0, 3, 2]), group(0, &[0; 2])];
    for (management, present) in [(0, [0, 1, 2, 3, 4, 5, 6, 7].as_slice()), (1, &[3, 5]), (2, &[3]), (255, &[0, 1, 2, 3, 4, 5, 6, 7])] {
        let values = numbers(field(&read(&grouped(&groups, 0, management, 0, [0; 3])).unwrap(), "t"));
        let expected: Vec<usize> = (0..8).filter(|n| !values[*n].is_nan()).collect();
        assert_eq!(expected, present, "{management}");
        // Of nothing at all.
        let values = numbers(field(&read(&grouped(&groups[..1], 0, management, 0, [0; 3])).unwrap(), "t"));
        assert_eq!(values.iter().filter(|x| x.is_nan()).count(), if matches!(management, 1 | 2) { 3 } else { 0 }, "{management}");
    }
}

#[test]
fn eccodes_agrees_on_groups_of_all_widths() {
    let mut state = 1u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(0x9e37_79b9).wrapping_add(0x7f4a_7c15);
        (state >> 16) % below
    };
    let mut messages = Vec::new();
    for (bits, management, order) in (0..=3).flat_map(|bits| (0..=2).flat_map(move |management| (0..=2).map(move |order| (bits, management, order)))) {
        for widths in [[0, 0, 0, 0], [0, 1, 0, 2], [1, 1, 1, 1], [2, 0, 3, 1], [7, 7, 2, 6]] {
            let groups = widths.map(|width| {
                let numbers = (0..1 + random(9)).map(|_| random(1 << width)).collect();
                Group { reference: random(1 << bits), width, numbers }
            });
            // The first numbers have no sign, the smallest difference has.
            messages.push(grouped(&groups, bits, management, order, [200, 190, 130 + random(4) as u8].map(|n| if order == 1 && n == 190 { 130 } else { n })));
        }
    }
    let path = scratch("groups.grib");
    std::fs::write(&path, messages.concat()).unwrap();
    let text = tool("grib_get_data", &["-F", "%.17g", "-m", "nan", path.to_str().unwrap()]);
    let theirs = text.split("Latitude").skip(1).map(|part| part.lines().skip(1).map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()));
    let mut missing = 0;
    for (number, (message, theirs)) in messages.iter().zip(theirs).enumerate() {
        let ours = numbers(field(&read(message).unwrap(), "t"));
        let theirs: Vec<f64> = theirs.collect();
        missing += ours.iter().filter(|x| x.is_nan()).count();
        assert!(ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{number}: {ours:?} {theirs:?}");
    }
    assert_eq!(text.matches("Latitude").count(), messages.len());
    assert!(missing > 500, "{missing}");
}

#[test]
fn eccodes_agrees_on_members() {
    let second = "productDefinitionTemplateNumber=1,typeOfEnsembleForecast=3,numberOfForecastsInEnsemble=3";
    let second_over_time = "productDefinitionTemplateNumber=11,typeOfEnsembleForecast=3,numberOfForecastsInEnsemble=3,stepType=accum,stepRange=6-12";
    let first = "setLocalDefinition=1,localDefinitionNumber=1,type=pf,stream=enfo,numberOfForecastsInEnsemble=3";
    for (name, settings, key) in [
        ("regular_ll_pl_grib2", second, "perturbationNumber"),
        ("regular_ll_sfc_grib2", second_over_time, "perturbationNumber"),
        ("regular_ll_sfc_grib1", first, "number"),
    ] {
        let mut file = Vec::new();
        let path = scratch("members.grib");
        // In any order, and each with a value of its own.
        for (member, value) in [(1, 271.5), (0, 270.5), (2, 272.5)] {
            let part = scratch("member.grib");
            let settings = format!("{settings},{key}={member}");
            tool("grib_set", &["-d", &value.to_string(), "-s", &settings, sample(name).to_str().unwrap(), part.to_str().unwrap()]);
            assert_eq!(numbers(field(&agree(&part), "number")), [f64::from(member)], "{name}");
            file.extend(std::fs::read(&part).unwrap());
        }
        std::fs::write(&path, &file).unwrap();
        assert_eq!(tool("grib_get", &["-p", key, path.to_str().unwrap()]).split_whitespace().collect::<Vec<_>>(), ["1", "0", "2"]);
        let dataset = read(&file).unwrap();
        let values = dataset.fields.last().unwrap();
        assert_eq!(dataset.dimensions[values.dimensions[0]].name, "number", "{name}");
        assert_eq!(numbers(field(&dataset, "number")), [0.0, 1.0, 2.0], "{name}");
        let plane = values.values.len() / 3;
        assert_eq!(numbers(values).chunks(plane).map(|plane| plane[0]).collect::<Vec<_>>(), [270.5, 271.5, 272.5], "{name}");
        assert_eq!(formats::write(&dataset).unwrap(), file, "{name}");
    }
}

#[test]
fn jpeg_2000_is_exact_or_refused() {
    let (source, packed) = (scratch("wide.grib"), scratch("wide-jpeg.grib"));
    let random = |n: u32| n.wrapping_mul(0x9e37_79b9);
    let write = |bits: u32, number: &dyn Fn(u32) -> u32| {
        let numbers: Vec<u32> = (0..6000).map(number).collect();
        let representation = representation(6000, 0.0, 0, 0, bits as u8);
        let sections = [identification(3), grid_every(1, 50, 120, 0), product(T, 24, 100, 85_000), representation, no_bitmap(), data(&numbers, bits as usize)];
        std::fs::write(&source, message(&sections)).unwrap();
        tool("grib_set", &["-r", "-s", "packingType=grid_jpeg", source.to_str().unwrap(), packed.to_str().unwrap()]);
        assert_eq!(tool("grib_get", &["-p", "packingType,bitsPerValue", packed.to_str().unwrap()]).trim(), format!("grid_jpeg {bits}"));
        numbers
    };
    let largest = |bits: u32| (1 << bits) - 1;
    for bits in 20..=24 {
        // A wave over the whole range with a little noise; noise alone; the smallest and the largest number side by side, and in no order.
        let wave = |n: u32| {
            (f64::from(largest(bits)) * (0.5 + 0.499 * (f64::from(n % 120) / 25.0).sin() * (f64::from(n / 120) / 9.0).cos())) as u32 ^ (random(n) >> 22)
        };
        let noise = |n: u32| random(n) >> (32 - bits);
        let chess = |n: u32| if (n + n / 120).is_multiple_of(2) { 0 } else { largest(bits) };
        let ways: [(&dyn Fn(u32) -> u32, u32); 4] = [(&wave, 23), (&noise, 22), (&chess, 22), (&|n| (random(n) >> 31) * largest(bits), 21)];
        for (way, (number, most)) in ways.into_iter().enumerate() {
            let numbers = write(bits, number);
            match read(&std::fs::read(&packed).unwrap()) {
                Ok(_) => assert!(self::numbers(agree(&packed).fields.last().unwrap()).iter().zip(numbers).all(|(a, b)| *a == f64::from(b)), "{bits} {way}"),
                Err(Error::Unsupported { what, .. }) => assert!(bits > most && what.contains("JPEG 2000"), "{bits} {way}"),
                Err(error) => panic!("{error}"),
            }
        }
        // What a decoder in f32 gets wrong.
        write(24, &|n| random(n) >> 8);
        assert!(matches!(read(&std::fs::read(&packed).unwrap()), Err(Error::Unsupported { .. })));
    }
}

#[test]
fn eccodes_agrees_on_every_grid() {
    let stereographic = "jScansPositively=1,LaD=60000000,DxInMetres=20000,DyInMetres=25000,orientationOfTheGrid=10000000";
    let mercator = "gridType=mercator,Ni=16,Nj=31,latitudeOfFirstGridPoint=10000000,longitudeOfFirstGridPoint=100000000,LaD=20000000,latitudeOfLastGridPoint=20000000,\
longitudeOfLastGridPoint=110000000,Di=20000000,Dj=20000000,scanningMode=64,shapeOfTheEarth=6";
    let lambert = "gridType=lambert,Nx=16,Ny=31,latitudeOfFirstGridPoint=20000000,longitudeOfFirstGridPoint=240000000,LaD=40000000,LoV=262000000,Latin1=30000000,Latin2=50000000,\
DxInMetres=60000,DyInMetres=50000,scanningMode=64";
    for (name, settings) in [
        ("regular_ll_sfc_grib1", ""),
        ("regular_ll_sfc_grib2", ""),
        ("regular_ll_pl_grib2", "iScansNegatively=1,longitudeOfFirstGridPoint=30000000,longitudeOfLastGridPoint=0"),
        ("rotated_ll_sfc_grib1", ""),
        ("rotated_ll_pl_grib2", "latitudeOfSouthernPole=-40000000,longitudeOfSouthernPole=10000000"),
        ("regular_gg_sfc_grib1", ""),
        ("regular_gg_pl_grib2", ""),
        ("reduced_gg_sfc_grib1", ""),
        ("reduced_gg_pl_160_grib2", ""),
        // Whole circles whose end is rounded down.
        ("reduced_gg_pl_160_grib2", "longitudeOfLastGridPoint=359430000"),
        ("reduced_ll_sfc_grib2", ""),
        ("polar_stereographic_pl_grib2", stereographic),
        (
            "polar_stereographic_pl_grib1",
            "jScansPositively=1,DxInMetres=30000,DyInMetres=25000,latitudeOfFirstGridPoint=50000,longitudeOfFirstGridPoint=5000,orientationOfTheGrid=10000",
        ),
        ("regular_ll_pl_grib2", mercator),
        ("regular_ll_pl_grib2", lambert),
        ("regular_ll_pl_grib2", &format!("{lambert},shapeOfTheEarth=4")),
    ] {
        let path = scratch("grid.grib");
        let arguments = ["-s", settings, sample(name).to_str().unwrap(), path.to_str().unwrap()].map(str::to_owned);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).skip(if settings.is_empty() { 2 } else { 0 }).collect();
        match arguments.as_slice() {
            [from, to] => drop(std::fs::copy(from, to).unwrap()),
            _ => drop(tool("grib_set", &arguments)),
        }
        let dataset = agree(&path);
        assert_eq!(formats::write(&dataset).unwrap(), std::fs::read(&path).unwrap(), "{name} {settings}");
    }
}
