//! Archives that are closed are added to and changed: nothing that was there is written again, and wherever that breaks off the archive is the old one or the new one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, ending_at};
use deepcomp::codec::{Level, Options};
use deepcomp::field::{Attribute, Dataset, Dimension, ErrorBound, Field, Missing, SourceFormat, Values};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits};
use std::collections::BTreeMap;

const ROWS: usize = 40;
const COLUMNS: usize = 60;

fn field(name: &str, dimensions: &[usize], shape: &[usize], values: Values) -> Field {
    let units = if name == "time" { "hours since 2020-01-01" } else { "K" };
    Field {
        name: name.to_owned(),
        dimensions: dimensions.to_vec(),
        shape: shape.to_vec(),
        values,
        attributes: vec![Attribute::text("units", units)],
        missing: Missing::NonFinite,
        derived: None,
    }
}

fn hills(times: std::ops::Range<usize>) -> Vec<f32> {
    let value =
        |t: usize, y: usize, x: usize| 280.0 + ((y + t) as f32 / 5.0).sin() * 9.0 + (x as f32 / 7.0 - t as f32).cos() * 4.0 + ((y * x + t) % 13) as f32 * 0.02;
    times.flat_map(|t| (0..ROWS).flat_map(move |y| (0..COLUMNS).map(move |x| value(t, y, x)))).collect()
}

/// Some times of a series.
fn series(times: std::ops::Range<usize>) -> Dataset {
    let count = times.len();
    let dimension = |name: &str, length, unlimited| Dimension { name: name.to_owned(), length, unlimited };
    Dataset {
        format: SourceFormat::ARRAY,
        dimensions: vec![dimension("time", count, true), dimension("lat", ROWS, false), dimension("lon", COLUMNS, false)],
        attributes: vec![Attribute::text("title", "a series")],
        fields: vec![
            field("time", &[0], &[count], Values::F64(times.clone().map(|t| t as f64 * 6.0).collect())),
            field("lat", &[1], &[ROWS], Values::F32((0..ROWS).map(|y| 50.0 - y as f32).collect())),
            field("t", &[0, 1, 2], &[count, ROWS, COLUMNS], Values::F32(hills(times))),
        ],
        layout: Vec::new(),
    }
}

fn options() -> Options {
    Options { level: Level::Balanced, ..Options::new(ErrorBound::absolute(0.01).unwrap()) }
}

fn archive(times: std::ops::Range<usize>) -> Vec<u8> {
    let mut compressor = Compressor::empty(&options());
    compressor.add(series(times), "series").unwrap();
    compressor.add(deepcomp::formats::file::keep(b"read me".to_vec()), "notes").unwrap();
    compressor.finish().unwrap().0
}

fn open(bytes: &[u8]) -> Archive {
    Archive::open(bytes, &Limits::default()).unwrap()
}

fn decoded(bytes: &[u8], file: usize) -> Dataset {
    Decompressor::new(open(bytes), file, &Models::default()).unwrap().finish(bytes).unwrap()
}

/// What has to be written: at the start, behind the archive, and at the start again.
struct Change {
    before: Vec<u8>,
    tail: Vec<u8>,
    after: Vec<u8>,
}

fn change(archive: &Archive, compressor: Compressor) -> Change {
    let (tail, _) = compressor.finish().unwrap();
    Change { before: ending_at(archive.end()), after: ending_at(archive.end() + tail.len() as u64), tail }
}

/// What the steps of a change make of a file.
fn applied(bytes: &[u8], archive: &Archive, Change { before, tail, after }: &Change) -> Vec<u8> {
    let mut file = bytes.to_vec();
    file[..before.len()].copy_from_slice(before);
    file.truncate(archive.end() as usize);
    file.extend(tail);
    file[..after.len()].copy_from_slice(after);
    file
}

