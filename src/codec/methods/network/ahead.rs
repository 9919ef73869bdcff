//! What foresees the residuals of some samples of a row, as far as it is known before the first of them is coded: all but the residual to the left.
//! Loops over lanes, so that they become vector code.

use super::contexts::{FIRST_SCALE, Foreseen, MOST, OCTAVES, SIGNED, SPLIT_FROM, magnitude_of};
use crate::codec::quantiser::Quantiser;
use crate::network::engine::{Engine, LANES, Row};

/// Lanes computed are a multiple of this, as vectors want them.
const STEP: usize = 16;

/// The rows around a row of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Of this row: predictions, how far off the network expects to be, how far each prediction is from a whole number.
    pub(super) values: &'a [i32],
    pub(super) scales: &'a [i32],
    pub(super) sides: &'a [i8],
    /// Residuals of the row above.
    pub(super) above: &'a [i32],
    /// Of the four near neighbours: samples, residuals, and how many columns they lie to the right.
    pub(super) near: [(&'a [i32], &'a [i32], isize); 4],
    /// Residuals of the horizontal pass above and below a sample of the vertical pass.
    pub(super) corners: [&'a [i32]; 2],
    /// Residuals of the first reference.
    pub(super) before: &'a [i32],
}

/// Of each sample; residuals are in quanta, and turned where the prediction lies above the whole number: all is seen in a mirror then.
#[derive(Debug)]
pub(super) struct Ahead {
    /// −1 where all is turned.
    turns: Row,
    /// How many low bits are split off.
    splits: Row,
    /// Energies around, but for that of the residual to the left.
    energies: Row,
    /// The residual above.
    straight: Row,
    /// Classes: of the scale, of the side, of the residual above.
    scales: Row,
    sides: Row,
    straight_classes: Row,
    /// Of those above to the left and to the right; of the differences around; of the residual of the reference.
    oblique: Row,
    around: Row,
    before: Row,
}

impl Default for Ahead {
    fn default() -> Self {
        let none = [0; LANES];
        Self {
            turns: none,
            splits: none,
            energies: none,
            straight: none,
            scales: none,
            sides: none,
            straight_classes: none,
            oblique: none,
            around: none,
            before: none,
        }
    }
}

impl Ahead {
    /// Looks at up to [`LANES`] samples from column `x` on.
    #[inline(never)]
    pub(super) fn look(&mut self, engine: Engine, rows: &Rows, x: usize, quantiser: Quantiser) {
        engine.wide(
            #[inline(always)]
            || {
                // A number of lanes that the compiler knows, here within, makes for better code, which narrow vectors do not make up for.
                let narrow = || rows.values.len().saturating_sub(x).next_multiple_of(STEP).min(LANES);
                self.look_at(rows, x, quantiser, if cfg!(target_arch = "wasm32") { narrow() } else { LANES });
            },
        );
    }

    #[inline(always)]
    fn look_at(&mut self, rows: &Rows, x: usize, quantiser: Quantiser, lanes: usize) {
        let of = |row: &[i32], dx: isize| shown(row, x as isize + dx, &[0; LANES]);
        let sides = rows.sides.get(x..).unwrap_or_default();
        self.turns.iter_mut().zip(sides).for_each(|(to, side)| *to = i32::from(*side) >> 8);
        self.sides.iter_mut().zip(sides).for_each(|(to, side)| *to = i32::from(side.unsigned_abs() >= 2) + i32::from(side.unsigned_abs() >= 5));
        let turns = self.turns;
        let turned = |row: &Row| both(row, &turns, lanes, |r, turn| (r ^ turn).wrapping_sub(turn));

        let scales = of(rows.scales, 0);
        self.splits = each(&scales, lanes, |scale| ((scale >> 4) - 1).clamp(0, 24));
        self.scales = each(&scales, lanes, |scale| {
            let fine = ((scale + FIRST_SCALE) >> 2).max(0);
            if scale < SPLIT_FROM { fine } else { (SPLIT_FROM + FIRST_SCALE) / 4 + (scale >> 2 & 3) }
        });
        let splits = self.splits;
        let is_split = splits.iter().take(lanes).fold(0, |any, split| any | split) != 0;
        // Classes of residuals; shifts by as much as each lane wants are slow in some vectors.
        let classes = |row: &Row| {
            if is_split {
                return both(row, &splits, lanes, |r, split| class(r >> split));
            }
            each(row, lanes, class)
        };

        let (left, straight, right) = (of(rows.above, -1), of(rows.above, 0), of(rows.above, 1));
        let mut energies = both(&left, &right, lanes, |a, b| magnitude_of(a) + magnitude_of(b));
        let mut add = |row: &Row, times: i32| energies = both(&energies, row, lanes, |sum, r| sum + times * magnitude_of(r));
        add(&straight, 2);
        for (_, errors, dx) in rows.near {
            add(&of(errors, dx), 1);
        }
        for row in rows.corners {
            add(&of(row, -1), 2);
            add(&of(row, 0), 2);
        }
        self.energies = energies;
        self.oblique = both(&classes(&turned(&left)), &classes(&turned(&right)), lanes, pair);
        self.straight = turned(&straight);
        self.straight_classes = classes(&self.straight);
        self.before = classes(&turned(&of(rows.before, 0)));

        let values = of(rows.values, 0);
        let (mut first, mut second) = ([0; LANES], [0; LANES]);
        for ((samples, _, dx), sum) in rows.near.iter().zip([false, false, true, true]) {
            let sum = if sum { &mut second } else { &mut first };
            // A neighbour outside is as good as no different from the prediction.
            let mut differences = both(&shown(samples, x as isize + dx, &values), &values, lanes, i32::wrapping_sub);
            if quantiser.quantum != 1 {
                differences = each(&differences, lanes, |d| quantiser.rounded(d));
            }
            *sum = both(sum, &turned(&differences), lanes, i32::wrapping_add);
        }
        self.around = both(&classes(&first), &classes(&second), lanes, pair);
    }

