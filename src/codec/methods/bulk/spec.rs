//! What encoder and decoder of the bulk method must agree on (docs/format.md, "Bulk"): classes, the family of tables, the coder's constants.

use std::sync::OnceLock;

/// Probabilities are fractions of 2^12.
pub(super) const PROBABILITY_BITS: u32 = 12;
/// Slots of a table.
pub(super) const SLOTS: usize = 1 << PROBABILITY_BITS;
/// Lower end of a normalised rANS state; words of 16 bits are moved below it.
pub(super) const STATE_LOW: u32 = 1 << 16;
/// States that take turns along a row: of a chunk of many samples, and of one of few, for which each of them would cost too much.
pub(super) const STATES: usize = 8;
pub(super) const FEW_STATES: usize = 2;
/// Samples that are many.
pub(super) const MANY: usize = 1 << 15;

/// Symbols of every table: magnitudes with their signs, and the escape.
pub(super) const SYMBOLS: usize = 64;
/// Symbol of what has none of its own.
pub(super) const ESCAPE: u8 = SYMBOLS as u8 - 1;

/// Classes of expected magnitudes: half octaves. From this one on low bits are split off, and two tables serve all.
pub(super) const WHOLE: u8 = 22;
/// All classes.
pub(super) const CLASSES: usize = 64;
/// Half octaves of 1/4096 below the first class.
const BELOW: u32 = 8;
/// Half octaves that the exponent of a float counts from.
const BIAS: u32 = 2 * 127;

/// Magnitudes are cut here before they are added.
pub(super) const MAGNITUDE_LIMIT: i32 = 1 << 16;

/// The class of an expected magnitude, in 1/4096 of a quantum.
#[inline(always)]
pub(super) fn class(expected: i32) -> u8 {
    // Exponent and first fraction bit of a float are the logarithm.
    let half_octave = ((expected | 1) as f32).to_bits() >> 22;
    half_octave.saturating_sub(BIAS + BELOW) as u8
}

/// The table of a class.
pub(super) const fn table(class: u8) -> u8 {
    if class < WHOLE { class } else { WHOLE - 2 + (class & 1) }
}

/// Low bits that are split off the residuals of a class.
pub(super) const fn split(class: u8) -> u32 {
    if class < WHOLE { 0 } else { (class - WHOLE) as u32 / 2 + 1 }
}

/// Numbers of means are told by how far they lie from the one before: from so many below, up to what is too far.
pub(super) const STEPS_DOWN: i32 = 3;
pub(super) const FAR: u32 = 15;

/// Largest mean of a bucket, as a number of [`mean`].
pub(super) const MEANS: u32 = 27 * 8;

/// The mean magnitude, in 1/4096, of which a number speaks: eight steps an octave.
pub(super) const fn mean(number: u32) -> i32 {
    let number = if number > MEANS { MEANS } else { number };
    ((8 + (number & 7)) << (number >> 3)) as i32 >> 3
}

/// Ratios of two-sided geometric distributions, in 1/2^16: mean magnitudes half an octave apart.
const RATIOS: [u16; SCALES] = [
    76, 108, 152, 215, 304, 431, 609, 861, 1217, 1721, 2432, 3435, 4844, 6814, 9536, 13217, 18012, 23892, 30518, 37278, 43539, 48887, 53191, 56514, 59008,
    60846, 62182, 63146,
];
const SCALES: usize = 28;
/// Scales that a table may have, of which the one it is named for is number [`USUAL`].
pub(super) const OFFSETS: usize = 8;
pub(super) const USUAL: usize = 3;
/// Shapes that a table may have: geometric, two with longer tails, logistic.
pub(super) const SHAPES: usize = 4;

/// How many of the slots each symbol has; 0 where it has to escape.
pub(super) type Frequencies = [u16; SYMBOLS];