fn changed(bytes: &[u8], edit: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    let archive = open(bytes);
    let mut compressor = Compressor::resume(&archive, &Options { bounds: archive.bounds(0).unwrap(), ..options() });
    edit(&mut compressor);
    applied(bytes, &archive, &change(&archive, compressor))
}

fn append(compressor: &mut Compressor, more: Dataset) -> Result<(), Error> {
    let numbers = compressor.begin_sections(more.without_values(), 0, None)?;
    for number in numbers {
        compressor.add_section(more.fields[number].clone())?;
    }
    compressor.end(Vec::new())
}

fn appended(bytes: &[u8], times: std::ops::Range<usize>) -> Vec<u8> {
    changed(bytes, |compressor| append(compressor, series(times)).unwrap())
}

#[test]
fn times_are_added_without_writing_anything_again() {
    let old = archive(0..20);
    let one = appended(&old, 20..21);
    assert_eq!(one[24..old.len()], old[24..], "nothing is written again");
    // Several at a time, one behind the other.
    let more = changed(&one, |compressor| [21..25, 25..30].into_iter().for_each(|times| append(compressor, series(times)).unwrap()));
    let (file, whole) = (decoded(&more, 0), series(0..30));
    assert_eq!(file.dimensions, whole.dimensions);
    assert_eq!(file.fields.iter().map(|f| &f.shape).collect::<Vec<_>>(), whole.fields.iter().map(|f| &f.shape).collect::<Vec<_>>());
    assert_eq!(file.fields[0].values, whole.fields[0].values);
    assert_eq!(file.fields[1].values, whole.fields[1].values);
    let (Values::F32(a), Values::F32(b)) = (&file.fields[2].values, &whole.fields[2].values) else { panic!("another type") };
    let worst = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).fold(0.0, f64::max);
    let report = &open(&more).variables(0).unwrap()[2];
    assert!(worst <= 0.01 && worst == report.max_abs_error, "{worst} {report:?}");
    assert_eq!((report.bound, report.shape.as_slice()), (ErrorBound::absolute(0.01).unwrap(), [30, ROWS, COLUMNS].as_slice()));
    // What was there before comes back as it was.
    let Values::F32(before) = &decoded(&old, 0).fields[2].values else { panic!("another type") };
    assert_eq!(a[..before.len()], before[..]);
    assert_eq!(decoded(&more, 1), decoded(&old, 1));
}

#[test]
fn parts_of_what_was_added_to_read_the_chunks_they_lie_in() {
    let bytes = appended(&appended(&archive(0..20), 20..21), 21..30);
    let whole = decoded(&bytes, 0);
    let Values::F32(all) = &whole.fields[2].values else { panic!("another type") };
    for (times, jobs) in [(20..21, 1), (0..20, 1), (19..22, 3), (25..30, 1), (0..30, 3)] {
        let ranges = BTreeMap::from([("time".to_owned(), vec![times.clone()]), ("lat".to_owned(), vec![3..5, 30..31])]);
        let mut decompressor = Decompressor::of_part(open(&bytes), 0, (&[2], &ranges), &Models::default()).unwrap();
        let mut steps = 0;
        while decompressor.step(&bytes).unwrap().is_some() {
            steps += 1;
        }
        let part = decompressor.finish(&bytes).unwrap();
        let row = |t: usize, y: usize| &all[(t * ROWS + y) * COLUMNS..][..COLUMNS];
        let expected: Vec<f32> = times.clone().flat_map(|t| [3, 4, 30].into_iter().flat_map(move |y| row(t, y).iter().copied())).collect();
        assert_eq!(part.fields[0].values, Values::F32(expected), "{times:?}");
        assert_eq!(part.fields[0].shape, [times.len(), 3, COLUMNS]);
        assert_eq!(steps, jobs, "{times:?}");
    }
}

