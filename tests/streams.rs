//! Values that come one after the other, of a length that nobody knows: coded a section at a time, read as they come, and whole as far as they came.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Arrival, Compressor, Decompressor, Incoming, coarse, salvage};
use deepcomp::codec::{Level, Options};
use deepcomp::field::{Attribute, Dataset, Dimension, ErrorBound, Field, Missing, SourceFormat, Tiles, Values};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits, Source};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

fn field(name: &str, dimensions: &[usize], shape: &[usize], values: Values) -> Field {
    let attributes = vec![Attribute::text("units", if name == "time" { "hours since 2020-01-01" } else { "K" })];
    Field { name: name.to_owned(), dimensions: dimensions.to_vec(), shape: shape.to_vec(), values, attributes, missing: Missing::NonFinite, derived: None }
}

fn value(t: usize, i: usize, width: usize) -> f32 {
    let (y, x) = (i / width, i % width);
    280.0 + ((y + t) as f32 / 5.0).sin() * 9.0 + (x as f32 / 7.0 - t as f32).cos() * 4.0 + ((y * x + t) % 13) as f32 * 0.02
}

/// A series of maps of several levels, with its times, and the latitudes, which do not grow.
fn series(times: usize, inner: &[usize]) -> Dataset {
    let dimension = |name: &str, length, unlimited| Dimension { name: name.to_owned(), length, unlimited };
    let names = ["level", "lat", "lon"];
    let mut dimensions = vec![dimension("time", times, true)];
    dimensions.extend(inner.iter().zip(&names[3 - inner.len()..]).map(|(length, name)| dimension(name, *length, false)));
    let each: usize = inner.iter().product();
    let width = inner.last().copied().unwrap_or(1);
    let (own, shape): (Vec<usize>, Vec<usize>) = ((0..=inner.len()).collect(), [&[times], inner].concat());
    let values = (0..times).flat_map(|t| (0..each).map(move |i| value(t, i, width))).collect();
    let mut fields = vec![
        field("time", &[0], &[times], Values::F64((0..times).map(|t| t as f64 * 6.0).collect())),
        field("t", &own, &shape, Values::F32(values)),
        field("flags", &own, &shape, Values::I16((0..times * each).map(|i| (i / 7 % 3) as i16).collect())),
    ];
    if let [.., height, _] = inner {
        fields.push(field("lat", &[inner.len() - 1], &[*height], Values::F32((0..*height).map(|y| 50.0 - y as f32).collect())));
    }
    Dataset { format: SourceFormat::ARRAY, dimensions, attributes: vec![Attribute::text("title", "a series")], fields, layout: Vec::new() }
}

fn options() -> Options {
    Options { level: Level::Fast, ..Options::new(ErrorBound::absolute(0.01).unwrap()) }
}

/// The same dataset before anything of it has come.
fn header(dataset: &Dataset) -> Dataset {
    let mut header = dataset.without_values();
    header.dimensions[0].length = 0;
    header.fields.iter_mut().filter(|field| field.dimensions[0] == 0).for_each(|field| field.shape[0] = 0);
    header
}

fn part(values: &Values, range: std::ops::Range<usize>) -> Values {
    let size = values.data_type().size();
    Values::from_le_bytes(values.data_type(), &values.to_le_bytes()[range.start * size..range.end * size]).unwrap()
}

/// Streams a dataset so many indices at a time; what came of it, and the most bytes that waited in the compressor.
fn streamed(dataset: &Dataset, at_a_time: usize, options: &Options) -> Vec<u8> {
    let mut compressor = Compressor::empty(options);
    compressor.begin_stream(header(dataset), "series.nc", 0).unwrap();
    let times = dataset.dimensions[0].length;
    let mut bytes = Vec::new();
    for (number, field) in dataset.fields.iter().enumerate().filter(|(_, field)| field.dimensions[0] != 0) {
        compressor.add_values(number, field.values.clone()).unwrap();
    }
    for start in (0..times).step_by(at_a_time) {
        for (number, field) in dataset.fields.iter().enumerate().filter(|(_, field)| field.dimensions[0] == 0) {
            let each: usize = field.shape[1..].iter().product();
            compressor.add_values(number, part(&field.values, start * each..(start + at_a_time).min(times) * each)).unwrap();
        }
        while compressor.step().unwrap().is_some() {}
        bytes.extend(compressor.take_bytes());
    }
    compressor.end_stream().unwrap();
    bytes.extend(compressor.finish().unwrap().0);
    bytes
}

