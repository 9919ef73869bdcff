//! Scale and offset of each band, as GDAL keeps them in its metadata: `<Item name="SCALE" sample="0" role="scale">0.1</Item>`.

use crate::field::{Attribute, Values};

/// The attributes that say so: those of CF where all bands agree, and else lists that no program mistakes for those. None where stored numbers are the values.
pub(super) fn attributes(metadata: &str, bands: usize) -> Vec<Attribute> {
    let (scales, offsets) = (of_bands(metadata, "scale", 1.0, bands), of_bands(metadata, "offset", 0.0, bands));
    let (Some(scale), Some(offset)) = (scales.first().copied(), offsets.first().copied()) else { return Vec::new() };
    if scales.iter().any(|s| *s != scale) || offsets.iter().any(|o| *o != offset) {
        return vec![numbers("band_scale_factor", scales), numbers("band_add_offset", offsets)];
    }
    if (scale, offset) == (1.0, 0.0) { Vec::new() } else { vec![numbers("scale_factor", vec![scale]), numbers("add_offset", vec![offset])] }
}

fn numbers(name: &str, values: Vec<f64>) -> Attribute {
    Attribute { name: name.to_owned(), value: Values::F64(values) }
}

/// What the items of that role say of each band.
fn of_bands(metadata: &str, role: &str, default: f64, bands: usize) -> Vec<f64> {
    let mut values = vec![default; bands];
    for (head, text) in metadata.split("<Item ").skip(1).filter_map(|item| item.split('<').next()?.split_once('>')) {
        let band = said(head, "sample").map_or(Some(0), |sample| sample.parse().ok());
        let value = text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && (*x != 0.0 || role == "offset"));
        if let (true, Some(value), Some(place)) = (said(head, "role") == Some(role), value, band.and_then(|band: usize| values.get_mut(band))) {
            *place = value;
        }
    }
    values
}

/// The value of an attribute of XML, in quotes of either kind.
fn said<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(&format!("{name}="))?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::attributes;
    use crate::field::Values;

    fn item(role: &str, band: usize, value: &str) -> String {
        format!("<Item name=\"{}\" sample=\"{band}\" role=\"{role}\">{value}</Item>", role.to_uppercase())
    }

    fn said(items: &[String], bands: usize) -> Vec<(String, Values)> {
        attributes(&format!("<GDALMetadata>\n{}</GDALMetadata>", items.concat()), bands).into_iter().map(|a| (a.name, a.value)).collect()
    }

    #[test]
    fn bands_that_agree_have_one_scale_and_others_lists() {
        let expected = |name: &str, values: &[f64]| (name.to_owned(), Values::F64(values.to_vec()));
        let (scale, offset) = (item("scale", 0, "-0.1"), item("offset", 0, "5"));
        assert_eq!(said(&[offset.clone(), scale.clone()], 1), [expected("scale_factor", &[-0.1]), expected("add_offset", &[5.0])]);
        assert_eq!(said(std::slice::from_ref(&scale), 2), [expected("band_scale_factor", &[-0.1, 1.0]), expected("band_add_offset", &[0.0, 0.0])]);
        assert_eq!(said(&[scale, item("scale", 1, "-0.1")], 2), [expected("scale_factor", &[-0.1]), expected("add_offset", &[0.0])]);
        assert_eq!(said(&[item("scale", 0, "1"), item("offset", 0, "0"), item("description", 0, "2")], 1), []);
        assert_eq!(said(&[item("scale", 0, "0"), item("scale", 9, "2"), item("offset", 0, "nan")], 1), []);
    }
}
