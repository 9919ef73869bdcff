//! `deepcomp compress - --stream …`: values that come through standard input, coded and written as they come, whoever makes them and however long that takes.

use crate::CompressArgs;
use crate::compress::{embed, options, sum_up};
use crate::failure::{Cause, Outcome};
use crate::inputs::is_standard_input;
use crate::output::NewFile;
use crate::temporary::Existing;
use crate::terminal::{progress_bar, show};
use crate::threads::{self, Delivery, Jobs};
use deepcomp::archive::{Compressor, Job, Progress, VariableReport};
use deepcomp::field::{DataType, Dataset, Dimension, Values};
use deepcomp::formats::npy;
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits};
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

/// Arrays that are read before those in front of them are coded.
const AHEAD: usize = 2;
/// The dimension along which they come.
const ALONG: &str = "time";

/// An array: its shape and its values.
type Array = (Vec<usize>, Values);
/// What all arrays of a stream have: shape and type.
type Form = (Vec<usize>, DataType);

/// What comes through standard input: arrays of one shape, each the values at another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Streamed {
    /// Of the variable.
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Arrays as numpy.save writes them, which say their type and shape.
    Npy,
    /// Little-endian values, and nothing else.
    Raw(DataType, Vec<usize>),
}

impl FromStr for Streamed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} says of no values what they are; write npy, TYPE:ROWS,COLUMNS as in float32:721,1440, or NAME=… for either");
        let (name, kind) = text.split_once('=').unwrap_or(("values", text));
        if name.is_empty() || name.contains('/') {
            return Err(wrong());
        }
        let kind = if kind == "npy" {
            Kind::Npy
        } else {
            let (data_type, shape) = kind.split_once(':').unwrap_or((kind, ""));
            let data_type = (0..).map_while(DataType::from_number).find(|known| known.name() == data_type && *known != DataType::Char).ok_or_else(wrong)?;
            let lengths = shape.split(',').filter(|_| !shape.is_empty()).map(|length| length.trim().parse().ok().filter(|length| *length > 0));
            Kind::Raw(data_type, lengths.collect::<Option<_>>().ok_or_else(wrong)?)
        };
        Ok(Self { name: name.to_owned(), kind })
    }
}

impl Streamed {
    /// The next array; none where the input ends.
    fn next(&self, input: &mut impl Read, limits: &Limits) -> Outcome<Option<Array>> {
        match &self.kind {
            Kind::Npy => next_npy(input, limits),
            Kind::Raw(data_type, shape) => {
                let bytes = shape.iter().fold(data_type.size() as u64, |n, length| n.saturating_mul(*length as u64));
                let Some(bytes) = filled(input, Vec::new(), bytes, limits)? else { return Ok(None) };
                Ok(Some((shape.clone(), Values::from_le_bytes(*data_type, &bytes)?)))
            }
        }
    }
}

/// So many bytes, of which some are there; none where the input has ended before the first.
fn filled(input: &mut impl Read, mut bytes: Vec<u8>, length: u64, limits: &Limits) -> Outcome<Option<Vec<u8>>> {
    Limits::check("an array of the stream", length, limits.decoded_bytes)?;
    let missing = length.saturating_sub(bytes.len() as u64);
    input.take(missing).read_to_end(&mut bytes).map_err(Cause::from)?;
    match bytes.len() as u64 {
        0 if length > 0 => Ok(None),
        found if found < length => Err(Cause::CutArray { found, length }.into()),
        _ => Ok(Some(bytes)),
    }
}

fn next_npy(input: &mut impl Read, limits: &Limits) -> Outcome<Option<Array>> {
    // Its magic, version, and the length of the header; then that.
    let Some(mut bytes) = filled(input, Vec::new(), 12, limits)? else { return Ok(None) };
    let mut length = npy::length(&bytes, limits)?;
    while length.is_none() {
        let more = bytes.len() as u64 + 1;
        bytes = filled(input, bytes, more, limits)?.unwrap_or_default();
        length = npy::length(&bytes, limits)?;
    }
    let bytes = filled(input, bytes, length.unwrap_or_default(), limits)?.unwrap_or_default();
    let dataset = deepcomp::formats::read(&bytes, "values.npy", limits)?;
    if dataset.format == npy::format(true, false) || dataset.format == npy::format(true, true) {
        let what = "arrays of a stream are to be in C order: numpy.save(file, numpy.ascontiguousarray(array))".to_owned();
        return Err(Error::InvalidArgument { what }.into());
    }
    Ok(dataset.fields.into_iter().next().map(|field| (field.shape, field.values)))
}

/// The archive, as a job source for the threads.
struct Coding {
    compressor: Compressor,
    out: NewFile,
}

impl Jobs for Coding {
    fn next(&mut self) -> Outcome<Option<(usize, Job)>> {
        Ok(self.compressor.next_job().map(|job| (0, job)))
    }

    fn accept(&mut self, Delivery { done, .. }: Delivery) -> Outcome<Progress> {
        let progress = self.compressor.accept(done?)?;
        self.out.write(&self.compressor.take_bytes())?;
        Ok(progress)
    }
}

