//! Archives, chunks and whole files. Checksums are put right first, so that what lies behind them is reached.
#![no_main]

use std::sync::OnceLock;

use deepcomp::archive::{Archive, Arrival, Compressor, Decompressor, Incoming, Job, coarse, preview, salvage};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{DataType, Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::formats::{self, file};
use deepcomp::network::model::{Model, ModelId, Models};
use deepcomp_fuzz::LIMITS;
use libfuzzer_sys::{Corpus, fuzz_target};
use xxhash_rust::xxh3::xxh3_64;

const SUPERBLOCK: usize = 24;
const TRAILER: usize = 12;
/// First byte of a record, and kinds of them.
const RECORD: u8 = 0xdc;
const CHUNK: u8 = 1;
const INDEX: u8 = 5;

/// The weights that ship.
fn models() -> &'static (Models, ModelId) {
    static MODELS: OnceLock<(Models, ModelId)> = OnceLock::new();
    MODELS.get_or_init(|| {
        let model = Model::parse(include_bytes!("../../models/deepcomp.dcm")).expect("the weights that ship");
        let id = model.id();
        (std::iter::once(model).collect(), id)
    })
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match bytes {
        [0x89, b'D', b'C', b'A', ..] => archive(bytes),
        [b'l', rest @ ..] => lists(rest),
        [b'c', rest @ ..] => chunk(rest),
        [b'f', rest @ ..] => whole_file(rest),
        [b'n', rest @ ..] => numbers(rest),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

/// Opens an archive, decodes all its files and the first value of each, and saves what is whole of it and of what was cut off; reads it as it comes as well.
fn archive(bytes: &[u8]) {
    let sealed = sealed(bytes);
    for bytes in [sealed.as_slice(), sealed.get(..sealed.len() - TRAILER.min(sealed.len())).unwrap_or_default()] {
        if let Ok(saved) = salvage(bytes, &LIMITS, &models().0) {
            assert!(Archive::open(&saved.bytes, &LIMITS).is_ok(), "what was saved does not open");
        }
    }
    let mut incoming = Incoming::new(&LIMITS);
    for piece in sealed.chunks(sealed.len() / 3 + 1) {
        incoming.push(piece);
        while let Ok(Some(arrival)) = incoming.next(&models().0) {
            if let Arrival::Chunk(chunk) = arrival
                && chunk.shape.iter().product::<usize>() < 1 << 18
            {
                let _ = chunk.values(&models().0);
            }
        }
        let _ = incoming.coming(&models().0);
    }
    let Ok(archive) = Archive::open(&sealed, &LIMITS) else { return };
    for file in 0..archive.files().count() {
        let Ok(variables) = archive.variables(file) else { continue };
        for variable in 0..variables.len() {
            let _ = preview(&archive, &sealed, (file, variable, 0), &models().0);
            let _ = coarse(&archive, &sealed, (file, variable, 0), 4, &models().0);
        }
        let first = archive.header(file).map(|header| header.dimensions.into_iter().map(|d| (d.name, vec![0..d.length.min(1)])).collect());
        if let Ok(first) = first {
            let all: Vec<usize> = (0..variables.len()).collect();
            let _ = Decompressor::of_part(archive.clone(), file, (&all, &first), &models().0).and_then(|d| d.finish(&sealed));
        }
        let decoded = Decompressor::new(archive.clone(), file, &models().0).and_then(|d| d.finish(&sealed));
        if let Ok(dataset) = decoded {
            let _ = formats::original(&dataset);
        }
    }
}

/// Opens an archive whose index is made of runs, so that a few bytes make lists as long as the limits and longer: how often in two bytes, of how many bytes in one, and those.
fn lists(mut rest: &[u8]) {
    const LONGEST: usize = 1 << 19;
    let mut index = vec![0];
    while let [low, high, length, behind @ ..] = rest {
        let (run, next) = behind.split_at(usize::from(*length).min(behind.len()));
        let times = usize::from(u16::from_le_bytes([*low, *high])).min((LONGEST - index.len().min(LONGEST)) / run.len().max(1));
        index.extend(run.repeat(times));
        rest = next;
    }
    let mut bytes = empty()[..SUPERBLOCK].to_vec();
    put_record(&mut bytes, INDEX, &index);
    bytes.extend((SUPERBLOCK as u64).to_le_bytes());
    bytes.extend(*b"dca.");
    archive(&bytes);
}

/// An archive of an empty file.
fn empty() -> &'static [u8] {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let options = Options { base: Base::Never, ..Options::new(ErrorBound::Lossless) };
        Compressor::new(file::keep(Vec::new()), "v", &options).and_then(Compressor::finish).expect("an empty file is kept").0
    })
}

