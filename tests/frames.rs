//! Frames without an archive: type and shape come from outside, everything else from the bytes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, decode_chunk, encode_chunk, inspect_chunk};
use deepcomp::codec::{Level, Options};
use deepcomp::field::{DataType, Dataset, ErrorBound, Missing, SourceFormat, Values};
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits};
use std::sync::Arc;

fn shipped() -> Arc<Model> {
    Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()
}

fn hills(count: usize) -> Vec<f32> {
    (0..count).map(|i| 280.0 + ((i / 64) as f32 / 9.0).sin() * 9.0 + ((i % 64) as f32 / 7.0).cos() * 4.0 + (i * i % 17) as f32 * 0.01).collect()
}

fn options(bound: ErrorBound, level: Level) -> Options {
    Options { level, model: Some(shipped()), ..Options::new(bound) }
}

fn decoded(frame: &[u8], data_type: DataType, shape: &[usize]) -> Result<Values, Error> {
    decode_chunk(frame, data_type, shape, &Models::from_iter([shipped()]), &Limits::default())
}

#[test]
fn chunks_of_every_kind_come_back_within_their_bound() {
    let bound = ErrorBound::absolute(0.02).unwrap();
    for shape in [vec![], vec![1], vec![64], vec![30, 64], vec![4, 30, 64], vec![2, 3, 5, 64], vec![0, 5], vec![7, 1, 3]] {
        for level in [Level::Fast, Level::Balanced, Level::Best, Level::Max] {
            let values = hills(shape.iter().product());
            let frame = encode_chunk(Values::F32(values.clone()), &shape, Missing::NonFinite, &options(bound, level)).unwrap();
            let Values::F32(back) = decoded(&frame, DataType::F32, &shape).unwrap() else { panic!("another type") };
            let worst = back.iter().zip(&values).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).fold(0.0, f64::max);
            let report = inspect_chunk(&frame).unwrap();
            assert!(
                back.len() == values.len() && worst <= 0.02 && report.held.is_none_or(|(bound, error)| worst <= f64::from(error) && error <= bound),
                "{shape:?}"
            );
        }
    }
    let codes: Vec<i16> = (0..30 * 64).map(|i| if i % 11 == 0 { -999 } else { (i % 300) as i16 }).collect();
    let frame = encode_chunk(
        Values::I16(codes.clone()),
        &[30, 64],
        Missing::Patterns(vec![(-999i16) as u16 as u64]),
        &options(ErrorBound::absolute(2.0).unwrap(), Level::Balanced),
    )
    .unwrap();
    let Values::I16(back) = decoded(&frame, DataType::I16, &[30, 64]).unwrap() else { panic!("another type") };
    assert!(codes.iter().zip(&back).all(|(a, b)| if *a == -999 { a == b } else { a.abs_diff(*b) <= 2 }));
    let exact = encode_chunk(Values::I16(codes.clone()), &[30, 64], Missing::NonFinite, &options(ErrorBound::Lossless, Level::Balanced)).unwrap();
    assert_eq!(decoded(&exact, DataType::I16, &[30, 64]).unwrap(), Values::I16(codes));
    assert_eq!(inspect_chunk(&exact).unwrap().held, None);
}

#[test]
fn a_frame_says_what_it_takes_and_costs_few_bytes() {
    let values = hills(4 * 30 * 64);
    let bound = ErrorBound::absolute(0.02).unwrap();
    let dataset = Dataset::from_array("v", &[4, 30, 64], Values::F32(values.clone()), SourceFormat::ARRAY).unwrap();
    for level in [Level::Balanced, Level::Best] {
        let options = Options { base: deepcomp::codec::Base::Never, ..options(bound, level) };
        let frame = encode_chunk(Values::F32(values.clone()), &[4, 30, 64], Missing::NonFinite, &options).unwrap();
        let (archive, reports) = Compressor::new(dataset.clone(), "v.npy", &options).unwrap().finish().unwrap();
        let report = inspect_chunk(&frame).unwrap();
        assert_eq!(report.model, reports[0].model.map(|model| model.0 as u32));
        let (held, error) = report.held.unwrap();
        assert!(f64::from(held) >= 0.02 && f64::from(held) < 0.020_000_01 && f64::from(error) >= reports[0].max_abs_error);
        // The same payload, with 10 to 22 bytes around it.
        let payload = forged::first_payload(&archive);
        assert!(frame.windows(payload.len()).any(|w| w == payload));
        assert_eq!(frame.len() - payload.len(), if report.model.is_some() { 22 } else { 18 });
        assert!(archive.len() - payload.len() < 160, "{}", archive.len() - payload.len());
        assert!(Archive::open(&archive, &Limits::default()).is_ok());
    }
}

#[test]
fn what_is_no_frame_or_of_another_shape_is_refused() {
    let bound = ErrorBound::absolute(0.02).unwrap();
    let frame = encode_chunk(Values::F32(hills(30 * 64)), &[30, 64], Missing::NonFinite, &options(bound, Level::Best)).unwrap();
    for at in (0..frame.len()).step_by(3) {
        let mut damaged = frame.clone();
        damaged[at] ^= 4;
        assert!(matches!(decoded(&damaged, DataType::F32, &[30, 64]), Err(Error::ChecksumMismatch { .. })));
        assert!(decoded(&frame[..at], DataType::F32, &[30, 64]).is_err());
    }
    for (data_type, shape) in
        [(DataType::F32, vec![64, 30]), (DataType::F32, vec![30, 65]), (DataType::F64, vec![30, 64]), (DataType::F32, vec![0]), (DataType::F32, vec![29, 64])]
    {
        assert!(decoded(&frame, data_type, &shape).is_err(), "{data_type:?} {shape:?}");
    }
    assert!(matches!(decode_chunk(&frame, DataType::F32, &[30, 64], &Models::default(), &Limits::default()), Err(Error::ModelUnavailable { .. })));
    let short = Limits { decoded_bytes: 1000, ..Limits::default() };
    assert!(matches!(decode_chunk(&frame, DataType::F32, &[30, 64], &Models::default(), &short), Err(Error::LimitExceeded { .. })));
    assert!(matches!(decoded(&frame, DataType::F32, &[1 << 20, 1 << 20]), Err(Error::LimitExceeded { .. })));
    let relative = options(ErrorBound::relative(0.01).unwrap(), Level::Best);
    assert!(matches!(encode_chunk(Values::F32(hills(64)), &[64], Missing::NonFinite, &relative), Err(Error::InvalidArgument { .. })));
    assert!(matches!(encode_chunk(Values::F32(hills(64)), &[65], Missing::NonFinite, &options(bound, Level::Best)), Err(Error::InvalidArgument { .. })));
}
