//! Which bytes to ask for: what is wanted, in as few requests as pay, and what came of them until it is read.

use std::collections::VecDeque;
use std::ops::Range;

/// Ranges with less between them are asked for as one. So many bytes take 5 ms at 100 Mbit/s, less than a round trip to any server that is not in the same building.
const NEAR: u64 = 1 << 16;

/// What is read behind a read of which nothing was said: small reads rarely come alone.
const BEHIND: u64 = 1 << 13;

/// The most that one request asks for: long enough that its round trip does not count, short enough that several connections share a long range and that little is lost with one of them.
const PIECE: u64 = 1 << 23;

/// What is fetched at once.
const WINDOW: u64 = 1 << 25;

/// What is kept at most, which is what was fetched last and before.
const MOST_KEPT: u64 = 2 * WINDOW;

/// What is wanted and not here yet: rising, apart, and inside the file.
#[derive(Debug, Default)]
pub(super) struct Plan(Vec<Range<u64>>);

impl Plan {
    /// Wants these as well.
    pub(super) fn add(&mut self, ranges: impl Iterator<Item = Range<u64>>, length: u64) {
        self.0.extend(ranges.map(|range| range.start..range.end.min(length)).filter(|range| !range.is_empty()));
        self.0.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::with_capacity(self.0.len());
        for range in self.0.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(NEAR) => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        self.0 = merged;
    }

    /// Wants what is read next, and some of what lies behind where nothing was said of it.
    pub(super) fn want(&mut self, range: Range<u64>, length: u64) {
        let inside = |planned: &Range<u64>| planned.start <= range.start && range.end <= planned.end;
        if !self.0.iter().any(inside) {
            self.add(std::iter::once(range.start..range.end.max(range.start.saturating_add(BEHIND))), length);
        }
    }

    /// Takes out what to ask for now, in pieces for a request each: the range with `at` in it, then those behind it, then those before, to the end of the window.
    pub(super) fn take(&mut self, at: u64) -> Vec<Range<u64>> {
        let mut planned = std::mem::take(&mut self.0);
        let first = planned.partition_point(|range| range.end <= at).min(planned.len());
        planned.rotate_left(first);
        let (mut pieces, mut left) = (Vec::new(), WINDOW);
        for mut range in planned {
            // From its start, unless the window would end before `at`.
            if range.contains(&at) && at - range.start >= WINDOW / 2 {
                self.0.push(range.start..at);
                range.start = at;
            }
            while !range.is_empty() && left > 0 {
                let piece = range.start..range.end.min(range.start + PIECE.min(left));
                left -= piece.end - piece.start;
                range.start = piece.end;
                pieces.push(piece);
            }
            self.0.extend(Some(range).filter(|range| !range.is_empty()));
        }
        self.0.sort_by_key(|range| range.start);
        pieces
    }
}

/// Bytes that came, in the order in which they did.
#[derive(Debug, Default)]
pub(super) struct Kept {
    answers: VecDeque<(u64, Vec<u8>)>,
    bytes: u64,
}

impl Kept {
    /// Keeps an answer, and forgets the oldest ones that are too much.
    pub(super) fn add(&mut self, at: u64, bytes: Vec<u8>) {
        self.bytes += bytes.len() as u64;
        self.answers.push_back((at, bytes));
        while self.bytes > MOST_KEPT
            && let Some((_, oldest)) = self.answers.pop_front()
        {
            self.bytes -= oldest.len() as u64;
        }
    }

    /// Whether one answer holds all of a range.
    pub(super) fn has(&self, range: &Range<u64>) -> bool {
        self.from(range.start).is_some_and(|bytes| range.end.saturating_sub(range.start) <= bytes.len() as u64)
    }

    /// What is there from `at` on.
    pub(super) fn from(&self, at: u64) -> Option<&[u8]> {
        let here = |(begin, bytes): &(u64, Vec<u8>)| usize::try_from(at.checked_sub(*begin)?).ok().filter(|offset| *offset < bytes.len());
        // The latest first: reads follow what was fetched.
        self.answers.iter().rev().find_map(|answer| answer.1.get(here(answer)?..))
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // Lists of ranges are meant.
mod tests {
    use super::*;

    fn plan(ranges: &[Range<u64>], length: u64) -> Plan {
        let mut plan = Plan::default();
        plan.add(ranges.iter().cloned(), length);
        plan
    }

    #[test]
    fn near_ranges_are_one_request_and_far_ones_are_not() {
        let far = 10 * NEAR;
        assert_eq!(plan(&[far..far + 5, 100..200, 0..10], u64::MAX).take(0), [0..200, far..far + 5]);
        assert_eq!(plan(&[0..10, 10 + NEAR..20 + NEAR], u64::MAX).take(0), [0..20 + NEAR]);
        assert_eq!(plan(&[0..10, 11 + NEAR..20 + NEAR], u64::MAX).take(0), [0..10, 11 + NEAR..20 + NEAR]);
        assert_eq!(plan(&[5..5, 90..200, 300..400], 100).take(0), [90..100]);
    }

    #[test]
    fn a_window_ends_and_goes_on_where_it_ended() {
        let mut plan = plan(&[0..3 * WINDOW], u64::MAX);
        let first = plan.take(10);
        assert_eq!(first.len() as u64, WINDOW / PIECE);
        assert_eq!((first.first().unwrap().start, first.last().unwrap().end), (0, WINDOW));
        let second = plan.take(2 * WINDOW);
        assert_eq!((second.first().unwrap().start, second.last().unwrap().end), (2 * WINDOW, 3 * WINDOW));
        // What was left out before is still wanted.
        assert_eq!(plan.take(WINDOW).first().unwrap(), &(WINDOW..WINDOW + PIECE));
        assert!(plan.take(0).is_empty());
    }

    #[test]
    fn the_order_of_reads_makes_no_requests() {
        let mut plan = plan(&[0..10, 2 * NEAR..2 * NEAR + 10, 4 * NEAR..4 * NEAR + 10], u64::MAX);
        assert_eq!(plan.take(2 * NEAR + 5), [2 * NEAR..2 * NEAR + 10, 4 * NEAR..4 * NEAR + 10, 0..10]);
    }

    #[test]
    fn reads_of_what_was_not_planned_take_a_little_more() {
        let mut plan = plan(&[1000..2000], u64::MAX);
        plan.want(1100..1200, u64::MAX);
        assert_eq!(plan.take(1100), [1000..2000]);
        plan.want(10 * NEAR..10 * NEAR + 1, 10 * NEAR + 500);
        assert_eq!(plan.take(10 * NEAR), [10 * NEAR..10 * NEAR + 500]);
    }

    #[test]
    fn the_oldest_answers_go_first() {
        let mut kept = Kept::default();
        let size = (MOST_KEPT / 4) as usize;
        for n in 0..5u8 {
            kept.add(u64::from(n) * size as u64, vec![n; size]);
        }
        assert_eq!(kept.from(0), None);
        assert_eq!(kept.from(size as u64).map(|bytes| (bytes.len(), bytes[0])), Some((size, 1)));
        assert_eq!(kept.from(5 * size as u64 - 1), Some(&[4][..]));
        assert_eq!(kept.from(5 * size as u64), None);
        assert_eq!(kept.bytes, MOST_KEPT);
    }
}