fn decoded(bytes: &[u8]) -> Dataset {
    let archive = Archive::open(bytes, &Limits::default()).unwrap();
    Decompressor::new(archive, 0, &Models::default()).unwrap().finish(bytes).unwrap()
}

/// Whether values lie within the bound of others, as far as they go; those that do not count.
fn close(found: &Field, source: &Field, lost: usize) {
    assert_eq!((&found.name, &found.attributes, found.values.data_type()), (&source.name, &source.attributes, source.values.data_type()));
    assert!(found.values.len() <= source.values.len());
    let bound = if found.name == "t" { 0.01 } else { 0.0 };
    let away = (0..found.values.len()).filter(|i| {
        let [a, b] = [found, source].map(|field| field.values.get_f64(*i).unwrap());
        (a - b).abs() > bound || a.is_nan()
    });
    assert_eq!(away.count(), lost, "{}", found.name);
}

const SHAPES: [&[usize]; 5] = [&[40, 60], &[3, 40, 60], &[2, 3], &[], &[70]];

#[test]
fn what_comes_in_pieces_is_one_series() {
    for inner in SHAPES {
        for (times, at_a_time) in [(25, 4), (1, 1), (0, 1), (64, 64)] {
            let source = series(times, inner);
            let back = decoded(&streamed(&source, at_a_time, &options()));
            assert_eq!((&back.dimensions, &back.attributes), (&source.dimensions, &source.attributes), "{inner:?} {times}");
            assert_eq!(back.fields.len(), source.fields.len());
            for (found, source) in back.fields.iter().zip(&source.fields) {
                assert_eq!(found.shape, source.shape);
                close(found, source, 0);
            }
        }
    }
}

#[test]
fn pieces_do_not_matter() {
    let source = series(50, &[40, 60]);
    let options = Options { tiles: "time=8".parse().unwrap(), ..options() };
    let first = streamed(&source, 50, &options);
    assert!([1, 3, 8, 17].into_iter().all(|at_a_time| streamed(&source, at_a_time, &options) == first));
    // Two headers, sections of 8, and one of 2.
    let archive = Archive::open(&first, &Limits::default()).unwrap();
    assert_eq!(archive.variables(0).unwrap()[1].shape, [50, 40, 60]);
}

#[test]
fn an_index_is_no_longer_for_having_come_in_pieces() {
    let options = Options { tiles: "time=1".parse().unwrap(), ..options() };
    let [short, long] = [100, 300].map(|times| {
        let bytes = streamed(&series(times, &[16, 20]), 7, &options);
        let (index, _) = forged::index(&bytes);
        let archive = Archive::open(&bytes, &Limits::default()).unwrap();
        let (reports, values) = (archive.variables(0).unwrap(), decoded(&bytes));
        // One section, whose certificate is of all values.
        for (report, field) in reports.iter().zip(&values.fields) {
            assert_eq!(report.checksum, xxhash_rust::xxh3::xxh3_64(&field.values.to_le_bytes()), "{}", report.name);
        }
        let source = series(times, &[16, 20]);
        let error =
            (0..values.fields[1].values.len()).map(|i| values.fields[1].values.get_f64(i).unwrap() - source.fields[1].values.get_f64(i).unwrap()).sum::<f64>();
        let mean = error / values.fields[1].values.len() as f64;
        assert!((reports[1].mean_error - mean).abs() < 1e-6 + mean.abs() / 1000.0, "{} {mean}", reports[1].mean_error);
        bytes.len() - index
    });
    assert!(long - short < 200 * 3 * 4, "{short} {long}");
}

/// What has come of each variable, by the places that are said.
fn assembled(bytes: &[u8], at_a_time: usize) -> (Vec<BTreeMap<usize, f64>>, bool, usize) {
    let mut incoming = Incoming::new(&Limits::default());
    let (mut values, mut ended, mut widths) = (Vec::new(), false, 0);
    for piece in bytes.chunks(at_a_time) {
        incoming.push(piece);
        while let Some(arrival) = incoming.next(&Models::default()).unwrap() {
            match arrival {
                Arrival::File { name, dataset } => {
                    assert_eq!(name, "series.nc");
                    values.resize_with(dataset.fields.len(), BTreeMap::new);
                    widths += 1;
                }
                Arrival::Chunk(chunk) => {
                    let [height, width] = chunk.plane;
                    let ([p, r, c], [planes, rows, columns]) = (chunk.first, chunk.shape);
                    let decoded = chunk.values(&Models::default()).unwrap();
                    for i in 0..decoded.len() {
                        let (plane, row, column) = (i / columns / rows, i / columns % rows, i % columns);
                        let flat = ((p + plane) * height + r + row) * width + c + column;
                        assert!(planes > plane && values[chunk.variable].insert(flat, decoded.get_f64(i).unwrap()).is_none());
                    }
                }
                Arrival::End => ended = true,
            }
        }
    }
    assert_eq!(incoming.passed(), 0);
    (values, ended, widths)
}

