//! `_Unsigned`, the convention by which a type of the file holds numbers of the other sign (NetCDF Users Guide, appendix A): the same bits, read as another type of that size.

use crate::field::{Attribute, DataType, Field};

/// Whether numbers are signed, where the attribute says so.
fn signed(attributes: &[Attribute]) -> Option<bool> {
    let text = attributes.iter().find(|a| a.name == "_Unsigned")?.value.as_text()?;
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(false),
        "false" => Some(true),
        _ => None,
    }
}

/// The type of the numbers of a variable that the file has in that type.
pub(crate) fn given_type(stored: DataType, attributes: &[Attribute]) -> DataType {
    signed(attributes).map_or(stored, |signed| stored.with_sign(signed))
}

/// The type in which a file has the numbers of a field: the other one where `_Unsigned` speaks of a type that has no such numbers. A fill value of the type of the numbers
/// tells that the file has that type and the attribute is redundant.
pub(crate) fn stored_type(field: &Field) -> DataType {
    let given = field.values.data_type();
    match signed(&field.attributes) {
        Some(signed) if given.with_sign(signed) == given && field.attribute("_FillValue").is_none_or(|fill| fill.data_type() != given) => {
            given.with_sign(!signed)
        }
        _ => given,
    }
}
