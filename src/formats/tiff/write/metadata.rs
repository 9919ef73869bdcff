//! What is said of a picture as GDAL keeps it: XML with an item for each thing.

use crate::field::{Field, Values};

/// The end of the whole.
const END: &str = "</GDALMetadata>";
/// The end of an item.
const ITEM: &str = "</Item>";

/// What a page says of a field that came from elsewhere: what another TIFF said of it, or its name, unit and packing.
pub(super) fn of(field: &Field, bands: usize) -> String {
    before(field).unwrap_or_else(|| described(field, bands))
}

/// What a file that is there says of a field.
pub(super) fn before(field: &Field) -> Option<String> {
    field.attribute("GDAL_METADATA").and_then(Values::as_text).filter(|text| text.contains(END))
}

/// The same, and what its bound did, with `line` of the history, in place of what was said of an earlier one.
pub(super) fn with_loss(said: Option<String>, field: &Field, line: &str) -> String {
    let mut text = said.unwrap_or_else(|| format!("<GDALMetadata>{END}"));
    while let Some(start) = text.find("<Item name=\"deepcomp_") {
        let Some(length) = text.get(start..).and_then(|rest| rest.find(ITEM)) else { break };
        text.replace_range(start..start + length + ITEM.len(), "");
    }
    let all = field.loss().into_iter().chain([("deepcomp_history", line.to_owned())]);
    let items: String = all.map(|(name, value)| format!("<Item name=\"{name}\">{}{ITEM}", escaped(&value))).collect();
    text.trim_end().replacen(END, &(items + END), 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Name, unit and packing of the bands.
fn described(field: &Field, bands: usize) -> String {
    let packing = field.packing();
    let units = field.attribute("units").and_then(Values::as_text).unwrap_or_default();
    let mut items = String::new();
    for band in 0..bands {
        let mut item = |name: &str, role: &str, value: &str| {
            items += &format!("<Item name=\"{name}\" sample=\"{band}\" role=\"{role}\">{}{ITEM}", escaped(value));
        };
        item("DESCRIPTION", "description", &field.name);
        if !units.is_empty() {
            item("UNITTYPE", "unittype", &units);
        }
        if (packing.scale, packing.offset) != (1.0, 0.0) {
            item("OFFSET", "offset", &packing.offset.to_string());
            item("SCALE", "scale", &packing.scale.to_string());
        }
    }
    format!("<GDALMetadata>{items}{END}")
}