#[test]
fn what_comes_is_seen_before_the_end() {
    for inner in SHAPES {
        let source = series(25, inner);
        for tiles in ["map", "time=7", "time=1"] {
            let bytes = streamed(&source, 3, &Options { tiles: tiles.parse().unwrap(), ..options() });
            let back = decoded(&bytes);
            for at_a_time in [1, 1000, bytes.len()] {
                let (values, ended, headers) = assembled(&bytes, at_a_time);
                assert!(ended && headers <= 2, "{headers}");
                for (field, found) in back.fields.iter().zip(values) {
                    assert_eq!(found.keys().copied().collect::<Vec<_>>(), (0..field.values.len()).collect::<Vec<_>>(), "{inner:?} {tiles} {}", field.name);
                    assert!(found.iter().all(|(i, value)| field.values.get_f64(*i).unwrap().to_bits() == value.to_bits()), "{inner:?} {}", field.name);
                }
            }
        }
    }
}

#[test]
fn an_archive_of_files_is_seen_as_it_comes_as_far_as_it_says_what_they_are() {
    let mut compressor = Compressor::empty(&options());
    compressor.add(series(60, &[3, 40, 60]), "series.nc").unwrap();
    let bytes = compressor.finish().unwrap().0;
    let (values, ended, _) = assembled(&bytes, 5000);
    let back = decoded(&bytes);
    assert!(ended && values.iter().zip(&back.fields).all(|(found, field)| found.len() == field.values.len()));
    // A small one has no header.
    let mut compressor = Compressor::empty(&options());
    compressor.add(series(2, &[40, 60]), "series.nc").unwrap();
    let bytes = compressor.finish().unwrap().0;
    let mut incoming = Incoming::new(&Limits::default());
    incoming.push(&bytes);
    assert!(matches!(incoming.next(&Models::default()), Ok(Some(Arrival::End))) && incoming.passed() == 4);
}

#[test]
fn a_stream_that_is_cut_gives_back_every_whole_chunk() {
    let (times, step, inner) = (30, 4, [40, 60]);
    let source = series(times, &inner);
    let bytes = streamed(&source, 5, &Options { tiles: format!("time={step}").parse().unwrap(), ..options() });
    let mut lengths = Vec::new();
    for cut in (30..bytes.len()).step_by(251) {
        let salvaged = salvage(&bytes[..cut], &Limits::default(), &Models::default()).unwrap();
        let archive = Archive::open(&salvaged.bytes, &Limits::default()).unwrap();
        let seen = come(&bytes[..cut]);
        if archive.files().count() == 0 {
            assert!(seen.is_empty(), "cut at {cut}");
            continue;
        }
        let back = decoded(&salvaged.bytes);
        let length = back.dimensions[0].length;
        lengths.push(length);
        // Whole numbers cannot be missing here: of those all that is there is whole.
        for found in &back.fields {
            let number = source.fields.iter().position(|field| field.name == found.name).unwrap();
            close(found, &source.fields[number], 0);
        }
        let whole = seen.get(&2).copied().unwrap_or(0) / (inner[0] * inner[1]);
        assert!(length == whole, "cut at {cut}: {length} of {whole}");
    }
    assert!(lengths.windows(2).all(|pair| pair[0] <= pair[1]) && lengths.contains(&8) && lengths.last() == Some(&30), "{lengths:?}");
}

/// How many values of each variable have come.
fn come(bytes: &[u8]) -> BTreeMap<usize, usize> {
    let mut incoming = Incoming::new(&Limits::default());
    incoming.push(bytes);
    let mut seen = BTreeMap::new();
    while let Ok(Some(arrival)) = incoming.next(&Models::default()) {
        if let Arrival::Chunk(chunk) = arrival {
            *seen.entry(chunk.variable).or_insert(0) += chunk.shape.iter().product::<usize>();
        }
    }
    seen
}

