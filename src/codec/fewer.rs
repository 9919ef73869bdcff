//! Fewer colours for a picture under a bound: each is replaced by one within reach, shared by as many pixels as possible, and what comes of it is coded
//! exactly. Where a picture has few colours, they lie better than an even lattice does. Only the encoder knows.

use super::mapping::{CHANNELS, MAX_COLOURS, pixels};
use crate::grid::Grid;
use std::collections::HashMap;

/// A number for each channel.
type Colour = Vec<i32>;

/// The planes with each colour replaced by one no farther than `reach` in any channel; `None` where there are too many colours to choose from. Planes
/// that are no channels of a picture have numbers of their own instead of colours.
pub(crate) fn fewer_colours(planes: &[Grid<i32>], reach: i32) -> Option<Vec<Grid<i32>>> {
    let together = if CHANNELS.contains(&planes.len()) { planes.len() } else { 1 };
    let mut counts: HashMap<Colour, u32> = HashMap::new();
    for colour in planes.chunks(together).flat_map(pixels) {
        *counts.entry(colour).or_default() += 1;
        if counts.len() > MAX_COLOURS {
            return None;
        }
    }
    let substitutes = substitutes(&chain(counts.into_iter().collect()), reach);
    let replaced = |planes: &[Grid<i32>]| {
        let mut planes = planes.to_vec();
        for (place, colour) in pixels(&planes.clone()).enumerate() {
            for (plane, number) in planes.iter_mut().zip(substitutes.get(&colour).into_iter().flatten()) {
                plane.samples.get_mut(place).into_iter().for_each(|s| *s = *number);
            }
        }
        planes
    };
    Some(planes.chunks(together).flat_map(replaced).collect())
}

/// Colours in an order that keeps like ones together: from the darkest to the nearest that is left, and on.
fn chain(mut colours: Vec<(Colour, u32)>) -> Vec<(Colour, u32)> {
    colours.sort_unstable_by(|(a, _), (b, _)| a.iter().sum::<i32>().cmp(&b.iter().sum()).then_with(|| a.cmp(b)));
    let mut chain = Vec::with_capacity(colours.len());
    let mut next = (!colours.is_empty()).then_some(0);
    while let Some(place) = next {
        let (colour, count) = colours.remove(place);
        let distance = |other: &Colour| colour.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max();
        next = colours.iter().enumerate().min_by_key(|(_, (other, _))| distance(other)).map(|(i, _)| i);
        chain.push((colour, count));
    }
    chain
}

/// What stands for each colour: the chain is cut into runs that one colour can stand for, so that the entropy of the runs is smallest.
fn substitutes(chain: &[(Colour, u32)], reach: i32) -> HashMap<Colour, Colour> {
    // For each number of colours the best score of their runs and where the last run starts. Entropy is smallest where Σ count · log(count) is largest.
    let mut best = vec![(0u64, 0usize)];
    for end in 1..=chain.len() {
        let (mut last, mut run, mut count) = ((0, end - 1), Run::default(), 0u32);
        for (start, (colour, pixels)) in chain.iter().enumerate().take(end).rev() {
            run.add(colour);
            if run.span() > 2 * reach {
                break;
            }
            count += pixels;
            let before = best.get(start).map_or(0, |(score, _)| *score);
            last = last.max((before + u64::from(count) * logarithm(count), start));
        }
        best.push(last);
    }
    let mut substitutes = HashMap::new();
    let mut end = chain.len();
    while let Some((_, start)) = best.get(end).filter(|(_, start)| *start < end) {
        let colours = || chain.iter().take(end).skip(*start).map(|(c, _)| c);
        let mut run = Run::default();
        colours().for_each(|c| run.add(c));
        substitutes.extend(colours().map(|c| (c.clone(), run.middle())));
        end = *start;
    }
    substitutes
}

/// 4096 times the binary logarithm.
fn logarithm(count: u32) -> u64 {
    let octave = count.max(1).ilog2();
    // From 1 to below 2, in 1/2^31; each squaring brings out one more digit of the logarithm.
    let mut rest = u64::from(count.max(1)) << (31 - octave);
    (0..12).fold(u64::from(octave), |logarithm, _| {
        rest = (rest * rest) >> 31;
        let digit = rest >> 32;
        rest >>= digit;
        logarithm << 1 | digit
    })
}

/// The smallest and the largest number of each channel of some colours.
#[derive(Debug, Default)]
struct Run(Vec<(i32, i32)>);

impl Run {
    fn add(&mut self, colour: &[i32]) {
        if self.0.is_empty() {
            self.0 = colour.iter().map(|n| (*n, *n)).collect();
        }
        self.0.iter_mut().zip(colour).for_each(|((low, high), n)| (*low, *high) = ((*low).min(*n), (*high).max(*n)));
    }

    fn span(&self) -> i32 {
        self.0.iter().map(|(low, high)| high - low).max().unwrap_or(0)
    }

    fn middle(&self) -> Colour {
        self.0.iter().map(|(low, high)| low + (high - low) / 2).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_move_no_farther_than_the_reach_and_the_common_ones_share() {
        // Grays in pairs that an even lattice would tear apart, and one colour among them.
        let grays = [0, 4, 9, 13, 18, 22, 100];
        let gray = |i: usize| if i.is_multiple_of(50) { 7 } else { grays[i % grays.len()] };
        let channel =
            |c: usize| Grid { height: 20, width: 30, samples: (0..600).map(|i: usize| if i.is_multiple_of(50) && c == 1 { 90 } else { gray(i) }).collect() };
        let planes: Vec<Grid<i32>> = (0..3).map(channel).collect();
        let fewer = fewer_colours(&planes, 2).unwrap();
        for (a, b) in planes.iter().zip(&fewer) {
            assert!(a.samples.iter().zip(&b.samples).all(|(a, b)| a.abs_diff(*b) <= 2));
        }
        let left: std::collections::BTreeSet<Vec<i32>> = pixels(&fewer).collect();
        assert_eq!(left.into_iter().collect::<Vec<_>>(), [vec![2; 3], vec![7, 90, 7], vec![11; 3], vec![20; 3], vec![100; 3]]);
    }

    #[test]
    fn planes_that_are_no_picture_share_their_numbers_and_photographs_are_left_alone() {
        let plane = |p: i32| Grid { height: 8, width: 8, samples: (0..64).map(|i| (i + p) % 5).collect() };
        let fewer = fewer_colours(&[plane(0), plane(3)], 1).unwrap();
        assert!(fewer.iter().flat_map(|p| &p.samples).all(|s| *s == 1 || *s == 3 || *s == 0 || *s == 4));
        let noise = |c: i32| Grid { height: 100, width: 100, samples: (0..10_000).map(|i| (i * (c + 7)) % 9_973).collect() };
        assert_eq!(fewer_colours(&[noise(0), noise(1), noise(2)], 4), None);
    }
}