pub(crate) fn run(args: &CompressArgs, streamed: &Streamed, output: &Path) -> Outcome<()> {
    if !matches!(args.inputs.as_slice(), [only] if is_standard_input(only)) {
        return Err(Error::InvalidArgument { what: "a stream comes through standard input, which - stands for, and is the only input".to_owned() }.into());
    }
    let options = options(&args.encode, None)?;
    let limits = args.encode.work.limits();
    let models: Models = options.model.iter().cloned().collect();
    let threads = threads::count(args.encode.work.threads);
    let bar = progress_bar();
    let start = Instant::now();
    let mut out = NewFile::create(output, Existing::Replace)?;
    args.around.put_around(&mut out)?;
    let mut compressor = Compressor::empty(&options);
    compressor.set_comment(args.comment.as_deref().unwrap_or_default())?;
    embed(&args.encode, &mut compressor)?;
    let mut coding = Coding { compressor, out };
    let (send, receive) = sync_channel(AHEAD);
    let (reading, source) = (streamed.clone(), limits);
    // Ends with the program where nobody wants more of it.
    thread::spawn(move || read(&reading, &source, &send));
    let came = come(&receive, streamed, &mut |shape, values| {
        let first = shape.map(|(shape, data_type)| header(&streamed.name, &shape, data_type)).transpose()?;
        if let Some(header) = first {
            coding.compressor.begin_stream(header, "stdin", 0)?;
        }
        coding.compressor.add_values(0, values)?;
        threads::run(&mut coding, &models, threads, |progress| show(&bar, progress))
    });
    came?;
    coding.compressor.end_stream()?;
    threads::run(&mut coding, &models, threads, |progress| show(&bar, progress))?;
    bar.finish_and_clear();
    let Coding { compressor, mut out } = coding;
    let (rest, reports): (_, Vec<VariableReport>) = compressor.finish()?;
    out.write(&rest)?;
    sum_up(args.json, output, ("stdin", &reports), start.elapsed(), out.finish()?)
}

/// What the thread does that reads.
fn read(streamed: &Streamed, limits: &Limits, send: &SyncSender<Outcome<Array>>) {
    let mut input = io::stdin().lock();
    while let Some(next) = streamed.next(&mut input, limits).transpose() {
        let failed = next.is_err();
        if send.send(next).is_err() || failed {
            return;
        }
    }
}

/// Takes arrays as they come: of the first its shape and type are told.
fn come(receive: &Receiver<Outcome<Array>>, streamed: &Streamed, take: &mut dyn FnMut(Option<Form>, Values) -> Outcome<()>) -> Outcome<()> {
    let mut known: Option<Form> = None;
    for next in receive {
        let (shape, values) = next?;
        let own = (shape, values.data_type());
        match &known {
            Some(first) if *first != own => {
                let shown = |(shape, data_type): &Form| format!("{} {shape:?}", data_type.name());
                let what = format!("the arrays of a stream are alike: the first is {}, and another {}", shown(first), shown(&own));
                return Err(Error::InvalidArgument { what }.into());
            }
            Some(_) => take(None, values)?,
            None => {
                known = Some(own.clone());
                take(Some(own), values)?;
            }
        }
    }
    match (known, &streamed.kind) {
        (None, Kind::Raw(data_type, shape)) => take(Some((shape.clone(), *data_type)), Values::empty(*data_type)),
        (None, Kind::Npy) => Err(Cause::NothingCame.into()),
        _ => Ok(()),
    }
}

/// A series of arrays of that shape, of which none has come.
fn header(name: &str, shape: &[usize], data_type: DataType) -> deepcomp::Result<Dataset> {
    let mut dataset = Dataset::from_array(name, &[&[0], shape].concat(), Values::empty(data_type), npy::FORMAT)?;
    if let Some(Dimension { name, unlimited, .. }) = dataset.dimensions.first_mut() {
        ALONG.clone_into(name);
        *unlimited = true;
    }
    Ok(dataset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stream_holds_is_said_in_words() {
        let of = |text: &str| text.parse::<Streamed>();
        assert_eq!(of("npy").unwrap(), Streamed { name: "values".to_owned(), kind: Kind::Npy });
        assert_eq!(of("t=float32:721,1440").unwrap(), Streamed { name: "t".to_owned(), kind: Kind::Raw(DataType::F32, vec![721, 1440]) });
        assert_eq!(of("int16").unwrap().kind, Kind::Raw(DataType::I16, vec![]));
        for wrong in ["", "nc", "float32:", "float32:0", "float32:1,x", "=npy", "char:3", "float"] {
            assert!(of(wrong).is_err() || wrong == "float32:", "{wrong}");
        }
    }

    #[test]
    fn arrays_come_one_behind_the_other_and_a_cut_one_is_told() {
        let array =
            |values: &[f32]| npy::write(&Dataset::from_array("v", &[values.len()], Values::F32(values.to_vec()), npy::FORMAT).unwrap().fields[0], npy::FORMAT);
        let both = [array(&[1.0, 2.0]), array(&[3.0, 4.0])].concat();
        let (streamed, limits): (Streamed, _) = ("npy".parse().unwrap(), Limits::default());
        let mut input = both.as_slice();
        for expected in [[1.0, 2.0], [3.0, 4.0]] {
            assert_eq!(streamed.next(&mut input, &limits).unwrap(), Some((vec![2], Values::F32(expected.to_vec()))));
        }
        assert!(streamed.next(&mut input, &limits).unwrap().is_none());
        for cut in 1..both.len() / 2 {
            assert!(streamed.next(&mut &both[..cut], &limits).is_err(), "{cut}");
        }
        assert!(streamed.next(&mut b"what is this?".as_slice(), &limits).is_err());
    }
}