#[test]
fn a_change_that_breaks_off_anywhere_leaves_the_old_archive_or_the_new_one() {
    let old = archive(0..6);
    let archive = open(&old);
    let mut compressor = Compressor::resume(&archive, &options());
    append(&mut compressor, series(6..8)).unwrap();
    let change = change(&archive, compressor);
    let new = applied(&old, &archive, &change);
    let [before, after] = [&old, &new].map(|bytes| decoded(bytes, 0));
    assert_ne!(before, after);
    let mut file = old.clone();
    file[..change.before.len()].copy_from_slice(&change.before);
    assert_eq!(decoded(&file, 0), before);
    for length in (0..=change.tail.len()).step_by(7).chain([change.tail.len()]) {
        let torn = [&file[..], &change.tail[..length]].concat();
        assert_eq!(decoded(&torn, 0), before, "{length}");
        // What broke off is no hindrance to the next change, which overwrites it.
        if length % 35 == 0 {
            assert_eq!(decoded(&appended(&torn, 6..8), 0), after, "{length}");
        }
    }
    assert_eq!(decoded(&new, 0), after);
    assert!(matches!(Archive::open(&new[..new.len() - 1], &Limits::default()), Err(Error::Truncated { .. })));
}

#[test]
fn files_are_added_taken_away_and_renamed() {
    let old = archive(0..4);
    let bytes = changed(&old, |compressor| {
        compressor.remove(1).unwrap();
        compressor.rename(0, "renamed").unwrap();
        compressor.add(deepcomp::formats::file::keep(b"other notes".to_vec()), "notes").unwrap();
        assert!(compressor.rename(0, "notes").is_err() && compressor.remove(1).is_err() && compressor.rename(7, "x").is_err());
    });
    assert_eq!(open(&bytes).files().collect::<Vec<_>>(), ["renamed", "notes"]);
    assert_eq!(decoded(&bytes, 0), decoded(&old, 0));
    assert_eq!(decoded(&bytes, 1).fields[0].values, Values::U8(b"other notes".to_vec()));
}

#[test]
fn what_does_not_fit_is_refused_and_why() {
    let bytes = archive(0..4);
    let archive = open(&bytes);
    let refused = |more: Dataset, along: Option<&str>, file: usize| {
        let mut compressor = Compressor::resume(&archive, &options());
        compressor.begin_sections(more.without_values(), file, along).unwrap_err().to_string()
    };
    let mut other = series(4..5);
    other.fields[2].attributes[0] = Attribute::text("units", "degC");
    assert!(refused(other, None, 0).contains("\"t\" has another units"));
    let mut other = series(4..5);
    other.fields[0].values = Values::I32(vec![1]);
    assert!(refused(other, None, 0).contains("float64 in the archive and int32"));
    let mut other = series(4..5);
    other.dimensions[1].length = 39;
    other.fields[2].shape[1] = 39;
    assert!(refused(other, None, 0).contains("lat = 40"));
    let mut other = series(4..5);
    other.fields.remove(0);
    assert!(refused(other, None, 0).contains("no variable \"time\""));
    assert!(refused(series(4..5), Some("level"), 0).contains("time, lat, lon"));
    assert!(refused(series(4..5), Some("lat"), 0).contains("is not the first dimension"));
    assert!(refused(series(4..5), None, 1).contains("no variable \"bytes\""));
}

#[test]
fn a_frame_that_two_variables_have_is_decoded_once() {
    let mut dataset = series(0..6);
    let again = Field { name: "again".to_owned(), ..dataset.fields[2].clone() };
    dataset.fields = vec![dataset.fields.remove(2), again];
    let bytes = Compressor::new(dataset, "twice", &options()).unwrap().finish().unwrap().0;
    let mut decompressor = Decompressor::new(open(&bytes), 0, &Models::default()).unwrap();
    let mut jobs = 0;
    while decompressor.step(&bytes).unwrap().is_some() {
        jobs += 1;
    }
    let decoded = decompressor.finish(&bytes).unwrap();
    assert_eq!(jobs, 1);
    assert_eq!(decoded.fields[0].values, decoded.fields[1].values);
}
