//! Requests -> the words that the kernel reads, and its answers back.

use crate::failed;
use crate::kernel::GROUP;
use deepcomp::Result;
use deepcomp::codec::accelerator::{Part, PassAnswer, PassRequest};

/// Words before the groups: how many there are.
const START: usize = 1;
/// Words of a request: nine numbers, four components of four, two references of three.
const REQUEST: usize = 9 + 4 * 4 + 2 * 3;
/// Words of an answer.
const ANSWER: usize = 2;

/// Requests that are answered together.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) words: Vec<i32>,
    pub(crate) groups: usize,
    pub(crate) answer_words: usize,
}

/// The requests in parts that fit a buffer of so many bytes.
///
/// # Errors
/// [`deepcomp::Error::Accelerator`] when one alone does not.
pub(crate) fn split(requests: &[PassRequest], largest: usize) -> Result<Vec<&[PassRequest]>> {
    // Offsets are 32 bits, signed.
    let most = (largest / size_of::<i32>()).min(i32::MAX as usize);
    let mut parts = Vec::new();
    let (mut start, mut total) = (0, START);
    for (end, request) in requests.iter().enumerate() {
        let size = words_of(request).max(ANSWER * request.predicted.len());
        if START + size > most {
            return Err(failed(format_args!("a pass takes {} bytes, a buffer has {largest}", 4 * size)));
        }
        if total + size > most {
            parts.extend(requests.get(start..end));
            (start, total) = (end, START);
        }
        total += size;
    }
    parts.extend(requests.get(start..).filter(|part| !part.is_empty()));
    Ok(parts)
}

fn groups_of(request: &PassRequest) -> usize {
    request.predicted.len().div_ceil(GROUP)
}

fn words_of(request: &PassRequest) -> usize {
    let holes = |missing: &Option<Vec<u8>>| missing.as_ref().map_or(0, |m| m.len().div_ceil(4));
    let parts = request.known.iter().flatten().chain(&request.references).map(|p| p.samples.len() + holes(&p.missing));
    REQUEST + 2 * groups_of(request) + request.predicted.len() + holes(&request.missing) + parts.sum::<usize>()
}

impl Batch {
    /// `passes`: where the weights of each begin.
    ///
    /// # Errors
    /// [`deepcomp::Error::Accelerator`] when there is no such pass.
    pub(crate) fn of(requests: &[PassRequest], passes: [usize; 3]) -> Result<Self> {
        let groups: usize = requests.iter().map(groups_of).sum();
        let first_request = START + 2 * groups;
        let mut words = vec![groups as i32];
        for (number, request) in requests.iter().enumerate() {
            let at = (first_request + number * REQUEST) as i32;
            (0..groups_of(request)).for_each(|group| words.extend([at, (group * GROUP) as i32]));
        }
        let mut grids = Grids { first: first_request + requests.len() * REQUEST, words: Vec::new() };
        let mut answer_words = 0;
        for request in requests {
            let net = passes.get(request.pass).ok_or_else(|| failed(format_args!("there is no pass {}", request.pass)))?;
            let description = grids.describe(request, answer_words, *net);
            words.extend(description);
            answer_words += ANSWER * request.predicted.len();
        }
        words.extend(grids.words);
        Ok(Self { words, groups, answer_words })
    }

    /// The answers to the same requests, out of what the kernel wrote.
    pub(crate) fn answers(&self, requests: &[PassRequest], words: &[i32]) -> Vec<PassAnswer> {
        let mut words = words;
        let answers = requests.iter().map(|request| {
            let (mine, rest) = words.split_at_checked(ANSWER * request.predicted.len()).unwrap_or_default();
            words = rest;
            let pairs = mine.as_chunks::<ANSWER>().0;
            PassAnswer {
                corrections: pairs.iter().map(|[correction, _]| *correction).collect(),
                scales: pairs.iter().map(|[_, rest]| i32::from(*rest as i16)).collect(),
                exponents: pairs.iter().map(|[_, rest]| rest >> 16).collect(),
            }
        });
        answers.collect()
    }
}

/// The grids of all requests, one after the other.
struct Grids {
    /// Where they begin.
    first: usize,
    words: Vec<i32>,
}

impl Grids {
    /// The words of a request, whose grids are added.
    fn describe(&mut self, request: &PassRequest, answer: usize, net: usize) -> Vec<i32> {
        let PassRequest { level, quantum, wrap, height, width, .. } = *request;
        let predicted = self.add(&request.predicted);
        let missing = self.holes(request.missing.as_deref());
        let numbers = [height as i32, width as i32, quantum, level.min(7) as i32, wrap.into(), predicted, missing, answer as i32, net as i32];
        let mut words = numbers.to_vec();
        for part in &request.known {
            words.extend(
                part.as_ref().map_or([0; 4], |Part { height, width, samples, missing }| {
                    [self.add(samples), *height as i32, *width as i32, self.holes(missing.as_deref())]
                }),
            );
        }
        let references = request.references.iter().map(Some).chain(core::iter::repeat(None)).take(2);
        for part in references {
            words.extend(part.map_or([0; 3], |Part { height, width, samples, .. }| [self.add(samples), *height as i32, *width as i32]));
        }
        words
    }

    fn add(&mut self, samples: &[i32]) -> i32 {
        let at = self.first + self.words.len();
        self.words.extend(samples);
        at as i32
    }

    /// Four bytes to a word; 0 where there are none.
    fn holes(&mut self, missing: Option<&[u8]>) -> i32 {
        let Some(missing) = missing else { return 0 };
        let at = self.first + self.words.len();
        self.words.extend(missing.chunks(4).map(|four| four.iter().rev().fold(0, |word, hole| word << 8 | i32::from(*hole != 0))));
        at as i32
    }
}
