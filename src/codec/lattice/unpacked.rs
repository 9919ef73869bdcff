//! The scale and offset by which integers of 16 bits were unpacked, in the precision of the values: product and sum are rounded one after the other, and every rounding shows.

use super::fitted::{REACH, half_spacing};
use super::lines::Lines;
use super::rule::{Lattice, nearest_integer, packed};
use crate::field::DataType;

/// Numbers tried for one scale, and for one offset.
const SCALES: usize = 32;
const OFFSETS: usize = 8;
/// Examples on either side of the packed zero that place the offset.
const NEAR: usize = 4;

/// Some of the values, ascending, that seem to lie about one step apart, and how far a line through them may be off at either end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacked<'a> {
    pub(super) examples: &'a [f64],
    pub(super) step: f64,
    pub(super) margin: f64,
    pub(super) data_type: DataType,
    /// Pairs of scale and offset that are tried.
    pub(super) tries: usize,
}

/// Each example, how many steps it lies from the first one, and all lines through what is left of them beyond so many plain steps.
struct Bundle {
    points: Vec<(f64, f64)>,
    step: f64,
    first: f64,
    lines: Lines,
}

impl Unpacked<'_> {
    /// The lattice that gives all examples, whose coordinates count from the smallest value of all.
    pub(super) fn solve(&self, smallest: f64) -> Option<Lattice> {
        let bundle = self.bundle()?;
        let last = bundle.points.last()?.1 as i32;
        let scales: Vec<f64> = self.numbers(bundle.steps()).take(SCALES).collect();
        // The packed zero tends to lie in the middle of the range.
        let places = (0..=REACH).flat_map(|away| [last / 2 + away, last / 2 - away]).filter(|zero| zero.abs() <= REACH && (last - zero).abs() <= REACH);
        let offsets = places.flat_map(|zero| self.numbers(bundle.offset(zero.into(), self.data_type)).take(OFFSETS));
        let pairs = offsets.flat_map(|offset| scales.iter().map(move |scale| (*scale, offset)));
        pairs.take(self.tries).map(|(step, offset)| self.lattice(step, offset, smallest)).find(|lattice| lattice.gives_back(self.examples))
    }

    /// The line that gives most examples, where other arithmetic made them.
    pub(super) fn nearest(&self, smallest: f64) -> Option<Lattice> {
        let bundle = self.bundle()?;
        let zero = (bundle.points.last()?.1 / 2.0).floor();
        let scales: Vec<f64> = self.numbers(bundle.steps()).take(SCALES).collect();
        let offsets = self.numbers(bundle.offset(zero, self.data_type)).take(OFFSETS);
        let lines = offsets.flat_map(|origin| scales.iter().map(move |step| Lattice::Near { origin, base: packed(smallest, *step, origin), step: *step }));
        lines.max_by_key(|line| self.examples.iter().filter(|v| line.off_line(**v) == 0).count())
    }

    fn bundle(&self) -> Option<Bundle> {
        let (first, last) = (*self.examples.first()?, *self.examples.last()?);
        // So short that products with packed integers are exact.
        let step = f64::from_bits(self.step.to_bits() >> 18 << 18);
        // The product and the distance from the first value are rounded too.
        let rounded = 2.0 * half_spacing(last - first, self.data_type);
        let points: Vec<(f64, f64)> = self.examples.iter().map(|v| (*v, nearest_integer((v - first) / self.step))).collect();
        let ends = [0.0, points.last()?.1];
        let mut lines = Lines::new(0.0, 0.0, ends, self.margin + ends[1] * (self.step - step), false);
        let cut = points.iter().all(|(v, steps)| {
            let (rest, off) = ((v - first) - steps * step, half_spacing(v.abs(), self.data_type) + rounded);
            lines.cut(*steps, [rest - off, rest + off])
        });
        cut.then_some(Bundle { points, step, first, lines })
    }

    /// The numbers of the type in an interval, and one more at either end.
    fn numbers(&self, [low, high]: [f64; 2]) -> impl Iterator<Item = f64> + use<> {
        let single = self.data_type == DataType::F32;
        let up = move |v: f64| if single { f64::from((v as f32).next_up()) } else { v.next_up() };
        let first = if single { f64::from((low as f32).next_down()) } else { low.next_down() };
        let end = up(high);
        core::iter::successors(Some(first), move |v| Some(up(*v))).take_while(move |v| *v <= end)
    }

    fn lattice(&self, step: f64, offset: f64, smallest: f64) -> Lattice {
        let base = packed(smallest, step, offset);
        if self.data_type == DataType::F32 {
            return Lattice::Single { base, step: step as f32, offset: offset as f32 };
        }
        Lattice::Anchored { origin: offset, base, step }
    }
}

impl Bundle {
    /// Where the offset lies if the packed zero is so many steps from the first example: the closer an example is to it, the less its product was rounded.
    fn offset(&self, zero: f64, data_type: DataType) -> [f64; 2] {
        let far = self.lines.heights(zero).map(|rest| self.first + (zero * self.step + rest));
        let steps = self.steps();
        let above = self.points.partition_point(|(_, steps)| *steps < zero);
        let near = self.points.get(above.saturating_sub(NEAR)..(above + NEAR).min(self.points.len())).unwrap_or_default();
        near.iter().fold(far, |[low, high], (value, place)| {
            let products = steps.map(|s| (zero - place) * s);
            let off = half_spacing(value.abs(), data_type) + half_spacing(products[0].abs(), data_type);
            [low.max(value + products[0].min(products[1]) - off), high.min(value + products[0].max(products[1]) + off)]
        })
    }

    /// The least and the largest scale.
    fn steps(&self) -> [f64; 2] {
        self.lines.steps().map(|s| self.step + s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 61st of the integers from −32,000 to 32,000, unpacked.
    fn unpacked(unpack: impl Fn(f64) -> f64, data_type: DataType, step: f64) -> Option<Lattice> {
        let examples: Vec<f64> = (-525..525).map(|k| unpack(f64::from(61 * k))).collect();
        let margin = 8.0 * half_spacing(examples[0].abs().max(examples[1049].abs()), data_type) + 1e-9 * (examples[1049] - examples[0]);
        Unpacked { examples: &examples, step: step * (1.0 + 1e-13), margin, data_type, tries: 1 << 17 }.solve(examples[0])
    }

    #[test]
    fn scale_and_offset_come_back_to_the_last_bit() {
        for (step, offset) in [(0.001_501_378_234_9, 273.218_765_432_1), (0.000_731_9, -0.812_376_5), (0.152_345_678, 100_913.123_4), (1.7e-9, 3.1e-6)] {
            let double = unpacked(|k| k * step + offset, DataType::F64, step);
            assert_eq!(double, Some(Lattice::Anchored { origin: offset, base: -525 * 61, step }));
            let (short, place) = (step as f32, offset as f32);
            let unpack = |k: f64| f64::from(k as f32 * short + place);
            let single = unpacked(unpack, DataType::F32, f64::from(short)).unwrap();
            let others = (-32_000..32_000).filter(|k| single.value::<f32>(single.coordinate(unpack(f64::from(*k)) as f32), 0) != unpack(f64::from(*k)) as f32);
            // Where the offset has few digits more than one pair gives the examples.
            assert!(others.count() <= 64, "{single:?} for {short} and {place}");
        }
    }
}
