//! What a variable gets: which bound (what is no measurement stays lossless, a relative bound becomes an absolute one), and which values are kept under it.

use super::kept::{counted, kept};
use crate::codec::demand::Demand;
use crate::codec::{Options, Tolerance, Unmet, half_spacing};
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, ErrorBound, Field, Keep, Roles, Wish};
use crate::formats::picture;

/// How one variable is compressed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) bound: ErrorBound,
    /// The largest error of any value, in the variable's units; 0 is lossless.
    pub(crate) absolute: f64,
    pub(crate) demand: Demand,
    /// The values that are kept, stored, and how often each is there.
    pub(crate) kept: Vec<(f64, u64)>,
    /// The part of the range that the bound is, where that is so much that little is left of the variable.
    pub(crate) coarse: Option<f64>,
    /// Why there is no loss though there is a bound.
    pub(crate) unmet: Option<String>,
}

impl Plan {
    /// The largest error of any value, in stored units; 0 is lossless.
    pub(super) fn stored_bound(&self, field: &Field) -> f64 {
        let scale = field.packing().scale.abs();
        if self.absolute > 0.0 && scale > 0.0 { self.absolute / scale } else { 0.0 }
    }
}

pub(super) const LOSSLESS: Plan = Plan { bound: ErrorBound::Lossless, absolute: 0.0, demand: Demand::LOSSLESS, kept: Vec::new(), coarse: None, unmet: None };

/// A bound of so much of the range leaves little of a variable.
const COARSE: f64 = 0.05;
/// What is taken instead of an advised bound that is so coarse: so much of the range.
const ADVISED: f64 = 0.01;

/// Works out how a field is held to its bound, and what is kept of it.
///
/// # Errors
/// [`Error::BoundBelowPrecision`] when an absolute bound is finer than the values' own precision, or a relative one than their type's, and that is to be refused.
pub(crate) fn plan((dataset, roles): (&Dataset, &Roles), field: &Field, options: &Options) -> Result<Plan> {
    let bound = options.bounds.of(field);
    if bound == ErrorBound::Lossless || !options.bounds.may_move(roles, field) {
        return Ok(LOSSLESS);
    }
    let Some(range) = Range::of(field) else { return Ok(LOSSLESS) };
    let scale = field.packing().scale.abs();
    let part = |bound: ErrorBound| match bound {
        ErrorBound::Absolute(asked) => asked.get() / (range.span * scale),
        ErrorBound::Relative(asked) => asked.get(),
        ErrorBound::Lossless | ErrorBound::Pointwise(_) => 0.0,
    };
    let coarse = |bound: ErrorBound| Some(part(bound)).filter(|part| *part >= COARSE && range.span > 0.0);
    let advised = options.bounds.wish(field) == Wish::Recommended;
    let bound = if advised && coarse(bound).is_some() { ErrorBound::relative(ADVISED)? } else { bound };
    let bound = if advised && options.stable { steady(bound, options.bounds.of(&field.without_values())) } else { bound };
    let plan = match allowed(field, range, bound) {
        Err(why) if options.unmet == Unmet::Lossless => Plan { unmet: Some(why.to_string()), ..LOSSLESS },
        planned => Plan { coarse: coarse(bound), ..planned? },
    };
    Ok(if plan.demand.is_lossless() { plan } else { keeping(dataset, field, plan, range, options) })
}

/// A bound that is the same the next time, or all but certainly so: what follows from the values and not from their ends, as a mean does, is rounded down to a few digits.
fn steady(bound: ErrorBound, without_values: ErrorBound) -> ErrorBound {
    // 1, 1.25, 1.5 and 1.75 times a power of two.
    const DROPPED: u32 = f64::MANTISSA_DIGITS - 3;
    match bound {
        ErrorBound::Absolute(asked) if bound != without_values => {
            ErrorBound::absolute(f64::from_bits(asked.get().to_bits() >> DROPPED << DROPPED)).unwrap_or(bound)
        }
        _ => bound,
    }
}

/// The plan with what is kept.
fn keeping(dataset: &Dataset, field: &Field, plan: Plan, range: Range, options: &Options) -> Plan {
    let ends = [range.smallest, range.largest];
    let keep = options.keep.of(field);
    let mut demand = Demand { signs: *keep == Keep::Sign, stable: options.stable, range: ends, packing: field.packing(), ..plan.demand };
    let found = || if dataset.format.is(picture::PNG) || dataset.format.is(picture::PICTURE) { Vec::new() } else { kept(field, &demand) };
    let stored = |values: &[f64]| counted(field, &values.iter().map(|v| nearest_stored(field, *v)).collect::<Vec<_>>());
    let kept = match keep {
        Keep::None => Vec::new(),
        Keep::Auto => found(),
        Keep::Values(values) => stored(values),
        Keep::Sign => {
            let (mut all, zero) = (found(), stored(&[0.0]));
            all.extend(zero.into_iter().filter(|zero| !all.contains(zero)).collect::<Vec<_>>());
            all
        }
    };
    // Where the ends move, a bound relative to the range is another one the next time.
    let of_range = options.stable && (matches!(plan.bound, ErrorBound::Relative(_)) || options.bounds.wish(field) == Wish::Recommended);
    let kept_ends = ends.into_iter().filter(|end| of_range && !kept.iter().any(|(k, _)| k == end));
    demand.kept = kept.iter().map(|(value, _)| *value).chain(kept_ends).collect();
    Plan { demand, kept, ..plan }
}

