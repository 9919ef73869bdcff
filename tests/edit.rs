//! Archives that are closed are added to and changed: nothing that was there is written again, and wherever that breaks off the archive is the old one or the new one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor, ending_at, merge, outside_records, salvage};
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

/// Bytes of one archive out of several.
fn merged(archives: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let archives: Vec<_> = archives.iter().map(|bytes| (bytes.to_vec(), open(bytes))).collect();
    let mut out = Vec::new();
    merge(&archives, &Limits::default(), |bytes| {
        out.extend(bytes);
        Ok::<_, Error>(())
    })?;
    Ok(out)
}

/// An archive of a file of several chunks with sections, a constant that is one frame many times, and small files, called after `name`.
fn large(name: &str, seed: usize) -> Vec<u8> {
    let options = Options { level: Level::Fast, ..Options::new(ErrorBound::absolute(0.02).unwrap()) };
    let array = |values, shape: &[usize]| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    let values = |rows: std::ops::Range<usize>| {
        Values::F32(rows.flat_map(|y| (0..1000).map(move |x| ((y + seed) as f32 / 50.0).sin() + (x * y % 17) as f32 * 0.01)).collect())
    };
    let mut compressor = Compressor::empty(&options);
    compressor.add(array(values(0..3000), &[3000, 1000]), &format!("{name}/large")).unwrap();
    compressor.add(array(Values::F32(vec![1.0; 6000 * 1000]), &[6000, 1000]), &format!("{name}/constant")).unwrap();
    for number in 0..6 {
        compressor.add(array(values(0..100 + number), &[100 + number, 1000]), &format!("{name}/{number}")).unwrap();
    }
    let bytes = compressor.finish().unwrap().0;
    let archive = open(&bytes);
    let mut compressor = Compressor::resume(&archive, &options);
    let more = array(values(3000..3100), &[100, 1000]);
    let numbers = compressor.begin_sections(more.without_values(), 0, Some("dim_0")).unwrap();
    numbers.into_iter().for_each(|number| compressor.add_section(more.fields[number].clone()).unwrap());
    compressor.end(Vec::new()).unwrap();
    applied(&bytes, &archive, &change(&archive, compressor))
}

fn frames(bytes: &[u8]) -> usize {
    let (mut at, mut frames) = (forged::SUPERBLOCK, 0);
    while at + forged::TRAILER < bytes.len() {
        frames += usize::from(bytes[at..at + 2] == [0xdc, 1]);
        at += forged::record_end(&bytes[at..]);
    }
    frames
}

#[test]
fn archives_become_one_with_their_values_and_certificates() {
    let [a, b] = [large("a", 0), large("b", 7)];
    let bytes = merged(&[&a, &b]).unwrap();
    let (whole, parts) = (open(&bytes), [open(&a), open(&b)]);
    assert_eq!(whole.files().collect::<Vec<_>>(), parts.iter().flat_map(Archive::files).collect::<Vec<_>>());
    for (number, source, file) in [&a, &b].into_iter().enumerate().flat_map(|(n, source)| (0..8).map(move |file| (8 * n + file, source, file))) {
        assert_eq!(decoded(&bytes, number), decoded(source, file), "{number}");
        assert_eq!(whole.variables(number).unwrap(), open(source).variables(file).unwrap(), "{number}");
        assert_eq!(whole.status(number).unwrap(), open(source).status(file).unwrap(), "{number}");
    }
    assert_eq!(outside_records(&whole, &bytes).unwrap(), 0);
    // A frame that several chunks have is there once: of two times 2 + 1 chunks, 1 of the constant and 6.
    assert_eq!(frames(&bytes), 2 * (2 + 1 + 1 + 6));
    // Nothing is left of the index that the first archive had before it was added to.
    assert!(bytes.len() < a.len() + b.len(), "{} {} {}", bytes.len(), a.len(), b.len());
    assert_eq!(merged(&[&bytes]).unwrap(), bytes, "what is merged already stays as it is");
}

