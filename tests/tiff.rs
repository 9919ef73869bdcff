//! TIFF and GeoTIFF: files of `gdal_translate` in many forms, and files built byte by byte here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use std::path::{Path, PathBuf};
use std::process::Command;

use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Attribute, DataType, Dataset, Dimension, ErrorBound, Field, Missing, Role, SourceFormat, Values};
use deepcomp::formats::{self, Input, tiff};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits, metrics};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Dataset, Error> {
    formats::read(bytes, "folder/dem.tif", &Limits::default())
}

/// A little-endian TIFF of one page whose tags are given as (number, type, count, value or offset); `data` follows the directory.
fn built(tags: &[[u32; 4]], data: &[u8]) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend(u16::try_from(tags.len()).unwrap().to_le_bytes());
    for [number, kind, count, value] in tags {
        out.extend(u16::try_from(*number).unwrap().to_le_bytes());
        out.extend(u16::try_from(*kind).unwrap().to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 4]);
    out.extend(data);
    out
}

/// 3 × 2 pixels of 16 bits in strips of one row, which stand in the file from bottom to top.
fn small() -> Vec<u8> {
    let at: u32 = 8 + 2 + 9 * 12 + 4;
    let tags =
        [[256, 3, 1, 3], [257, 3, 1, 2], [258, 3, 1, 16], [259, 3, 1, 1], [262, 3, 1, 1], [273, 4, 2, at], [278, 3, 1, 1], [279, 4, 2, at + 8], [339, 3, 1, 2]];
    let offsets: [u32; 4] = [at + 16 + 6, at + 16, 6, 6];
    let pixels: [i16; 6] = [4, 5, 6, 1, -2, 3];
    let data: Vec<u8> = offsets.iter().flat_map(|n| n.to_le_bytes()).chain(pixels.iter().flat_map(|n| n.to_le_bytes())).chain(*b"tail").collect();
    built(&tags, &data)
}

#[test]
fn strips_in_any_order_make_rows_and_come_back_byte_for_byte() {
    let bytes = small();
    let mut dataset = read(&bytes).unwrap();
    let [field] = dataset.fields.as_slice() else { panic!("one field") };
    assert_eq!((field.name.as_str(), field.shape.as_slice(), &field.values), ("dem", [2, 3].as_slice(), &Values::I16(vec![1, -2, 3, 4, 5, 6])));
    assert_eq!(dataset.dimensions.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["y", "x"]);
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
    dataset.fields[0].values = Values::I16(vec![7; 6]);
    let changed = formats::write(&dataset).unwrap();
    assert_eq!((changed.len(), &changed[changed.len() - 4..]), (bytes.len(), b"tail".as_slice()), "the frame stays");
    assert_eq!(read(&changed).unwrap().fields[0].values, Values::I16(vec![7; 6]));
}

