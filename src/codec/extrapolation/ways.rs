//! All ways to foresee a number, and which of them came closest around it.

use super::polynomials::Polynomials;
use crate::codec::entropy::half_octaves;

/// Orders of polynomials through the plane, and through its differences from the one before.
const ORDERS: usize = 6;
const CHANGES: usize = 3;
/// Polynomials, the nine nearest numbers of the plane before, polynomials of differences, the mirror image and its opposite.
const WAYS: usize = MIRRORED + 2;
const MIRRORED: usize = ORDERS * ORDERS + 9 + CHANGES * CHANGES;

/// What is looked at: so many rows up and columns to the right, and how much it counts.
const AROUND: [(usize, isize, u16); 6] = [(0, -1, 2), (0, -2, 1), (1, -1, 1), (1, 0, 2), (1, 1, 1), (2, 0, 1)];
/// What is expected where there is nothing around.
const UNKNOWN: usize = 127;

/// One number a way.
type Each<T> = [T; WAYS];

/// What is foreseen of a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreseen {
    pub(super) number: i64,
    /// How far off that will be, in half octaves: what the chosen way was around it, on average.
    pub(super) expected: usize,
}

#[derive(Debug)]
pub(super) struct Ways<'a> {
    plane: Polynomials<ORDERS>,
    changes: Polynomials<CHANGES>,
    /// Numbers of the plane before, row by row; empty for the first plane.
    before: &'a [i64],
    row: usize,
    width: usize,
    /// How far off each way was, in half octaves: the row, the one above and the one above that.
    errors: [Vec<Each<u8>>; 3],
    /// Foreseen in the column: by each way, and by both polynomials as they take it back.
    each: Each<i64>,
    of_plane: [[i64; ORDERS]; ORDERS],
    of_changes: [[i64; CHANGES]; CHANGES],
    /// Whether the number has mirror images.
    mirrored: bool,
}

impl<'a> Ways<'a> {
    pub(super) fn new(before: &'a [i64], width: usize) -> Self {
        Self {
            plane: Polynomials::new(width),
            changes: Polynomials::new(width),
            before,
            row: 0,
            width,
            errors: core::array::from_fn(|_| vec![[0; WAYS]; width]),
            each: [0; WAYS],
            of_plane: [[0; ORDERS]; ORDERS],
            of_changes: [[0; CHANGES]; CHANGES],
            mirrored: false,
        }
    }

    pub(super) fn begin_row(&mut self, row: usize) {
        self.row = row;
        self.errors.rotate_right(1);
        self.plane.begin_row();
        self.changes.begin_row();
    }

    /// The number of the plane before, so many rows and columns away; 0 outside.
    fn before(&self, column: usize, [down, right]: [isize; 2]) -> i64 {
        let place = || {
            let column = column.checked_add_signed(right).filter(|c| *c < self.width)?;
            self.before.get(self.row.checked_add_signed(down)? * self.width + column)
        };
        place().copied().unwrap_or(0)
    }

    /// Foresees the number of a column, in all ways; its mirror image and the opposite of that may be known.
    #[inline]
    pub(super) fn foresee(&mut self, column: usize, images: Option<[i64; 2]>) -> Foreseen {
        let mut each = [0; WAYS];
        let (others, mirrored) = each.split_at_mut(MIRRORED);
        self.mirrored = images.is_some();
        mirrored.copy_from_slice(&images.unwrap_or_default());
        let (plane, others) = others.split_at_mut(ORDERS * ORDERS);
        self.of_plane = self.plane.foresee(column);
        plane.copy_from_slice(self.of_plane.as_flattened());
        if !self.before.is_empty() {
            let (copies, changes) = others.split_at_mut(9);
            let places = (-1..=1).flat_map(|down| (-1..=1).map(move |right| [down, right]));
            copies.iter_mut().zip(places).for_each(|(copy, place)| *copy = self.before(column, place));
            let here = self.before(column, [0, 0]);
            self.of_changes = self.changes.foresee(column);
            changes.iter_mut().zip(self.of_changes.as_flattened()).for_each(|(change, foreseen)| *change = here.wrapping_add(*foreseen));
        }
        self.each = each;
        self.closest(column)
    }

    /// The way that came closest around: the first of several. Those that need a plane before or mirror images only count where there are some.
    fn closest(&self, column: usize) -> Foreseen {
        let mut sums = [0u16; WAYS];
        let mut weights = 0;
        for (up, right, weight) in AROUND {
            let errors = column.checked_add_signed(right).zip(self.errors.get(up)).and_then(|(column, row)| row.get(column));
            let Some(errors) = errors.filter(|_| up <= self.row) else { continue };
            weights += weight;
            sums.iter_mut().zip(errors).for_each(|(sum, error)| *sum += weight * u16::from(*error));
        }
        let (others, mirrored) = sums.split_at(MIRRORED);
        let others = others.iter().take(if self.before.is_empty() { ORDERS * ORDERS } else { MIRRORED }).zip(self.each);
        let mirrored = mirrored.iter().zip(self.each.into_iter().skip(MIRRORED)).filter(|_| self.mirrored);
        let best = others.chain(mirrored).min_by_key(|(sum, _)| **sum);
        let (sum, number) = best.map_or((0, 0), |(sum, number)| (*sum, number));
        Foreseen { number, expected: sum.checked_div(weights).map_or(UNKNOWN, usize::from) }
    }

    /// Takes in the number of the column that was foreseen last.
    #[inline]
    pub(super) fn learn(&mut self, column: usize, value: i64) {
        self.plane.learn(column, &self.of_plane, value);
        if !self.before.is_empty() {
            let here = self.before(column, [0, 0]);
            self.changes.learn(column, &self.of_changes, value.wrapping_sub(here));
        }
        let (each, mirrored) = (self.each, self.mirrored);
        let [here, ..] = &mut self.errors;
        if let Some(errors) = here.get_mut(column) {
            *errors = each.map(|foreseen| half_octaves(value.wrapping_sub(foreseen).unsigned_abs()));
            // What is not there tells nothing against images farther on.
            if let (false, Some(errors)) = (mirrored, errors.get_mut(MIRRORED..)) {
                errors.fill(0);
            }
        }
    }
}