/// The number of the field's type that stands for a physical one.
fn nearest_stored(field: &Field, physical: f64) -> f64 {
    let packing = field.packing();
    let stored = (physical - packing.offset) / packing.scale;
    match field.values.data_type() {
        DataType::F64 => stored,
        DataType::F32 => f64::from(stored as f32),
        _ => stored.round(),
    }
}

/// How far values may move.
fn allowed(field: &Field, range: Range, bound: ErrorBound) -> Result<Plan> {
    match bound {
        ErrorBound::Lossless => Ok(LOSSLESS),
        ErrorBound::Absolute(asked) => even(field, range, bound, asked.get()),
        ErrorBound::Relative(asked) => {
            let absolute = range.part(asked.get(), field.packing().scale.abs());
            // A narrow range on a large offset is nobody's mistake.
            even(field, range, bound, absolute).or_else(|why| {
                check_precision(field, asked.get())?;
                Ok(Plan { unmet: (range.span > 0.0).then(|| why.to_string()), ..LOSSLESS })
            })
        }
        ErrorBound::Pointwise(asked) => pointwise(field, range, asked.get()),
    }
}

/// The same tolerance for all values.
fn even(field: &Field, range: Range, bound: ErrorBound, absolute: f64) -> Result<Plan> {
    let scale = field.packing().scale.abs();
    let precision = half_spacing(range.smallest.abs().max(range.largest.abs()), field.values.data_type());
    let tolerance = absolute / scale;
    if field.values.data_type().is_float() && tolerance < precision {
        return Err(too_fine(field, absolute, precision * scale));
    }
    Ok(Plan { bound, absolute, demand: Demand { tolerance: Tolerance::Absolute(tolerance), ..Demand::LOSSLESS }, ..LOSSLESS })
}

/// A tolerance that grows with the values. Packed numbers do not lie on steps that grow: all of them get what the smallest may take.
fn pointwise(field: &Field, range: Range, asked: f64) -> Result<Plan> {
    let (packing, bound) = (field.packing(), ErrorBound::pointwise(asked)?);
    let largest = [range.smallest, range.largest].map(|end| packing.unpack(end).abs()).into_iter().fold(0.0, f64::max);
    if field.values.data_type().is_float() && (packing.scale, packing.offset) == (1.0, 0.0) {
        check_precision(field, asked)?;
        return Ok(Plan { bound, absolute: asked * largest, demand: Demand { tolerance: Tolerance::Pointwise(asked), ..Demand::LOSSLESS }, ..LOSSLESS });
    }
    let smallest = field.present().map(|v| packing.unpack(v).abs()).fold(f64::INFINITY, f64::min);
    // Room for the rounding of physical values.
    let absolute = asked * smallest - 4.0 * f64::EPSILON * largest;
    even(field, range, bound, absolute).map(|plan| if absolute > 0.0 { plan } else { LOSSLESS }).or(Ok(LOSSLESS))
}

/// A relative bound that no number of the type can meet is a mistake.
fn check_precision(field: &Field, relative: f64) -> Result<()> {
    let precision = half_spacing(1.0, field.values.data_type());
    if field.values.data_type().is_float() && relative < precision { Err(too_fine(field, relative, precision)) } else { Ok(()) }
}

fn too_fine(field: &Field, bound: f64, precision: f64) -> Error {
    Error::BoundBelowPrecision { variable: field.name.clone(), bound, precision }
}

/// Smallest and largest value that is not missing, and how far apart they are, in stored units.
#[derive(Debug, Clone, Copy)]
struct Range {
    smallest: f64,
    largest: f64,
    /// Exact for integers before it is rounded.
    span: f64,
}

impl Range {
    /// `None` where all values are missing.
    fn of(field: &Field) -> Option<Self> {
        field.extremes().map(|([smallest, largest], span)| Self { smallest, largest, span })
    }

    /// So much of it in units that are `scale` stored ones: finite whatever it is, and not more where rounding among denormals would make it so.
    fn part(self, asked: f64, scale: f64) -> f64 {
        // 2^600: the same product, well above where numbers are denormal.
        const UP: f64 = f64::from_bits(0x6570_0000_0000_0000);
        let part = if self.span.is_finite() { asked * self.span } else { asked * self.largest - asked * self.smallest };
        let rounded_up = part < f64::MIN_POSITIVE && asked * UP * self.span < part * UP;
        (if rounded_up { part.next_down() } else { part } * scale).min(f64::MAX)
    }
}
