//! What JavaScript asks of an archive, as the core takes it.

use crate::error::{DeepCompError, JsResult, invalid};
use crate::info::BoundInfo;
use deepcomp::codec::{Base, Options, Unmet};
use deepcomp::field::{Bounds, ErrorBound, Keeps, MissingRule, Wish};
use serde::Deserialize;
use wasm_bindgen::JsValue;

impl TryFrom<&BoundInfo> for Wish {
    type Error = DeepCompError;

    fn try_from(BoundInfo { kind, value }: &BoundInfo) -> JsResult<Self> {
        let bound = match kind.as_ref() {
            "abs" => ErrorBound::absolute(*value)?,
            "rel" => ErrorBound::relative(*value)?,
            "pointwise" => ErrorBound::pointwise(*value)?,
            "lossless" => ErrorBound::Lossless,
            "recommended" => return Ok(Self::Recommended),
            other => {
                return Err(invalid(format_args!("unknown kind of bound {other:?}; use \"abs\", \"rel\", \"pointwise\", \"lossless\" or \"recommended\"")));
            }
        };
        Ok(Self::Bound(bound))
    }
}

/// Bounds as JavaScript gives them: of variables by name, and of the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BoundsInfo {
    others: BoundInfo,
    named: Vec<(String, BoundInfo)>,
    #[serde(default)]
    as_data: Vec<String>,
    /// "auto", "none" or a number as text.
    #[serde(default)]
    missing: Option<String>,
    #[serde(default)]
    keep: Option<KeepsInfo>,
    #[serde(default)]
    stable: bool,
    #[serde(default)]
    coarse: bool,
    #[serde(default)]
    strict: bool,
    /// A name of [`Level`]; "auto" when absent.
    #[serde(default)]
    level: Option<String>,
    /// As [`Tiles`](deepcomp::field::Tiles) are written; "map" when absent.
    #[serde(default)]
    tiles: Option<String>,
}

/// What is kept, of variables by name and of the others: each a list of words and numbers as [`Keeps`] reads it, without names.
#[derive(Deserialize)]
struct KeepsInfo {
    others: String,
    named: Vec<(String, String)>,
}

impl TryFrom<&KeepsInfo> for Keeps {
    type Error = DeepCompError;

    fn try_from(KeepsInfo { others, named }: &KeepsInfo) -> JsResult<Self> {
        let of = |list: &String| match list.parse::<Self>()? {
            Self { others, named } if named.is_empty() => Ok(others),
            _ => Err(invalid(format_args!("{list:?} is nothing to keep; give names of variables as keys of an object"))),
        };
        let named = named.iter().map(|(name, list)| Ok((name.clone(), of(list)?))).collect::<JsResult<_>>()?;
        Ok(Self { others: of(others)?, named })
    }
}

/// What a `{ others, named: [name, bound][], asData, missing, keep, stable, coarse, strict, level, tiles }` asks for, without a model.
pub fn options(asked: JsValue) -> JsResult<Options> {
    let BoundsInfo { others, named, as_data, missing, keep, stable, coarse, strict, level, tiles } = serde_wasm_bindgen::from_value(asked)?;
    let named = named.iter().map(|(name, bound)| Ok((name.clone(), Wish::try_from(bound)?))).collect::<JsResult<_>>()?;
    let missing = missing.map_or_else(|| Ok(MissingRule::default()), |rule| rule.parse())?;
    let bounds = Bounds { others: Wish::try_from(&others)?, named, as_data, missing };
    let keep = keep.as_ref().map_or_else(|| Ok(Keeps::default()), Keeps::try_from)?;
    let unmet = if strict { Unmet::Refuse } else { Unmet::Lossless };
    Ok(Options {
        keep,
        stable,
        coarse,
        unmet,
        level: level.as_deref().unwrap_or("auto").parse()?,
        tiles: tiles.as_deref().unwrap_or("map").parse()?,
        ..Options::new(bounds)
    })
}

/// When planes get a base layer: "auto", "always" or "never".
pub fn base(name: &str) -> JsResult<Base> {
    match name {
        "auto" => Ok(Base::Auto),
        "always" => Ok(Base::Always),
        "never" => Ok(Base::Never),
        other => Err(invalid(format_args!("unknown choice of base layer {other:?}; use \"auto\", \"always\" or \"never\""))),
    }
}
