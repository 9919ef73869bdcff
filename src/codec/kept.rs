//! What the network said when a chunk was coded, kept so that the check of the chunk need not ask it again.
//!
//! The network is a function of integers without a memory: shown the same, it says the same. So an answer is given back only for a pass of which all that
//! the network would see is what it saw, by a checksum; otherwise it is asked. Everything else that the check decodes is computed anew.

use core::cell::RefCell;
use std::collections::VecDeque;
use xxhash_rust::xxh3::Xxh3;

/// Answers in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct Kept(RefCell<VecDeque<Answer>>);

#[derive(Debug)]
struct Answer {
    /// A checksum of what the network saw.
    seen: u64,
    said: Vec<Said>,
}

/// Eight bytes a sample: corrections take seventeen bits, scales sixteen, exponents six.
#[derive(Debug, Clone, Copy)]
struct Said {
    correction: i32,
    scale: i16,
    exponent: i16,
}

impl Kept {
    /// Keeps an answer, corrections, scales and exponents, to what has that checksum.
    #[inline(never)]
    pub(crate) fn keep(&self, seen: u64, [corrections, scales, exponents]: [&[i32]; 3]) {
        let said = corrections.iter().zip(scales).zip(exponents);
        let said = said.map(|((correction, scale), exponent)| Said { correction: *correction, scale: *scale as i16, exponent: *exponent as i16 });
        self.0.borrow_mut().push_back(Answer { seen, said: said.collect() });
    }

    /// The next answer, if it was given to what has that checksum. It is forgotten.
    #[inline(never)]
    pub(crate) fn next(&self, seen: u64) -> Option<[Vec<i32>; 3]> {
        let Answer { said, .. } = self.0.borrow_mut().pop_front().filter(|answer| answer.seen == seen)?;
        let corrections = said.iter().map(|s| s.correction).collect();
        Some([corrections, said.iter().map(|s| s.scale.into()).collect(), said.iter().map(|s| s.exponent.into()).collect()])
    }
}

/// Numbers hashed at a time.
const NUMBERS: usize = 64;

/// Continues a checksum with numbers, filled up with zeros.
#[inline(never)]
pub(crate) fn add_numbers(hash: &mut Xxh3, numbers: &[i32]) {
    for chunk in numbers.chunks(NUMBERS) {
        let mut bytes = [[0; 4]; NUMBERS];
        bytes.iter_mut().zip(chunk).for_each(|(bytes, number)| *bytes = number.to_le_bytes());
        hash.update(bytes.as_flattened());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_once_and_to_the_same_question_only() {
        let answer = |n: i32| [vec![n, -65_532], vec![-32_768, n], vec![-9, 22]];
        let kept = Kept::default();
        (0..3).for_each(|n| kept.keep(n as u64, answer(n).each_ref().map(Vec::as_slice)));
        assert_eq!(kept.next(0), Some(answer(0)));
        assert_eq!(kept.next(2), None);
        assert_eq!(kept.next(2), Some(answer(2)));
        assert_eq!(kept.next(2), None);
    }
}