/// The archive with the checksums of its superblock, of its records and of the frames in them put right, and the length of its index.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if out.len() < SUPERBLOCK + TRAILER {
        return out;
    }
    let sum = xxh3_64(&out[..20]) as u32;
    out[20..SUPERBLOCK].copy_from_slice(&sum.to_le_bytes());
    let body = out.len() - TRAILER;
    let mut at = SUPERBLOCK;
    while let Some(payload) = record(&out[at..body]) {
        let (start, end) = (at + payload.start, at + payload.end);
        let frame = start + place(&out[start..end]);
        if out[at + 1] == CHUNK && end > frame + 10 {
            let sum = xxh3_64(&out[frame..end - 4]) as u32;
            out[end - 4..end].copy_from_slice(&sum.to_le_bytes());
        }
        let guard = xxh3_64(&out[at..start - 2]) as u16;
        out[start - 2..start].copy_from_slice(&guard.to_le_bytes());
        let sum = xxh3_64(&out[at..end]) as u32;
        out[end..end + 4].copy_from_slice(&sum.to_le_bytes());
        at = end + 4;
    }
    let offset = u64::from_le_bytes(out[body..body + 8].try_into().expect("eight bytes"));
    let Some(offset) = usize::try_from(offset).ok().filter(|at| (SUPERBLOCK..body).contains(at)) else { return out };
    let Some(payload) = out.get(offset + 2..body).and_then(|rest| rest.iter().position(|b| b & 0x80 == 0)).map(|n| offset + 5 + n) else { return out };
    let Some(index) = out.get(payload..body - 4).map(<[u8]>::to_vec) else { return out };
    out.truncate(offset);
    put_record(&mut out, INDEX, &index);
    out.extend((offset as u64).to_le_bytes());
    out.extend(b"dca.");
    out
}

/// Bytes of the place in front of a frame: one number, or three if that is not 0.
fn place(payload: &[u8]) -> usize {
    let numbers = if payload.first() == Some(&0) { 1 } else { 3 };
    let ends = payload.iter().enumerate().filter(|(_, byte)| **byte & 0x80 == 0).map(|(at, _)| at + 1);
    ends.take(numbers).last().unwrap_or(0)
}

/// Where the payload of a record at the start of some bytes lies, if that and its checksum are there.
fn record(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let [RECORD, _, rest @ ..] = bytes else { return None };
    let (mut length, mut shift) = (0usize, 0);
    for (n, byte) in rest.iter().enumerate().take(4) {
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let start = 5 + n;
            return (start + length + 4 <= bytes.len()).then_some(start..start + length);
        }
    }
    None
}

/// Appends a record with its checksum.
fn put_record(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    let start = out.len();
    out.extend([RECORD, kind]);
    put_varint(out, payload.len());
    let guard = xxh3_64(&out[start..]) as u16;
    out.extend(guard.to_le_bytes());
    out.extend(payload);
    let sum = xxh3_64(&out[start..]) as u32;
    out.extend(sum.to_le_bytes());
}

fn put_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Decodes a chunk: type and shape in four bytes, then the payload.
fn chunk(bytes: &[u8]) {
    let [data_type, planes, height, width, payload @ ..] = bytes else { return };
    let mut job = Vec::new();
    [0, 0, usize::from(*planes), usize::from(*height), usize::from(*width)].iter().for_each(|n| put_varint(&mut job, *n));
    // With a model, as an option is written.
    job.push(1);
    let mut id = models().1.0;
    while id >= 0x80 {
        job.push(id as u8 | 0x80);
        id >>= 7;
    }
    job.push(id as u8);
    job.extend([1, data_type % 11, 0]);
    job.extend(payload);
    let job = Job::from_bytes(&job).expect("a job as it travels");
    if (1..=1 << 16).contains(&job.samples()) {
        let _ = job.run(&models().0);
    }
}

/// Keeps any file byte for byte.
fn whole_file(bytes: &[u8]) {
    let back = through_an_archive(file::keep(bytes.to_vec()), ErrorBound::Lossless);
    assert!(formats::write(&back).expect("a file is written") == bytes, "the file changed");
}

/// Keeps numbers of any type, without loss or under a bound: type, bound and width in three bytes, then the numbers.
fn numbers(bytes: &[u8]) {
    let [data_type, bound, width, rest @ ..] = bytes else { return };
    let data_type = DataType::ALL[usize::from(data_type % 10)];
    let width = usize::from(*width).max(1);
    let count = rest.len() / data_type.size() / width * width;
    let values = Values::from_le_bytes(data_type, &rest[..count * data_type.size()]).expect("there is room");
    let dataset = Dataset::from_array("v", &[count / width, width], values, SourceFormat::ARRAY).expect("a shape that fits");
    let bound = match bound % 4 {
        0 => Ok(ErrorBound::Lossless),
        1 => ErrorBound::absolute(2f64.powi(i32::from(*bound / 4) - 32)),
        2 => ErrorBound::relative(2f64.powi(-i32::from(*bound / 4) / 2 - 1)),
        _ => ErrorBound::pointwise(2f64.powi(-i32::from(*bound / 4) / 2 - 1)),
    };
    let back = through_an_archive(dataset.clone(), bound.expect("a bound that can be"));
    assert_eq!(back.fields[0].values.len(), dataset.fields[0].values.len());
}

/// What comes out of an archive. The compressor itself compares what it wrote with the bound.
fn through_an_archive(dataset: Dataset, bound: ErrorBound) -> Dataset {
    let original = dataset.clone();
    let options = Options { base: Base::Never, ..Options::new(bound) };
    let (bytes, reports) = match Compressor::new(dataset, "v", &options).and_then(Compressor::finish) {
        Ok(done) => done,
        // A bound may be finer than the numbers.
        Err(error) => {
            assert!(bound != ErrorBound::Lossless, "{error}");
            return original;
        }
    };
    assert!(reports.iter().all(|r| bound == ErrorBound::Lossless || matches!(bound, ErrorBound::Pointwise(_)) || r.max_abs_error <= r.absolute_bound));
    let archive = Archive::open(&bytes, &LIMITS).expect("an archive that was just written");
    let back = Decompressor::new(archive, 0, &Models::default()).and_then(|d| d.finish(&bytes)).expect("an archive that was just written decodes");
    assert!(bound != ErrorBound::Lossless || back.fields == original.fields, "lossless is not");
    back
}