/// The frequencies of a table with that offset and shape.
pub(super) fn frequencies(table: u8, offset: usize, shape: usize) -> &'static Frequencies {
    static FAMILY: OnceLock<Vec<Frequencies>> = OnceLock::new();
    static NONE: Frequencies = [0; SYMBOLS];
    let family = FAMILY.get_or_init(|| (0..SCALES * SHAPES).map(|i| built(i / SHAPES, i % SHAPES)).collect());
    let scale = (usize::from(table) + offset).saturating_sub(USUAL - 2).min(SCALES - 1);
    family.get(scale * SHAPES + shape).unwrap_or(&NONE)
}

/// Magnitudes that weights are summed over; larger ones are as good as never.
const SUMMED: usize = 256;
/// Magnitudes that are symbols: those below this.
const MAGNITUDES: usize = SYMBOLS / 2;

/// Probabilities of magnitudes of one sign, in 1/2^32.
fn probabilities(scale: usize, logistic: bool) -> Vec<u64> {
    let ratio = u64::from(RATIOS.get(scale.min(SCALES - 1)).copied().unwrap_or_default());
    let powers = core::iter::successors(Some(1u64 << 31), |w| Some((w * ratio) >> 16));
    let logistic_weight = |w: u64| {
        let sum = ((1 << 31) + w) >> 16;
        (w << 30) / (sum * sum)
    };
    let weights: Vec<u64> = powers.map(|w| if logistic { logistic_weight(w) } else { w }).take(SUMMED).collect();
    let sum = 2 * weights.iter().sum::<u64>() - weights.first().copied().unwrap_or_default();
    weights.into_iter().map(|w| (w << 32) / sum).collect()
}

fn built(scale: usize, shape: usize) -> Frequencies {
    let mixed = |apart: usize, wider: usize| {
        let (narrow, wide) = (probabilities(scale.saturating_sub(apart), false), probabilities(scale + wider, false));
        narrow.into_iter().zip(wide).map(|(n, w)| (5 * n + 3 * w) >> 3).collect()
    };
    let probabilities: Vec<u64> = match shape {
        0 => probabilities(scale, false),
        1 => mixed(1, 2),
        2 => mixed(3, 3),
        _ => probabilities(scale.saturating_sub(1), true),
    };
    let slots = |p: u64| ((p * SLOTS as u64 + (1 << 31)) >> 32) as u16;
    let of = |magnitude: usize| slots(probabilities.get(magnitude).copied().unwrap_or_default());
    let inside = (0..MAGNITUDES).map(|m| probabilities.get(m).copied().unwrap_or_default() * if m == 0 { 1 } else { 2 }).sum::<u64>();
    let escape = slots((1u64 << 32).saturating_sub(inside)).max(1);
    let mut frequencies = core::array::from_fn(|symbol| if symbol == usize::from(ESCAPE) { escape } else { of(symbol.div_ceil(2)) });
    let others: u16 = frequencies.iter().skip(1).sum();
    if let Some(zero) = frequencies.first_mut() {
        *zero = SLOTS as u16 - others;
    }
    frequencies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_fill_their_slots_and_zero_and_the_escape_have_some() {
        for (table, offset, shape) in (0..WHOLE).flat_map(|t| (0..OFFSETS).flat_map(move |o| (0..SHAPES).map(move |s| (t, o, s)))) {
            let frequencies = frequencies(table, offset, shape);
            assert_eq!(frequencies.iter().map(|f| usize::from(*f)).sum::<usize>(), SLOTS);
            assert!(frequencies[0] > 0 && frequencies[usize::from(ESCAPE)] > 0);
            assert!(frequencies.iter().all(|f| usize::from(*f) < SLOTS));
        }
    }

    #[test]
    fn classes_are_half_octaves_and_splits_keep_what_is_expected_within_two_tables() {
        assert_eq!([0, 16, 23, 24, 31, 32].map(class), [0, 0, 0, 1, 1, 2]);
        assert_eq!([8 << 12, 16 << 12, i32::MAX].map(class), [22, 24, 54]);
        assert_eq!([22, 23, 24, 54].map(|c| (table(c), split(c))), [(20, 1), (21, 1), (20, 2), (20, 17)]);
        assert!((0..255).all(|number| mean(number) <= mean(number + 1) && mean(number + 1) <= 1 << 28));
    }
}
