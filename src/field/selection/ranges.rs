//! Lists of ranges of indices, in the order in which what they hold is put together.

use core::ops::Range;

/// Ranges of indices of one dimension.
pub type Ranges = Vec<Range<usize>>;

/// The longest ranges of indices for which `inside` holds, rising.
pub(super) fn runs(length: usize, inside: impl Fn(usize) -> bool) -> Ranges {
    let mut runs = Ranges::new();
    for index in (0..length).filter(|index| inside(*index)) {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end = index + 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// The one range that holds them all; none where there are none.
pub(super) fn hull(ranges: &Ranges) -> Ranges {
    let ends = ranges.iter().map(|range| (range.start, range.end)).reduce(|(start, end), (from, to)| (start.min(from), end.max(to)));
    ends.into_iter().map(|(start, end)| start..end).collect()
}

/// What both hold, in the order of whichever does not rise.
pub(super) fn intersect(a: &Ranges, b: &Ranges) -> Ranges {
    let (first, second) = if b.is_sorted_by_key(|range| range.start) { (a, b) } else { (b, a) };
    let common = |a: &Range<usize>, b: &Range<usize>| Some(a.start.max(b.start)..a.end.min(b.end)).filter(|range| !range.is_empty());
    first.iter().flat_map(|one| second.iter().filter_map(move |other| common(one, other))).collect()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // Lists of ranges are meant.
mod tests {
    use super::{hull, intersect, runs};

    #[test]
    fn runs_are_as_long_as_they_can_be() {
        assert_eq!(runs(9, |i| i % 4 != 3), [0..3, 4..7, 8..9]);
        assert!(runs(3, |_| false).is_empty());
        assert_eq!(hull(&vec![7..9, 2..3]), [2..9]);
        assert!(hull(&vec![]).is_empty());
    }

    #[test]
    fn the_order_over_a_seam_stays() {
        let (seam, rising) = (vec![8..10, 0..4], vec![1..3, 9..12]);
        assert_eq!(intersect(&seam, &rising), [9..10, 1..3]);
        assert_eq!(intersect(&rising, &seam), [9..10, 1..3]);
        assert!(intersect(&vec![0..4], &vec![4..8]).is_empty());
    }
}