#[test]
fn a_stream_whose_middle_is_damaged_has_a_hole_where_values_can_be_missing() {
    let mut source = series(30, &[40, 60]);
    source.fields.truncate(2);
    let mut bytes = streamed(&source, 5, &Options { tiles: "time=4".parse().unwrap(), ..options() });
    let (index, _) = forged::index(&bytes);
    bytes.truncate(index);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let back = decoded(&salvage(&bytes, &Limits::default(), &Models::default()).unwrap().bytes);
    assert_eq!(back.dimensions[0].length, 30);
    close(&back.fields[0], &source.fields[0], 0);
    close(&back.fields[1], &source.fields[1], 4 * 40 * 60);
}

#[test]
fn streams_that_cannot_be_are_refused() {
    let source = series(4, &[40, 60]);
    let begin =
        |options: &Options, header: Dataset, dimension: usize| Compressor::empty(options).begin_stream(header, "series.nc", dimension).unwrap_err().to_string();
    assert!(begin(&Options::new(ErrorBound::relative(0.01).unwrap()), header(&source), 0).contains("absolute"));
    assert!(begin(&options(), source.without_values(), 0).contains("length 0"));
    let mut turned = header(&source);
    turned.fields[1].dimensions = vec![1, 0, 2];
    assert!(begin(&options(), turned, 0).contains("not as its first"));
    let mut compressor = Compressor::empty(&options());
    assert!(compressor.add_values(0, Values::F64(vec![1.0])).is_err() && compressor.end_stream().is_err());
    compressor.begin_stream(header(&source), "series.nc", 0).unwrap();
    assert!(compressor.add_values(0, Values::F32(vec![1.0])).is_err());
    assert!(compressor.add_values(9, Values::F32(vec![1.0])).is_err());
    compressor.add_values(0, Values::F64(vec![1.0])).unwrap();
    assert!(compressor.end_stream().unwrap_err().to_string().contains("within"));
    compressor.abandon();
    compressor.add(source, "series.nc").unwrap();
    assert_eq!(decoded(&compressor.finish().unwrap().0).fields.len(), 4);
}

/// Counts the bytes that are read.
struct Counted<'a>(&'a [u8], AtomicU64);

impl Source for Counted<'_> {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        self.1.fetch_add(into.len() as u64, Ordering::Relaxed);
        self.0.read(at, into)
    }
}

#[test]
fn maps_and_series_are_read_from_little_where_tiles_are_for_both() {
    let source = series(400, &[90, 180]);
    let mut options = Options { tiles: Tiles::Both, ..options() };
    options.level = Level::Fast;
    let mut compressor = Compressor::empty(&options);
    compressor.add(Dataset { fields: source.fields[..2].to_vec(), ..source.clone() }, "series.nc").unwrap();
    let bytes = compressor.finish().unwrap().0;
    let read = |ranges: &[(&str, std::ops::Range<usize>)]| {
        let counted = Counted(&bytes, AtomicU64::new(0));
        let archive = Archive::open(&counted, &Limits::default()).unwrap();
        let opened = counted.1.swap(0, Ordering::Relaxed);
        let ranges = ranges.iter().map(|(name, range)| ((*name).to_owned(), vec![range.clone()])).collect();
        let part = Decompressor::of_part(archive, 0, (&[1], &ranges), &Models::default()).unwrap().finish(&counted).unwrap();
        (part.fields[0].values.clone(), opened, counted.1.load(Ordering::Relaxed) as f64 / bytes.len() as f64)
    };
    let (map, opened, share) = read(&[("time", 123..124)]);
    assert!(share < 0.05 && opened < 70_000, "{share} {opened}");
    let all = decoded(&bytes).fields[1].values.clone();
    assert_eq!(map, part(&all, 123 * 16200..124 * 16200));
    let (series, _, share) = read(&[("lat", 30..31), ("lon", 77..78)]);
    assert!(share < 0.05, "{share}");
    assert!((0..400).all(|t| series.get_f64(t) == all.get_f64(t * 16200 + 30 * 180 + 77)));
    // And the header in front of the chunks says how they are cut.
    let (index, _) = forged::index(&bytes);
    let saved = salvage(&bytes[..index], &Limits::default(), &Models::default()).unwrap();
    assert_eq!(decoded(&saved.bytes).fields[1].values, all);
    assert!(matches!(Options { tiles: "time=400,lat=90,lon=180".parse().unwrap(), ..options }.tiles, Tiles::Of(_)));
}

#[test]
fn tiles_that_cannot_be_are_refused() {
    let options = Options { tiles: "time=4,level=2".parse().unwrap(), ..options() };
    assert!(matches!(Compressor::new(series(8, &[3, 40, 60]), "series.nc", &options), Err(Error::InvalidArgument { .. })));
}