#[test]
fn of_a_merged_archive_that_is_cut_anywhere_whole_chunks_come_back() {
    let bytes = merged(&[&large("a", 0), &large("b", 7)]).unwrap();
    let (index, _) = forged::index(&bytes);
    let saved = |bytes: &[u8]| salvage(bytes, &Limits::default(), &Models::default()).unwrap();
    let found = saved(&bytes[..index]);
    // Three small files are a mebibyte together.
    assert_eq!((found.unknown, found.damaged), (0, 0));
    let (before, after) = (open(&bytes), open(&found.bytes));
    assert_eq!(before.files().count(), after.files().count());
    for file in 0..16 {
        let number = after.files().position(|name| Some(name) == before.files().nth(file)).unwrap();
        assert_eq!(decoded(&found.bytes, number), decoded(&bytes, file), "{file}");
        assert_eq!(after.variables(number).unwrap()[0].max_abs_error, before.variables(file).unwrap()[0].max_abs_error);
    }
    let mut chunks = 0;
    for cut in (24..index).step_by(index / 12) {
        let found = saved(&bytes[..cut]);
        let whole = found.variables.iter().map(|v| v.whole).sum::<usize>();
        assert!(whole >= chunks, "{cut}");
        chunks = whole;
        let after = open(&found.bytes);
        for (number, name) in after.files().enumerate() {
            let lost = found.variables.iter().find(|v| v.file == name).map(|v| v.chunks - v.whole).unwrap();
            let (Values::F32(back), Values::F32(whole)) =
                (&decoded(&found.bytes, number).fields[0].values, &decoded(&bytes, before.files().position(|n| n == name).unwrap()).fields[0].values)
            else {
                panic!("another type")
            };
            assert!(back.iter().zip(whole).all(|(a, b)| a == b || a.is_nan()), "{name}");
            assert_eq!(back.iter().any(|v| v.is_nan()), lost > 0, "{name}");
        }
    }
    assert!(chunks >= 10, "{chunks}");
}

#[test]
fn what_was_taken_away_is_gone_from_an_archive_that_is_written_anew() {
    let old = archive(0..20);
    let notes = changed(&old, |compressor| compressor.remove(0).unwrap());
    assert!(notes.len() > old.len());
    let anew = merged(&[&notes]).unwrap();
    assert_eq!(open(&anew).files().collect::<Vec<_>>(), ["notes"]);
    assert_eq!(decoded(&anew, 0), decoded(&old, 1));
    let mut alone = Compressor::empty(&options());
    alone.add(deepcomp::formats::file::keep(b"read me".to_vec()), "notes").unwrap();
    assert_eq!(anew, alone.finish().unwrap().0, "as if the other file had never been there");
}

#[test]
fn archives_that_cannot_be_one_are_refused() {
    let [a, mut b] = [archive(0..2), archive(2..4)];
    let twice = merged(&[&a, &b]).unwrap_err();
    assert!(matches!(&twice, Error::InvalidArgument { what } if what.contains("\"series\"") && what.contains("rename")), "{twice}");
    b = changed(&b, |compressor| {
        compressor.rename(0, "later").unwrap();
        compressor.rename(1, "later notes").unwrap();
    });
    merged(&[&a, &b]).unwrap();
    b[100] ^= 1;
    assert!(matches!(merged(&[&a, &b]).unwrap_err(), Error::ChecksumMismatch { .. }));
    let many = Limits { files: 3, ..Limits::default() };
    let archives = [(a.clone(), open(&a)), (a.clone(), open(&a))].map(|(bytes, archive)| (bytes, archive));
    let renamed = changed(&a, |compressor| {
        compressor.rename(0, "x").unwrap();
        compressor.rename(1, "y").unwrap();
    });
    let [first, _] = archives;
    let archives = [first, (renamed.clone(), open(&renamed))];
    assert!(matches!(merge(&archives, &many, |_| Ok::<_, Error>(())), Err(Error::LimitExceeded { what: "files", .. })));
}

#[test]
fn comments_are_kept_by_whatever_changes_an_archive() {
    let plain = archive(0..4);
    let said = |bytes: &[u8]| open(bytes).comment().map(str::to_owned);
    let text = Some("Reanalysis, 6-hourly.\nAsk Ada.".to_owned());
    assert_eq!(said(&plain), None);
    let old = changed(&plain, |compressor| compressor.set_comment(text.as_deref().unwrap()).unwrap());
    assert_eq!(said(&old), text);
    let more = appended(&old, 4..6);
    assert_eq!(said(&more), text);
    assert_eq!(decoded(&more, 0).fields[0].values, series(0..6).fields[0].values);
    let other = changed(&plain, |compressor| {
        compressor.rename(0, "other").unwrap();
        compressor.rename(1, "other notes").unwrap();
    });
    // Of several the first that has one.
    assert_eq!(said(&merged(&[&other, &more]).unwrap()), text);
    let saved = |bytes: &[u8]| salvage(bytes, &Limits::default(), &Models::default()).unwrap().bytes;
    assert_eq!(said(&saved(&more)), text);
    // Where the index is lost, that of the index before it is the last there is.
    assert_eq!(said(&saved(&more[..forged::index(&more).0])), text);
    let without = changed(&more, |compressor| compressor.set_comment("").unwrap());
    assert_eq!(said(&without), None);
    assert_eq!(merged(&[&without]).unwrap(), merged(&[&appended(&plain, 4..6)]).unwrap(), "what is left out takes nothing");
    let mut compressor = Compressor::empty(&options());
    assert!(matches!(compressor.set_comment(&"x".repeat(deepcomp::archive::MOST_COMMENT + 1)), Err(Error::InvalidArgument { .. })));
}
