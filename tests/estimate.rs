//! Estimates come close to what archives take, whatever they are made of, and the usual level follows from the size of what is compressed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Compressor, Estimate, Estimator};
use deepcomp::codec::{Level, Options};
use deepcomp::field::{Dataset, ErrorBound, Field, SourceFormat, Values};
use deepcomp::network::model::Models;

/// Waves with noise that grows along the array, so that no single piece stands for all of it.
fn waves(shape: [usize; 3]) -> Dataset {
    let [planes, height, width] = shape;
    let mut state = 1u32;
    let value = |i: usize| {
        let (t, y, x) = ((i / (height * width)) as f64, (i / width % height) as f64, (i % width) as f64);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (250.0 + 20.0 * (y / 9.0 + t / 5.0).sin() + 11.0 * (x / 13.0).cos() + (0.2 + t / planes as f64) * f64::from(state >> 8) / 16_777_216.0) as f32
    };
    Dataset::from_array("v", &shape, Values::F32((0..planes * height * width).map(value).collect()), SourceFormat::ARRAY).unwrap()
}

fn estimates(datasets: &[Dataset], options: &Options, times: &[f64]) -> Vec<Estimate> {
    let mut estimator = Estimator::new(options, times);
    for dataset in datasets {
        estimator.begin(dataset.without_values());
        for (number, field) in dataset.fields.iter().enumerate().filter(|(_, f)| f.values.data_type().size() > 0) {
            if estimator.wants(number) {
                estimator.add_variable(number, field.clone()).unwrap();
            }
        }
    }
    while let Some(job) = estimator.next_job() {
        estimator.accept(&job.run(&Models::default()).unwrap(), job.samples() as f64 * 1e-6).unwrap();
    }
    estimator.finish().unwrap()
}

fn archived(datasets: &[Dataset], options: &Options) -> f64 {
    let mut compressor = Compressor::empty(options);
    for (number, dataset) in datasets.iter().enumerate() {
        compressor.add(dataset.clone(), &format!("file {number}")).unwrap();
    }
    compressor.finish().unwrap().0.len() as f64
}

fn check(datasets: &[Dataset], options: &Options, within: f64) {
    for Estimate { level, times, bytes, .. } in estimates(datasets, options, &[1.0, 10.0]) {
        let wish = ErrorBound::relative(1e-3).unwrap().times(times).unwrap();
        let real = archived(datasets, &Options { level, bounds: wish.into(), ..options.clone() });
        // An index is small, and not worth more than a guess.
        assert!((bytes as f64 - real).abs() < within * real + 64.0, "{level:?} {times}: {bytes} for {real}");
    }
}

#[test]
fn estimates_come_close() {
    let options = Options::new(ErrorBound::relative(1e-3).unwrap());
    check(&[waves([1, 20, 30])], &options, 0.1);
    // Pieces know less of each other than the whole, which tells where next to nothing is left.
    check(&[waves([24, 181, 360])], &options, 0.5);
    // Many small files, most of which are not looked at.
    check(&(0..40).map(|i| waves([2 + i % 3, 40, 50 + i])).collect::<Vec<_>>(), &options, 0.2);
}

#[test]
fn seconds_are_those_of_all_values() {
    let datasets = [waves([24, 181, 360])];
    let samples = 24.0 * 181.0 * 360.0;
    for Estimate { level, seconds, .. } in estimates(&datasets, &Options::new(ErrorBound::Lossless), &[1.0]) {
        assert!((seconds / (samples * 1e-6) - 1.0).abs() < 1e-6, "{level:?} {seconds}");
    }
}

#[test]
fn nothing_costs_nothing_and_is_no_failure() {
    let options = Options::new(ErrorBound::Lossless);
    assert!(estimates(&[], &options, &[1.0]).iter().all(|e| e.bytes < 200 && e.seconds == 0.0));
    let empty = Dataset::from_array("v", &[0, 5], Values::F32(Vec::new()), SourceFormat::ARRAY).unwrap();
    assert!(estimates(&[empty], &options, &[1.0]).iter().all(|e| e.bytes < 1000));
    let mut estimator = Estimator::new(&options, &[1.0]);
    let dataset = waves([1, 4, 4]);
    assert!(estimator.add_variable(0, dataset.fields[0].clone()).is_err(), "no file was begun");
    estimator.begin(dataset.without_values());
    estimator.add_variable(0, dataset.fields[0].clone()).unwrap();
    let (job, _) = (estimator.next_job().unwrap(), estimator.next_job().unwrap());
    let done = job.run(&Models::default()).unwrap();
    estimator.accept(&done, 1.0).unwrap();
    assert!(estimator.accept(&done, 1.0).is_err(), "it has come back");
    assert!(estimator.finish().is_err(), "one has not");
}

#[test]
fn the_usual_level_follows_from_the_size() {
    let levels = |sizes: &[usize], level: Level| -> Vec<Level> {
        let mut compressor = Compressor::empty(&Options { level, ..Options::new(ErrorBound::Lossless) });
        for (number, size) in sizes.iter().enumerate() {
            compressor.add(Dataset::from_array("v", &[*size], Values::U8(vec![0; *size]), SourceFormat::ARRAY).unwrap(), &format!("file {number}")).unwrap();
        }
        compressor.finish().unwrap().1.iter().map(|report| report.level.unwrap()).collect()
    };
    let most = Level::BEST_BYTES as usize;
    assert_eq!(levels(&[most - 1, 1, 1, 5], Level::Auto), [Level::Best, Level::Best, Level::Balanced, Level::Balanced]);
    assert_eq!(levels(&[most + 1], Level::Auto), [Level::Balanced]);
    for level in [Level::Fast, Level::Balanced, Level::Best, Level::Max] {
        assert_eq!(levels(&[most + 1], level), [level]);
    }
    assert!(Level::ALL.iter().all(|level| level.name().parse::<Level>().unwrap() == *level));
    assert!("quick".parse::<Level>().unwrap_err().to_string().contains("balanced"));
}

#[test]
fn variables_that_are_not_looked_at_need_not_be_read() {
    let mut estimator = Estimator::new(&Options::new(ErrorBound::Lossless), &[1.0]);
    let field = |name: &str, length: usize| Field { shape: vec![length], name: name.to_owned(), ..waves([1, 1, 1]).fields.remove(0) };
    let mut dataset = waves([1, 1, 1]);
    dataset.fields = (0..200).map(|i| field(&format!("v{i}"), 1 << 20)).collect();
    estimator.begin(dataset);
    assert!((16..=32).contains(&(0..200).filter(|number| estimator.wants(*number)).count()));
}