/// How many values of a plane differ from those of another at every so many rows and columns.
fn differing(found: &Values, whole: &Values, [height, width]: [usize; 2], stride: usize) -> usize {
    let places = (0..height).step_by(stride).flat_map(|y| (0..width).step_by(stride).map(move |x| y * width + x));
    places.filter(|i| found.get_f64(*i).map(f64::to_bits) != whole.get_f64(*i).map(f64::to_bits)).count()
}

#[test]
fn a_plane_is_seen_coarse_to_fine_from_few_bytes_of_its_chunk() {
    let shape = [91, 180];
    let mut source = series(6, &shape);
    source.fields.truncate(2);
    // With a hole, which is seen at once.
    if let Values::F32(values) = &mut source.fields[1].values {
        (0..50).for_each(|i| values[3 * 91 * 180 + 50 * 180 + i] = f32::NAN);
    }
    for level in [Level::Balanced, Level::Max] {
        for tiles in ["time=1", "map"] {
            let mut compressor = Compressor::empty(&Options { tiles: tiles.parse().unwrap(), level, ..options() });
            compressor.add(source.clone(), "series.nc").unwrap();
            let bytes = compressor.finish().unwrap().0;
            let archive = Archive::open(&bytes, &Limits::default()).unwrap();
            let all = decoded(&bytes).fields[1].values.clone();
            let plane = part(&all, 3 * 91 * 180..4 * 91 * 180);
            let mut before = 0;
            for stride in [16, 8, 4, 2, 1] {
                let seen = coarse(&archive, &bytes, (0, 1, 3), stride, &Models::default()).unwrap();
                assert!(seen.stride <= stride && seen.bytes >= before, "{stride}");
                assert_eq!(seen.field.shape, shape);
                assert!(differing(&seen.field.values, &plane, shape, seen.stride) <= 2, "{level:?} {tiles} {stride}");
                before = seen.bytes;
                if stride == 1 {
                    assert_eq!(seen.field.values, plane);
                }
                let one = archive.variables(0).unwrap()[1].archive_bytes as f64 / if tiles == "map" { 1.0 } else { 6.0 };
                let share = seen.bytes as f64 / one;
                assert!(share < if stride < 4 || tiles == "map" { 1.01 } else { 0.8 }, "{tiles} {stride} {share}");
            }
        }
    }
}

#[test]
fn what_is_coming_is_seen_coarse_to_fine() {
    let shape = [90, 180];
    let source = series(3, &shape);
    let bytes = streamed(&source, 1, &Options { tiles: "time=1".parse().unwrap(), level: Level::Balanced, ..options() });
    let whole = decoded(&bytes).fields[1].values.clone();
    let mut incoming = Incoming::new(&Limits::default());
    let mut strides = Vec::new();
    for piece in bytes.chunks(64) {
        incoming.push(piece);
        while incoming.next(&Models::default()).unwrap().is_some() {}
        let Some(coming) = incoming.coming(&Models::default()) else { continue };
        if coming.variable == 1 {
            assert_eq!((coming.plane, coming.shape), (shape, [1, 90, 180]));
            let plane = part(&whole, coming.first[0] * 90 * 180..(coming.first[0] + 1) * 90 * 180);
            assert!(differing(&coming.values, &plane, shape, coming.stride) <= 2, "{} {}", coming.stride, coming.bytes);
            strides.push((coming.first[0], std::cmp::Reverse(coming.stride)));
        }
    }
    assert!(strides.windows(2).all(|pair| pair[0] <= pair[1]), "{strides:?}");
    assert!((0..3).all(|t| [16, 8, 4, 2].iter().all(|stride| strides.contains(&(t, std::cmp::Reverse(*stride))))), "{strides:?}");
}

#[test]
fn whatever_comes_is_seen_without_harm() {
    let bytes = streamed(&series(3, &[40, 60]), 1, &Options { tiles: "time=1".parse().unwrap(), level: Level::Balanced, ..options() });
    let mut seed = 7u64;
    for _ in 0..300 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut damaged = bytes.clone();
        let at = 24 + (seed >> 33) as usize % (bytes.len() - 24);
        damaged[at] ^= (seed >> 20) as u8 | 1;
        let mut incoming = Incoming::new(&Limits::default());
        for piece in damaged.chunks(997) {
            incoming.push(piece);
            while let Ok(Some(arrival)) = incoming.next(&Models::default()) {
                if let Arrival::Chunk(chunk) = arrival {
                    let _ = chunk.values(&Models::default());
                }
            }
            let _ = incoming.coming(&Models::default());
        }
    }
}
