//! Dense grids of samples, and planes to code: what every method and every network speaks of. Nothing below but errors.

/// A dense plane of samples in row order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid<T> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) samples: Vec<T>,
}

impl<T: Copy + Default> Grid<T> {
    pub(crate) fn new(height: usize, width: usize) -> Self {
        Self { height, width, samples: vec![T::default(); height * width] }
    }

    /// Row `y`, empty beyond the last one.
    #[inline(always)]
    pub(crate) fn row(&self, y: usize) -> &[T] {
        self.samples.get(y * self.width..(y + 1) * self.width).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn rows(&self) -> core::slice::ChunksExact<'_, T> {
        self.samples.chunks_exact(self.width.max(1))
    }

    #[inline]
    pub(crate) fn rows_mut(&mut self) -> core::slice::ChunksExactMut<'_, T> {
        self.samples.chunks_exact_mut(self.width.max(1))
    }

    /// The sample at (y, x); `None` outside.
    #[inline]
    pub(crate) fn get(&self, y: isize, x: isize) -> Option<T> {
        let (y, x) = (usize::try_from(y).ok()?, usize::try_from(x).ok()?);
        if x < self.width { self.samples.get(y * self.width + x).copied() } else { None }
    }

    /// The samples at rows `top, top + step, …` and columns `left, left + step, …`.
    pub(crate) fn every(&self, step: usize, top: usize, left: usize) -> Self {
        let (height, width) = (count(self.height, step, top), count(self.width, step, left));
        let mut samples = Vec::with_capacity(height * width);
        if width > 0 {
            for row in self.rows().skip(top).step_by(step) {
                let row = row.get(left..).unwrap_or_default();
                if step == 2 {
                    // The compiler knows what to do with pairs.
                    let (pairs, last) = row.as_chunks::<2>();
                    samples.extend(pairs.iter().map(|[sample, _]| *sample));
                    samples.extend(last);
                } else {
                    samples.extend(row.iter().step_by(step));
                }
            }
        }
        Self { height, width, samples }
    }
}

impl<T: Copy + Default> Grid<T> {
    /// A grid of that size of which these are the samples at every so many rows and columns: each stands for those up to the next.
    pub(crate) fn spread(&self, step: usize, height: usize, width: usize) -> Self {
        let mut full = Self::new(height, width);
        for (y, row) in full.rows_mut().enumerate() {
            for (samples, sample) in row.chunks_mut(step.max(1)).zip(self.row(y / step.max(1))) {
                samples.fill(*sample);
            }
        }
        full
    }
}

/// How many of `start, start + step, …` lie below `length`.
pub(crate) fn count(length: usize, step: usize, start: usize) -> usize {
    length.saturating_sub(start).div_ceil(step)
}

/// A plane to code, by any method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane<'a> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The samples; only the encoder has them.
    pub(crate) source: Option<&'a Grid<i32>>,
    /// Where samples are missing; `None` when none are.
    pub(crate) holes: Option<&'a Grid<u8>>,
}
