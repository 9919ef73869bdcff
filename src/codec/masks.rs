//! Which values of a chunk are missing, and as what (docs/format.md, "Masks"): found by the encoder, written and read back.

use super::Tolerance;
use super::chunk::{ChunkShape, Header, MAX_PATTERNS, MaskKind};
use super::entropy::{Coder, Decoder, Encoder, MaskTables};
use super::lattice::Sample;
use crate::error::{Error, Result};
use crate::field::{DataType, Missing};
use crate::grid::Grid;

/// Which values are missing, and as what; with them those that have to come back as they are.
pub(super) struct Mask {
    /// One plane of classes after another; empty when nothing is missing.
    classes: Vec<u8>,
    pub(super) kind: MaskKind,
    /// Bits of the missing values, in order.
    pub(super) bits: Vec<u64>,
    /// How many of those are no more than kept.
    kept: usize,
}

impl Mask {
    /// The mask of what is missing, of what the tolerance keeps, and of the values in `told`.
    pub(super) fn of<T: Sample>(values: &[T], missing: &Missing, tolerance: Tolerance, told: &[f64]) -> Self {
        let mut kept = 0;
        let classes: Vec<u8> = if T::TYPE == DataType::F32 && told.is_empty() && matches!(tolerance, Tolerance::Absolute(_)) {
            values.iter().map(|v| u8::from(missing.is_missing(*v))).collect()
        } else {
            let mut class = |v: T| {
                let keep = (tolerance.keeps(v.to_f64()) || told.contains(&v.to_f64())) && !missing.is_missing(v);
                kept += usize::from(keep);
                u8::from(keep || missing.is_missing(v))
            };
            values.iter().map(|v| class(*v)).collect()
        };
        if classes.iter().fold(0, |any, class| any | class) == 0 {
            return Self { classes: Vec::new(), kind: MaskKind::None, bits: Vec::new(), kept };
        }
        let mut bits = Vec::with_capacity(classes.iter().filter(|c| **c != 0).count());
        bits.extend(values.iter().zip(&classes).filter(|(_, c)| **c != 0).map(|(v, _)| v.to_bits64()));
        Self { kept, ..Self::with_patterns(classes, bits) }
    }

    /// The mask in which each class is the number of a pattern, unless there are too many.
    fn with_patterns(mut classes: Vec<u8>, bits: Vec<u64>) -> Self {
        let mut patterns = Vec::new();
        for (class, pattern) in classes.iter_mut().filter(|c| **c != 0).zip(&bits) {
            *class = match patterns.iter().position(|p| p == pattern) {
                Some(i) => i as u8 + 1,
                None => {
                    patterns.push(*pattern);
                    patterns.len() as u8
                }
            };
            if patterns.len() > MAX_PATTERNS {
                classes.iter_mut().for_each(|c| *c = (*c).min(1));
                return Self { classes, kind: MaskKind::Explicit, bits, kept: 0 };
            }
        }
        Self { classes, kind: MaskKind::Patterns(patterns), bits, kept: 0 }
    }

    /// How many values are missing.
    pub(super) fn count(&self) -> u64 {
        (self.bits.len() - self.kept) as u64
    }

    /// The classes of some values, none where nothing is missing.
    pub(super) fn classes(&self, indices: core::ops::Range<usize>) -> &[u8] {
        self.classes.get(indices).unwrap_or_default()
    }

    pub(super) fn is_missing(&self, index: usize) -> bool {
        self.classes.get(index).is_some_and(|c| *c != 0)
    }

    /// The values that are not missing.
    pub(super) fn present<'a, T: Sample>(&self, values: &'a [T]) -> std::borrow::Cow<'a, [T]> {
        if self.classes.is_empty() {
            return values.into();
        }
        values.iter().zip(&self.classes).filter(|(_, c)| **c == 0).map(|(v, _)| *v).collect::<Vec<_>>().into()
    }

    /// How many values of each plane are not missing.
    pub(super) fn counts(&self, shape: ChunkShape) -> Vec<usize> {
        let size = shape.height * shape.width;
        let missing = |plane| self.classes.iter().skip(plane * size).take(size).filter(|c| **c != 0).count();
        (0..shape.planes).map(|plane| size - missing(plane)).collect()
    }

    /// The classes of one plane; `None` when nothing in the chunk is missing.
    pub(super) fn plane(&self, index: usize, shape: ChunkShape) -> Option<Grid<u8>> {
        let size = shape.height * shape.width;
        let samples = self.classes.get(index * size..(index + 1) * size)?.to_vec();
        Some(Grid { height: shape.height, width: shape.width, samples })
    }
}

/// Codes the masks of all planes, and where they have no patterns the bits of what is missing. Where time counts, planes may be `still`.
pub(super) fn write(encoder: &mut Encoder, (kind, bits): (&MaskKind, &[u64]), holes: &[Grid<u8>], data_type: DataType, still: bool) {
    let mut tables = MaskTables::default();
    let mut before: Option<&Grid<u8>> = None;
    let mut missing = bits.iter();
    for plane in holes {
        if !(still && before.is_some_and(|before| tables.code_still(encoder, before == plane))) {
            tables.code(encoder, &mut plane.clone(), before, kind.patterns().len());
        }
        if *kind == MaskKind::Explicit {
            let count = plane.samples.iter().filter(|c| **c != 0).count();
            missing.by_ref().take(count).for_each(|bits| _ = encoder.bits(data_type.bits(), *bits));
        }
        before = Some(plane);
    }
}

/// The missing values of one plane.
pub(super) struct PlaneMask {
    /// 0 for a value, otherwise the number of the pattern.
    pub(super) classes: Grid<u8>,
    /// The bits of those that have no pattern, in order.
    explicit: Vec<u64>,
}

impl PlaneMask {
    /// Puts the missing values of a plane in their places.
    pub(super) fn fill<T: Sample>(&self, values: &mut [T], patterns: &[u64]) {
        let mut explicit = self.explicit.iter();
        for (value, class) in values.iter_mut().zip(&self.classes.samples).filter(|(_, class)| **class != 0) {
            let bits = patterns.get(usize::from(*class) - 1).or_else(|| explicit.next());
            *value = T::from_bits64(bits.copied().unwrap_or(0));
        }
    }
}

/// Reads the masks of all planes.
///
/// # Errors
/// [`Error::Corrupt`] when one names a pattern that is not there.
pub(super) fn read(decoder: &mut Decoder, header: &Header, shape: ChunkShape, data_type: DataType, still: bool) -> Result<Vec<PlaneMask>> {
    if header.mask == MaskKind::None {
        return Ok(Vec::new());
    }
    let patterns = header.mask.patterns();
    let mut tables = MaskTables::default();
    let mut masks: Vec<PlaneMask> = Vec::with_capacity(shape.planes);
    for _ in 0..shape.planes {
        let before = masks.last().map(|m| &m.classes);
        let as_before = before.filter(|_| still).filter(|_| tables.code_still(decoder, false)).cloned();
        let classes = as_before.unwrap_or_else(|| {
            let mut classes = Grid::new(shape.height, shape.width);
            tables.code(decoder, &mut classes, before, patterns.len());
            classes
        });
        if decoder.overrun() {
            break;
        }
        if classes.samples.iter().any(|c| usize::from(*c) > patterns.len().max(1)) {
            return Err(Error::corrupt("a missing value names a pattern that is not there"));
        }
        let without = classes.samples.iter().filter(|c| **c != 0 && patterns.is_empty());
        let explicit = without.map(|_| decoder.bits(data_type.bits(), 0)).collect();
        masks.push(PlaneMask { classes, explicit });
    }
    Ok(masks)
}