#[test]
fn a_layout_that_does_not_fit_is_left_aside() {
    let mut dataset = read(&small()).unwrap();
    let layout = dataset.layout.clone();
    for at in 0..layout.len() {
        dataset.layout.clone_from(&layout);
        dataset.layout[at] ^= 0x55;
        let written = formats::write(&dataset).unwrap();
        assert!(read(&written).is_ok_and(|d| d.fields[0].values == dataset.fields[0].values) || written.len() == small().len(), "byte {at}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let code = |bytes: &[u8]| read(bytes).map_or_else(|e| e.code(), |_| "read");
    let good = small();
    assert_eq!(code(&good), "read");
    for length in 0..good.len() - 4 - 12 {
        assert!(["malformed", "unknown-format"].contains(&code(&good[..length])), "cut at {length}");
    }
    let with = |at: usize, bytes: &[u8]| {
        let mut out = good.clone();
        out[at..at + bytes.len()].copy_from_slice(bytes);
        out
    };
    let entry = |n: usize| 10 + 12 * n + 8;
    assert_eq!(code(&with(entry(3), &[7, 0])), "unsupported", "JPEG");
    assert_eq!(code(&with(entry(3), &[0x50, 0xc3])), "unsupported", "Zstandard");
    assert_eq!(code(&with(entry(2), &[12, 0])), "unsupported", "12 bits");
    assert_eq!(code(&with(entry(8), &[5, 0])), "unsupported", "complex numbers");
    assert_eq!(code(&with(entry(0), &[0, 0])), "malformed", "no columns");
    assert_eq!(code(&with(10 + 12 * 9, &[8, 0])), "malformed", "a directory that follows itself");
    let wide = with(10, &[0, 1, 4, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f]);
    assert!(["malformed", "limit-exceeded"].contains(&code(&wide)));
    let limits = Limits { decoded_bytes: 11, ..Limits::default() };
    assert_eq!(formats::read(&good, "x", &limits).map_err(|e| e.code()).unwrap_err(), "limit-exceeded");
}

/// 20 × 30 pixels of 16 bits in one strip, of that photometric interpretation, with metadata of GDAL.
fn with_metadata(photometric: u32, metadata: &str, pixels: &[i16]) -> Vec<u8> {
    let at: u32 = 8 + 2 + 10 * 12 + 4;
    let (text, length) = (format!("{metadata}\0"), pixels.len() as u32 * 2);
    let tags = [
        [256, 3, 1, 30],
        [257, 3, 1, 20],
        [258, 3, 1, 16],
        [259, 3, 1, 1],
        [262, 3, 1, photometric],
        [273, 4, 1, at],
        [278, 3, 1, 20],
        [279, 4, 1, length],
        [339, 3, 1, 2],
        [42112, 2, text.len() as u32, at + length],
    ];
    built(&tags, &pixels.iter().flat_map(|n| n.to_le_bytes()).chain(text.bytes()).collect::<Vec<u8>>())
}

/// What comes back under a bound.
fn under(dataset: &Dataset, bound: f64) -> Dataset {
    let options = Options { base: Base::Never, coarse: true, ..Options::new(ErrorBound::absolute(bound).unwrap()) };
    let (bytes, _) = Compressor::new(dataset.clone(), "dem.tif", &options).unwrap().finish().unwrap();
    Decompressor::new(Archive::open(&bytes, &Limits::default()).unwrap(), 0, &Models::default()).unwrap().finish(&bytes).unwrap()
}

#[test]
fn scales_of_gdal_make_values_of_counts() {
    let pixels: Vec<i16> = (0..600).map(|i| (i * i % 997) as i16).collect();
    let items = "<Item name=\"OFFSET\" sample=\"0\" role=\"offset\">5</Item><Item name=\"SCALE\" sample=\"0\" role=\"scale\">-0.1</Item>";
    let source = with_metadata(1, &format!("<GDALMetadata>{items}</GDALMetadata>"), &pixels);
    let dataset = read(&source).unwrap();
    let field = &dataset.fields[0];
    assert_eq!((field.packing().scale, field.packing().offset), (-0.1, 5.0));
    assert_eq!(formats::write(&dataset).unwrap(), source);
    let decoded = under(&dataset, 1.0);
    let error = metrics::compare(field, &decoded.fields[0]).unwrap().max_abs_error;
    assert!(error > 0.5 && error <= 1.0 + 1e-9, "{error} of 1, which is ten counts");
    assert_eq!(formats::write(&decoded).unwrap().len(), source.len());
    let netcdf = formats::read(&formats::netcdf3::write(&dataset).unwrap(), "dem.nc", &Limits::default()).unwrap();
    assert_eq!(netcdf.fields[0].packing(), field.packing());
    // Bands that differ are held to what the largest scale allows.
    let mut two = dataset.clone();
    two.fields[0].attributes = vec![Attribute { name: "band_scale_factor".into(), value: Values::F64(vec![0.1, -4.0]) }];
    let error = metrics::compare(&two.fields[0], &under(&two, 12.0).fields[0]).unwrap().max_abs_error;
    assert!(error > 1.0 && error <= 3.0, "{error} counts");
    // Without it a bound is of counts, as ever.
    let counts = read(&with_metadata(1, "<GDALMetadata></GDALMetadata>", &pixels)).unwrap();
    assert!(metrics::compare(&counts.fields[0], &under(&counts, 1.0).fields[0]).unwrap().max_abs_error <= 1.0);
}

#[test]
fn places_in_a_table_of_colours_come_back_exactly() {
    let pixels: Vec<i16> = (0..600).map(|i| (i * 7 % 256) as i16).collect();
    let source = with_metadata(3, "<GDALMetadata></GDALMetadata>", &pixels);
    let dataset = read(&source).unwrap();
    assert_eq!(dataset.role(&dataset.fields[0]).role, Role::Palette);
    assert_eq!(formats::write(&under(&dataset, 20.0)).unwrap(), source);
    let gray = read(&with_metadata(1, "<GDALMetadata></GDALMetadata>", &pixels)).unwrap();
    assert_ne!(under(&gray, 20.0).fields[0].values, gray.fields[0].values);
}

/// A dataset of one field on even coordinates.
fn grid(values: Values, [bands, height, width]: [usize; 3]) -> Dataset {
    let mut dataset = Dataset::from_array("t", &[bands, height, width], values, SourceFormat::ARRAY).unwrap();
    for (dimension, name) in dataset.dimensions.iter_mut().zip(["time", "lat", "lon"]) {
        dimension.name = name.to_owned();
    }
    dataset.fields[0].attributes = vec![Attribute { name: "scale_factor".into(), value: Values::F64(vec![0.5]) }, Attribute::text("units", "K")];
    let coordinate = |name: &str, index: usize, values: Vec<f64>, units: &str| Field {
        name: name.to_owned(),
        dimensions: vec![index],
        shape: vec![values.len()],
        values: Values::F64(values),
        attributes: vec![Attribute::text("units", units)],
        missing: Missing::NonFinite,
        derived: None,
    };
    dataset.fields.push(coordinate("lat", 1, (0..height).map(|i| 40.0 - i as f64 * 2.0).collect(), "degrees_north"));
    dataset.fields.push(coordinate("lon", 2, (0..width).map(|i| 10.0 + i as f64).collect(), "degrees_east"));
    dataset
}

#[test]
fn other_datasets_become_bands_with_georeference() {
    let mut dataset = grid(Values::F32((0..24).map(|i| i as f32).collect()), [2, 3, 4]);
    dataset.fields[0].missing = Missing::Patterns(vec![u64::from(5f32.to_bits())]);
    let again = read(&tiff::write(&dataset).unwrap()).unwrap();
    let field = again.fields.iter().find(|f| f.name == "dem").unwrap();
    assert_eq!((&field.shape, &field.values, &field.missing), (&vec![2, 3, 4], &dataset.fields[0].values, &dataset.fields[0].missing));
    let names: Vec<&str> = again.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["lat", "lon", "spatial_ref", "dem"]);
    assert_eq!(again.fields[0].values, dataset.fields[1].values);
    assert_eq!(again.fields[1].values, dataset.fields[2].values);
    assert_eq!(field.attribute("epsg"), Some(&Values::I32(vec![4326])));
    assert_eq!(field.attribute("grid_mapping").and_then(Values::as_text).as_deref(), Some("spatial_ref"));
    assert_eq!(again.fields[2].attribute("spatial_ref").and_then(Values::as_text).as_deref(), Some("EPSG:4326"));
}

/// The keys of the only page of a file and the numbers that they refer to.
fn geo_keys(dataset: &Dataset) -> (Vec<[u16; 4]>, Vec<f64>) {
    let file = tiff::write(dataset).unwrap();
    let number = |at: usize, n: usize| file[at..at + n].iter().rev().fold(0u64, |sum, b| sum << 8 | u64::from(*b));
    let entry = |tag: u64| (0..number(8, 2) as usize).map(|i| 10 + 12 * i).find(|at| number(*at, 2) == tag);
    let list = |tag: u64, size: usize| {
        let Some((at, count)) = entry(tag).map(|at| (number(at + 8, 4) as usize, number(at + 4, 4) as usize)) else { return Vec::new() };
        (0..count).map(|i| number(at + i * size, size)).collect()
    };
    let keys: Vec<u16> = list(34735, 2).into_iter().map(|n| n as u16).collect();
    (keys.as_chunks::<4>().0.to_vec(), list(34736, 8).into_iter().map(f64::from_bits).collect())
}

#[test]
fn projections_of_grid_mappings_become_keys() {
    let mut dataset = grid(Values::U8((0..12).collect()), [1, 3, 4]);
    for (index, name) in [(1, "projection_y_coordinate"), (2, "projection_x_coordinate")] {
        dataset.fields[index].attributes = vec![Attribute::text("standard_name", name), Attribute::text("units", "m")];
    }
    let number = |name: &str, value: &[f64]| Attribute { name: name.into(), value: Values::F64(value.to_vec()) };
    let mapping = |attributes: Vec<Attribute>| {
        let mut dataset = dataset.clone();
        dataset.fields[0].attributes.push(Attribute::text("grid_mapping", "crs"));
        let (values, missing) = (Values::I32(vec![0]), Missing::NonFinite);
        dataset.fields.push(Field { name: "crs".into(), dimensions: Vec::new(), shape: Vec::new(), values, attributes, missing, derived: None });
        dataset
    };
    let lambert = mapping(vec![
        Attribute::text("grid_mapping_name", "lambert_conformal_conic"),
        number("standard_parallel", &[30.0, 50.0]),
        number("longitude_of_central_meridian", &[262.0]),
        number("latitude_of_projection_origin", &[90.0]),
        number("earth_radius", &[6_371_229.0]),
    ]);
    let (keys, numbers) = geo_keys(&lambert);
    assert_eq!((keys[0], keys[1], keys.len()), ([1, 1, 0, keys.len() as u16 - 1], [1024, 0, 1, 1], 19));
    assert!(keys.is_sorted_by_key(|row| row[0]) && keys.contains(&[3075, 0, 1, 8]), "{keys:?}");
    assert_eq!(numbers, [6_371_229.0, 6_371_229.0, 30.0, 50.0, 262.0, 90.0, 0.0, 0.0]);
    // What is not known, or not said, gets pixels without a system.
    for other in
        [vec![Attribute::text("grid_mapping_name", "sinusoidal")], vec![Attribute::text("grid_mapping_name", "mercator"), number("earth_radius", &[1.0])]]
    {
        assert_eq!(geo_keys(&mapping(other)), (vec![[1, 1, 0, 1], [1025, 0, 1, 1]], Vec::new()));
    }
}

#[test]
fn coordinates_are_checked_before_there_is_room_for_them() {
    let (width, tile, at) = (1u32 << 18, 1u32 << 14, 8 + 2 + 8 * 12 + 4);
    // 16 tiles that are left out, on even coordinates.
    let tags =
        [[256, 4, 1, width], [257, 3, 1, 1], [258, 3, 1, 8], [322, 4, 1, tile], [323, 3, 1, 1], [324, 4, 16, at], [325, 4, 16, at], [34264, 12, 16, at + 64]];
    let matrix: [f64; 16] = [1.0, 0.0, 0.0, 10.0, 0.0, -1.0, 0.0, 50.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let data: Vec<u8> = [0; 64].into_iter().chain(matrix.iter().flat_map(|x| x.to_le_bytes())).collect();
    let bytes = built(&tags, &data);
    let input = Input::from(bytes.as_slice());
    let opened = |decoded_bytes| formats::open(&input, "x", &Limits { decoded_bytes, ..Limits::default() }).map(|_| ()).map_err(|e| e.code());
    assert_eq!(opened(8 * u64::from(width)), Err("limit-exceeded"));
    assert_eq!(opened(8 * (u64::from(width) + 1)), Ok(()));
}

#[test]
fn the_first_entry_of_a_tag_counts() {
    let at = 8 + 2 + 9 * 12 + 4;
    // One pixel; the number of its samples is said in a type that nobody knows, and then again.
    let tags =
        [[256, 3, 1, 1], [257, 3, 1, 1], [258, 3, 1, 8], [259, 3, 1, 32773], [273, 4, 1, at], [277, 99, 1, 0], [277, 3, 1, 2], [278, 3, 1, 1], [279, 4, 1, 2]];
    let dataset = read(&built(&tags, &[0, 7])).unwrap();
    assert_eq!(dataset.fields[0].values, Values::U8(vec![7]));
    assert_eq!(read(&formats::write(&dataset).unwrap()).unwrap().fields, dataset.fields);
}

#[test]
fn codes_of_old_lzw_begin_with_their_lowest_bit() {
    let pixels: Vec<u8> = (0..600u32).map(|n| (n * 7 % 251) as u8).collect();
    let codes = [256].into_iter().chain(pixels.iter().map(|p| u32::from(*p))).chain([257]);
    // The table has 512 codes when the 256th of them was read.
    let digits: Vec<u32> = codes.enumerate().flat_map(|(n, code)| (0..if n < 256 { 9 } else { 10 }).map(move |bit| code >> bit & 1)).collect();
    let data: Vec<u8> = digits.chunks(8).map(|byte| byte.iter().rev().fold(0, |n, bit| n << 1 | *bit as u8)).collect();
    let (at, length) = (8 + 2 + 8 * 12 + 4, u32::try_from(data.len()).unwrap());
    let tags = [[256, 3, 1, 30], [257, 3, 1, 20], [258, 3, 1, 8], [259, 3, 1, 5], [262, 3, 1, 1], [273, 4, 1, at], [278, 3, 1, 20], [279, 4, 1, length]];
    assert_eq!(read(&built(&tags, &data)).unwrap().fields[0].values, Values::U8(pixels));
}

/// The entries of a little-endian directory: tag, type, count, value or offset.
fn entries(file: &[u8], at: usize) -> Vec<[u32; 4]> {
    let number = |at: usize, n: usize| file[at..at + n].iter().rev().fold(0u32, |sum, b| sum << 8 | u32::from(*b));
    (0..number(at, 2) as usize).map(|n| at + 2 + 12 * n).map(|at| [number(at, 2), number(at + 2, 2), number(at + 4, 4), number(at + 8, 4)]).collect()
}

#[test]
fn directories_of_the_camera_stay_with_pixels_that_are_unpacked() {
    // One page in PackBits; EXIF of a number, of bytes, and of a directory of its own; a place on Earth that lies outside the file.
    let at: u32 = 8 + 2 + 9 * 12 + 4;
    let (exif, inner, bytes) = (at + 2, at + 2 + 2 + 3 * 12 + 4, at + 2 + 2 + 3 * 12 + 4 + 2 + 12 + 4);
    let tags = |place| {
        [
            [256, 3, 1, 1],
            [257, 3, 1, 1],
            [258, 3, 1, 8],
            [259, 3, 1, 32773],
            [273, 4, 1, at],
            [278, 3, 1, 1],
            [279, 4, 1, 2],
            [34665, 4, 1, exif],
            [34853, 4, 1, place],
        ]
    };
    let directory = |tags: &[[u32; 4]]| built(tags, &[])[8..].to_vec();
    let maker = [37500, 7, 6, bytes];
    let data = |pointed: u32| {
        [
            vec![0, 7],
            directory(&[[40962, 3, 1, 200], maker, [40965, 4, 1, pointed]]),
            directory(&[[1, 2, 4, u32::from_le_bytes(*b"R98\0")]]),
            b"camera".to_vec(),
        ]
        .concat()
    };
    let dataset = read(&built(&tags(1 << 20), &data(inner))).unwrap();
    assert_eq!(dataset.fields[0].values, Values::U8(vec![7]));
    let file = formats::write(&dataset).unwrap();
    let page = entries(&file, 8);
    assert_eq!(page.iter().map(|e| e[0]).collect::<Vec<_>>(), [256, 257, 258, 259, 273, 278, 279, 34665]);
    let camera = entries(&file, page[7][3] as usize);
    assert_eq!((camera[0], camera[1][..3].to_vec(), camera[2][0]), ([40962, 3, 1, 200], vec![37500, 7, 6], 40965));
    assert_eq!(&file[camera[1][3] as usize..][..6], b"camera");
    assert_eq!(entries(&file, camera[2][3] as usize), [[1, 2, 4, u32::from_le_bytes(*b"R98\0")]]);
    assert_eq!(read(&file).unwrap().fields, dataset.fields);
    assert_eq!(formats::write(&read(&file).unwrap()).unwrap(), file);
    // Directories that lie in themselves end.
    assert_eq!(read(&formats::write(&read(&built(&tags(exif), &data(exif))).unwrap()).unwrap()).unwrap().fields, dataset.fields);
}

#[test]
fn thousands_of_pages_of_as_many_sizes_take_no_longer_each() {
    let pages = 4000u32;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for width in 1..=pages {
        let tags = [[256, 3, 1, width], [257, 3, 1, 1], [258, 3, 1, 8], [273, 4, 1, 0], [278, 4, 1, 1], [279, 4, 1, 0]];
        let page = built(&tags, &[]);
        bytes.extend(&page[8..page.len() - 4]);
        let next = if width < pages { u32::try_from(bytes.len()).unwrap() + 4 } else { 0 };
        bytes.extend(next.to_le_bytes());
    }
    let dataset = read(&bytes).unwrap();
    assert_eq!(dataset.dimensions.len() as u32, 1 + pages);
    assert_eq!(dataset.dimensions.last().unwrap().name, format!("x_{pages}"));
}

#[test]
fn fields_come_before_the_positions_of_their_points_and_rotated_degrees_are_in_no_system() {
    let mut dataset = grid(Values::U8((0..12).collect()), [1, 3, 4]);
    for (index, name) in [(1, "grid_latitude"), (2, "grid_longitude")] {
        dataset.fields[index].attributes = vec![Attribute::text("standard_name", name), Attribute::text("units", "degrees")];
    }
    for name in ["longitude", "latitude"] {
        let position = Field { name: name.into(), values: Values::F32(vec![0.5; 12]), dimensions: vec![1, 2], shape: vec![3, 4], ..dataset.fields[0].clone() };
        dataset.fields.insert(0, position);
    }
    let rotated = read(&tiff::write(&dataset).unwrap()).unwrap();
    assert_eq!(rotated.fields.iter().filter(|f| f.shape == [3, 4]).map(|f| f.values.data_type()).next(), Some(DataType::F32), "nothing says what they are");
    dataset.fields[2].attributes.push(Attribute::text("coordinates", "latitude longitude"));
    let rotated = read(&tiff::write(&dataset).unwrap()).unwrap();
    let pages: Vec<DataType> = rotated.fields.iter().filter(|f| f.shape == [3, 4]).map(|f| f.values.data_type()).collect();
    assert_eq!(pages, [DataType::U8, DataType::F32, DataType::F32]);
    assert!(rotated.fields.iter().all(|f| f.attribute("epsg").is_none()));
    // In degrees of the earth they have one.
    dataset.fields[3].attributes[0] = Attribute::text("standard_name", "latitude");
    dataset.fields[4].attributes[0] = Attribute::text("standard_name", "longitude");
    let plain = read(&tiff::write(&dataset).unwrap()).unwrap();
    assert_eq!(plain.fields.iter().filter(|f| f.attribute("epsg") == Some(&Values::I32(vec![4326]))).count(), 3);
}

#[test]
fn gdal_knows_the_systems_of_grid_mappings() {
    let folder = folder("gdal-systems");
    let number = |name: &str, value: &[f64]| Attribute { name: name.into(), value: Values::F64(value.to_vec()) };
    let origin = |longitude: &str| vec![number(longitude, &[15.0]), number("latitude_of_projection_origin", &[52.0]), number("earth_radius", &[6_371_229.0])];
    let named = |name: &str, more: Vec<Attribute>| [vec![Attribute::text("grid_mapping_name", name)], more].concat();
    let utm = "PROJCS[\"x\",GEOGCS[\"WGS 84\",AUTHORITY[\"EPSG\",\"4326\"]],AUTHORITY[\"EPSG\",\"32633\"]]";
    let polar = "PROJCRS[\"x\",BASEGEOGCRS[\"WGS 84\",ID[\"EPSG\",4326]],ID[\"EPSG\",3413]]";
    let scale = number("scale_factor_at_central_meridian", &[0.9996]);
    let parallels = number("standard_parallel", &[40.0, 60.0]);
    for (attributes, expected) in [
        (named("transverse_mercator", [origin("longitude_of_central_meridian"), vec![scale]].concat()), "METHOD[\"Transverse Mercator\""),
        (named("albers_conical_equal_area", [origin("longitude_of_central_meridian"), vec![parallels]].concat()), "METHOD[\"Albers Equal Area\""),
        (named("lambert_azimuthal_equal_area", origin("longitude_of_projection_origin")), "METHOD[\"Lambert Azimuthal Equal Area"),
        (vec![Attribute::text("crs_wkt", utm)], "ID[\"EPSG\",32633]"),
        (vec![Attribute::text("spatial_ref", polar)], "ID[\"EPSG\",3413]"),
        (vec![Attribute::text("spatial_ref", "EPSG:3035")], "ID[\"EPSG\",3035]"),
    ] {
        let mut dataset = grid(Values::U8((0..12).collect()), [1, 3, 4]);
        for (index, name) in [(1, "projection_y_coordinate"), (2, "projection_x_coordinate")] {
            dataset.fields[index].attributes = vec![Attribute::text("standard_name", name), Attribute::text("units", "m")];
        }
        dataset.fields[0].attributes.push(Attribute::text("grid_mapping", "crs: lat lon"));
        let (values, missing) = (Values::I32(vec![0]), Missing::NonFinite);
        dataset.fields.push(Field { name: "crs".into(), dimensions: Vec::new(), shape: Vec::new(), values, attributes, missing, derived: None });
        let (keys, _) = geo_keys(&dataset);
        assert!(keys.is_sorted_by_key(|row| row[0]), "{keys:?}");
        let file = folder.join("system.tif");
        std::fs::write(&file, tiff::write(&dataset).unwrap()).unwrap();
        let info = gdal("gdalinfo", &[], &[&file]);
        assert!(info.contains(expected), "{expected} in {info}");
    }
}

#[test]
fn grid_mappings_come_back_from_keys() {
    let number = |name: &str, value: &[f64]| Attribute { name: name.into(), value: Values::F64(value.to_vec()) };
    let offsets = || vec![number("false_easting", &[5.0]), number("false_northing", &[6.0])];
    let at = |longitude: &str| vec![number(longitude, &[15.0]), number("latitude_of_projection_origin", &[52.0])];
    let (centre, meridian) = ("longitude_of_projection_origin", "longitude_of_central_meridian");
    let parallels = |all: &[f64]| vec![number("standard_parallel", all)];
    let scale = vec![number("scale_factor_at_projection_origin", &[0.9])];
    let pole = |latitude: f64| vec![number("straight_vertical_longitude_from_pole", &[-45.0]), number("latitude_of_projection_origin", &[latitude])];
    for (name, own) in [
        ("transverse_mercator", [at(meridian), vec![number("scale_factor_at_central_meridian", &[0.9996])]].concat()),
        ("mercator", [parallels(&[40.0]), vec![number(centre, &[15.0])]].concat()),
        ("mercator", [scale.clone(), vec![number(centre, &[15.0])]].concat()),
        ("lambert_conformal_conic", [parallels(&[30.0, 50.0]), at(meridian)].concat()),
        ("lambert_azimuthal_equal_area", at(centre)),
        ("albers_conical_equal_area", [parallels(&[30.0, 50.0]), at(meridian)].concat()),
        ("azimuthal_equidistant", at(centre)),
        ("stereographic", [at(centre), scale.clone()].concat()),
        ("polar_stereographic", [parallels(&[-71.0]), pole(-90.0)].concat()),
        ("polar_stereographic", [scale, pole(90.0)].concat()),
        ("orthographic", at(centre)),
        ("sinusoidal", vec![number(centre, &[15.0])]),
        ("lambert_cylindrical_equal_area", [parallels(&[30.0]), vec![number(meridian, &[15.0])]].concat()),
    ] {
        let figure = vec![number("semi_major_axis", &[6_378_137.0]), number("inverse_flattening", &[298.257_222_101])];
        let wgs = vec![Attribute::text("geographic_crs_name", "ETRS89")];
        let all = [vec![Attribute::text("grid_mapping_name", name)], own, offsets(), figure, wgs].concat();
        let mut dataset = grid(Values::U8((0..12).collect()), [1, 3, 4]);
        for (index, name) in [(1, "projection_y_coordinate"), (2, "projection_x_coordinate")] {
            dataset.fields[index].attributes = vec![Attribute::text("standard_name", name), Attribute::text("units", "m")];
        }
        dataset.fields[0].attributes.push(Attribute::text("grid_mapping", "crs"));
        let (values, missing) = (Values::I32(vec![0]), Missing::NonFinite);
        dataset.fields.push(Field { name: "crs".into(), dimensions: Vec::new(), shape: Vec::new(), values, attributes: all.clone(), missing, derived: None });
        let again = read(&tiff::write(&dataset).unwrap()).unwrap();
        let mapping = again.fields.iter().find(|f| f.name == "spatial_ref").unwrap();
        for Attribute { name: attribute, value } in all {
            assert_eq!(mapping.attribute(&attribute), Some(&value), "{name}: {attribute}");
        }
    }
}

#[test]
fn several_fields_become_pages() {
    let mut dataset = grid(Values::U8((0..12).collect()), [1, 3, 4]);
    let second = Field { name: "u".into(), values: Values::F64(vec![0.25; 12]), dimensions: vec![1, 2], shape: vec![3, 4], ..dataset.fields[0].clone() };
    dataset.fields.push(second);
    let again = read(&tiff::write(&dataset).unwrap()).unwrap();
    let pages: Vec<&Field> = again.fields.iter().filter(|f| f.shape.len() == 2).collect();
    assert_eq!(pages.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["dem_1", "dem_2"]);
    assert_eq!((&pages[0].values, &pages[1].values), (&Values::U8((0..12).collect()), &Values::F64(vec![0.25; 12])));
    assert_eq!(pages[0].dimensions, pages[1].dimensions, "equal axes are shared");
    assert_eq!(again.dimensions.iter().map(|d: &Dimension| d.length).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn coordinates_are_not_called_as_pictures_are() {
    let dataset = grid(Values::U8((0..12).collect()), [1, 3, 4]);
    let again = formats::read(&tiff::write(&dataset).unwrap(), "lat.tif", &Limits::default()).unwrap();
    assert_eq!(again.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["lat_2", "lon", "spatial_ref", "lat"]);
}

#[test]
fn what_tiff_does_not_hold_is_refused() {
    let flat = Dataset::from_array("a", &[3], Values::U8(vec![0; 3]), SourceFormat::ARRAY).unwrap();
    assert_eq!(tiff::write(&flat).unwrap_err().code(), "invalid-argument");
    let empty = Dataset::from_array("a", &[0, 3], Values::U8(Vec::new()), SourceFormat::ARRAY).unwrap();
    assert_eq!(tiff::write(&empty).unwrap_err().code(), "unsupported");
}

// ------------------------------------------------------------------------------------------------------------------------------------ GDAL

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn gdal(program: &str, arguments: &[&str], files: &[&Path]) -> String {
    let output = Command::new(program).args(arguments).args(files).output();
    let output = output.unwrap_or_else(|e| panic!("{program} is needed here ({e}): install gdal-bin"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Values as GDAL sees them, band after band.
fn values_by_gdal(file: &Path, data_type: DataType) -> Values {
    let raw = file.with_extension("raw");
    gdal("gdal_translate", &["-q", "-of", "ENVI", "-co", "INTERLEAVE=BSQ"], &[file, &raw]);
    Values::from_le_bytes(data_type, &std::fs::read(raw).unwrap()).unwrap()
}

/// 3 bands of 37 × 45 pixels with small numbers, no data and coordinates, as `GeoTIFF`.
fn source(folder: &Path) -> PathBuf {
    let values = (0..3 * 37 * 45).map(|i| (i * i % 120) as f32).collect();
    let mut dataset = grid(Values::F32(values), [3, 37, 45]);
    dataset.fields[0].attributes.clear();
    dataset.fields[0].missing = Missing::Patterns(vec![u64::from(7f32.to_bits())]);
    let file = folder.join("source.tif");
    std::fs::write(&file, tiff::write(&dataset).unwrap()).unwrap();
    file
}

#[test]
fn gdal_reads_what_is_written() {
    let folder = folder("gdal-reads");
    let file = source(&folder);
    let info = gdal("gdalinfo", &[], &[&file]);
    for expected in ["Size is 45, 37", "WGS 84", "Origin = (9.5", "Pixel Size = (1.0", "-2.0", "NoData Value=7", "Band 3", "Type=Float32"] {
        assert!(info.contains(expected), "{expected} in {info}");
    }
    assert_eq!(values_by_gdal(&file, DataType::F32), read(&std::fs::read(&file).unwrap()).unwrap().fields.pop().unwrap().values);
}

#[test]
fn files_of_gdal_are_read_and_come_back() {
    let folder = folder("gdal-forms");
    let source = source(&folder);
    let types = ["Byte", "UInt16", "Int16", "UInt32", "Int32", "Float32", "Float64"];
    let forms: [(&str, bool); 9] = [
        ("INTERLEAVE=PIXEL", true),
        ("INTERLEAVE=BAND BIGTIFF=YES", true),
        ("TILED=YES BLOCKXSIZE=32 BLOCKYSIZE=16 ENDIANNESS=BIG", true),
        ("COMPRESS=LZW", false),
        ("COMPRESS=LZW PREDICTOR=2 ENDIANNESS=BIG", false),
        ("COMPRESS=DEFLATE PREDICTOR=2 TILED=YES BLOCKXSIZE=16 BLOCKYSIZE=16", false),
        ("COMPRESS=PACKBITS INTERLEAVE=BAND", false),
        ("COMPRESS=DEFLATE PREDICTOR=3", false),
        ("COMPRESS=DEFLATE PREDICTOR=3 INTERLEAVE=BAND ENDIANNESS=BIG", false),
    ];
    for (row, kind) in types.into_iter().enumerate() {
        for (column, (form, verbatim)) in forms.into_iter().enumerate() {
            // Each form with every other type is enough.
            if (row + column) % 2 == 1 && !form.contains("PREDICTOR=3") {
                continue;
            }
            let differences = if form.contains("PREDICTOR=2") { !kind.starts_with("Float64") } else { true };
            if form.contains("PREDICTOR=3") && !kind.starts_with("Float") || !differences {
                continue;
            }
            let file = folder.join("form.tif");
            let options: Vec<&str> = form.split(' ').flat_map(|option| ["-co", option]).collect();
            gdal("gdal_translate", &[&["-q", "-ot", kind], options.as_slice()].concat(), &[&source, &file]);
            let bytes = std::fs::read(&file).unwrap();
            let dataset = read(&bytes).unwrap_or_else(|e| panic!("{kind} {form}: {e}"));
            let field = dataset.fields.last().unwrap();
            assert_eq!(field.values, values_by_gdal(&file, field.values.data_type()), "{kind} {form}");
            assert!(matches!(field.missing, Missing::Patterns(_)), "{kind} {form}");
            let back = formats::write(&dataset).unwrap();
            assert!(!verbatim || back == bytes, "{kind} {form}");
            let copy = folder.join("copy.tif");
            std::fs::write(&copy, &back).unwrap();
            let about = |file: &Path| {
                let info = gdal("gdalinfo", &[], &[file]);
                info.lines()
                    .filter(|l| ["Origin", "Pixel Size", "Band", "NoData", "GEOGCRS", "Size is"].iter().any(|k| l.contains(k)))
                    .map(block)
                    .collect::<String>()
            };
            assert_eq!(about(&copy), about(&file), "{kind} {form}");
            assert_eq!(field.values, values_by_gdal(&copy, field.values.data_type()), "{kind} {form}");
        }
    }
}

/// A line of `gdalinfo` without the size of strips or tiles.
fn block(line: &str) -> String {
    line.split_whitespace().filter(|word| !word.starts_with("Block=")).collect::<Vec<_>>().join(" ") + "\n"
}

#[test]
fn overviews_stay_in_an_uncompressed_cloud_optimized_file() {
    let folder = folder("gdal-cog");
    let file = folder.join("cog.tif");
    gdal("gdal_translate", &["-q", "-of", "COG", "-co", "COMPRESS=NONE", "-co", "BLOCKSIZE=128", "-outsize", "400", "300"], &[&source(&folder), &file]);
    let bytes = std::fs::read(&file).unwrap();
    let dataset = read(&bytes).unwrap();
    assert_eq!(dataset.fields.iter().filter(|f| f.shape == [3, 300, 400]).count(), 1);
    assert_eq!(dataset.fields.len(), 4, "coordinates, their system and the picture, no overview");
    assert_eq!(formats::write(&dataset).unwrap(), bytes);
}

proptest! {
    #[test]
    fn damaged_files_never_panic(at in 0usize..250, byte: u8, cut in 0usize..250) {
        let mut bytes = small();
        let length = bytes.len();
        bytes[at % length] = byte;
        if let Ok(dataset) = read(&bytes) {
            let _ = formats::write(&dataset);
        }
        let _ = read(&bytes[..cut.min(length)]);
    }
}