    /// Of each sample, from the first on.
    #[inline(always)]
    pub(super) fn samples(&self) -> impl Iterator<Item = Foreseen> + '_ {
        let numbers = self.turns.iter().zip(&self.splits).zip(&self.energies).zip(&self.straight);
        let own = self.scales.iter().zip(&self.sides).zip(&self.straight_classes);
        let classes = own.zip(&self.oblique).zip(&self.around).zip(&self.before);
        numbers.zip(classes).map(|((((turn, split), energy), straight), (((((scale, side), straight_class), oblique), around), before))| Foreseen {
            turn: *turn,
            split: *split as u32,
            energy: *energy as u32,
            straight: *straight,
            scale: *scale as usize,
            side: *side as usize,
            straight_class: *straight_class as usize,
            oblique: *oblique as usize,
            around: *around as usize,
            before: *before as usize,
        })
    }
}

/// A row from a column on, with those of `outside` where it has none.
// Arrays are not mapped in this file: what maps them is not always compiled into a loop, and then not for its vectors.
#[inline(always)]
fn shown(row: &[i32], start: isize, outside: &Row) -> Row {
    if let Some(all) = usize::try_from(start).ok().and_then(|start| row.get(start..)).and_then(|row| row.first_chunk()) {
        return *all;
    }
    let mut shown = *outside;
    let (first, start) = (usize::from(start < 0), start.max(0) as usize);
    if let (Some(to), Some(from)) = (shown.get_mut(first..), row.get(start..)) {
        let count = to.len().min(from.len());
        if let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) {
            to.copy_from_slice(from);
        }
    }
    shown
}

#[inline(always)]
fn each(row: &Row, lanes: usize, of: impl Fn(i32) -> i32) -> Row {
    let mut done = [0; LANES];
    done.iter_mut().zip(row).take(lanes).for_each(|(to, r)| *to = of(*r));
    done
}

#[inline(always)]
fn both(a: &Row, b: &Row, lanes: usize, of: impl Fn(i32, i32) -> i32) -> Row {
    let mut done = [0; LANES];
    done.iter_mut().zip(a).zip(b).take(lanes).for_each(|((to, a), b)| *to = of(*a, *b));
    done
}

/// As [`crate::codec::entropy::signed`], without branches.
#[inline(always)]
fn class(difference: i32) -> i32 {
    let m = difference.unsigned_abs().min(MOST) as i32;
    let octave = [1, 2, 3, 5, 9, 17].iter().fold(0, |octave, from| octave + i32::from(m >= *from));
    OCTAVES as i32 + if difference < 0 { -octave } else { octave }
}

/// Two classes as one.
#[inline(always)]
fn pair(a: i32, b: i32) -> i32 {
    a * SIGNED as i32 + b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::entropy::signed;

    #[test]
    fn classes_are_those_of_single_differences() {
        for difference in (-70..70).chain([i32::MIN, i32::MIN + 1, i32::MAX, 1 << 20]) {
            assert_eq!(class(difference) as usize, signed::<OCTAVES>(difference), "{difference}");
        }
    }
}
