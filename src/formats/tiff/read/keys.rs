//! The reference system that `GeoTIFF` keys describe, as attributes of a grid mapping after the CF conventions; and the keys themselves, for what those cannot say.

use crate::field::{Attribute, Values};
use crate::formats::tiff::spec::projections::{ALTERNATIVES, GEODETICS, PROJECTIONS, Projection, WELL_KNOWN_TEXT, attribute, ellipsoid, key, usual};
use crate::formats::tiff::spec::structure::Directory;
use crate::formats::tiff::spec::tags::tag;

/// Keys as a file has them.
#[derive(Debug)]
pub(super) struct Keys {
    all: Vec<u16>,
    reals: Vec<f64>,
    text: Vec<u8>,
}

impl Keys {
    pub(super) fn new(directory: &Directory<'_>) -> Self {
        let all = directory.numbers(tag::GEO_KEYS).map(|n| u16::try_from(n).unwrap_or(u16::MAX)).collect();
        Self { all, reals: directory.reals(tag::GEO_REALS), text: directory.text(tag::GEO_TEXT).unwrap_or_default().to_vec() }
    }

    fn row(&self, key: u16) -> Option<[u16; 3]> {
        self.all.as_chunks::<4>().0.iter().skip(1).find(|row| row[0] == key).map(|[_, at, count, value]| [*at, *count, *value])
    }

    /// The number that a key has itself.
    pub(super) fn short(&self, key: u16) -> Option<u16> {
        self.row(key).filter(|[at, ..]| *at == 0).map(|[.., value]| value)
    }

    fn real(&self, key: u16) -> Option<f64> {
        let [.., index] = self.row(key).filter(|[at, ..]| *at == tag::GEO_REALS)?;
        self.reals.get(usize::from(index)).copied().filter(|x| x.is_finite())
    }

    fn text(&self, key: u16) -> Option<&str> {
        let [_, count, start] = self.row(key).filter(|[at, ..]| *at == tag::GEO_TEXT)?;
        let text = self.text.get(usize::from(start)..usize::from(start) + usize::from(count))?;
        core::str::from_utf8(text).ok().map(|text| text.trim_end_matches(['|', '\0']))
    }

    /// Attributes of a grid mapping, where no number says it all; none where there are no keys of a system.
    pub(super) fn grid_mapping(&self) -> Vec<Attribute> {
        let model = self.short(key::MODEL_TYPE);
        if !matches!(model, Some(key::PROJECTED | key::GEOGRAPHIC | key::OWN)) {
            return Vec::new();
        }
        let mut all = self.well_known_text().map(|wkt| vec![Attribute::text("crs_wkt", wkt), Attribute::text("spatial_ref", wkt)]).unwrap_or_default();
        all.extend(self.conventional(model == Some(key::GEOGRAPHIC)).unwrap_or_default());
        all.push(Attribute { name: attribute::KEYS.to_owned(), value: Values::I32(self.all.iter().map(|n| i32::from(*n)).collect()) });
        if !self.reals.is_empty() {
            all.push(Attribute { name: attribute::REALS.to_owned(), value: Values::F64(self.reals.clone()) });
        }
        all
    }

    fn well_known_text(&self) -> Option<&str> {
        [key::PROJECTED_CITATION, key::CITATION].iter().find_map(|k| self.text(*k)?.strip_prefix(WELL_KNOWN_TEXT))
    }

    /// What the CF conventions say of it; none where they cannot, or the file speaks in other units.
    fn conventional(&self, geographic: bool) -> Option<Vec<Attribute>> {
        let usual_units = |key, usual| self.short(key).is_none_or(|unit| unit == usual);
        if !usual_units(key::ANGULAR_UNITS, key::DEGREES) || !usual_units(key::LINEAR_UNITS, key::METRES) || !usual_units(key::PRIME_MERIDIAN, key::GREENWICH) {
            return None;
        }
        let figure = self.figure()?;
        let projection = if geographic { vec![Attribute::text("grid_mapping_name", "latitude_longitude")] } else { self.projection()? };
        Some([projection, figure].concat())
    }

    /// The figure of the earth.
    fn figure(&self) -> Option<Vec<Attribute>> {
        let known = |code: u16| GEODETICS.iter().find(|g| g.code == code || g.code + 2000 == code);
        let geodetic = self.short(key::GEODETIC_CRS).and_then(known).or_else(|| self.short(key::DATUM).and_then(known));
        let by_number = geodetic.map(|g| (g.ellipsoid.1, g.ellipsoid.2)).or_else(|| self.short(key::ELLIPSOID).and_then(ellipsoid));
        let mut all: Vec<Attribute> = geodetic.map(|g| Attribute::text("geographic_crs_name", g.name)).into_iter().collect();
        all.extend(match (by_number, self.real(key::SEMI_MAJOR_AXIS), self.real(key::SEMI_MINOR_AXIS), self.real(key::INVERSE_FLATTENING)) {
            (Some((major, inverse)), ..) | (None, Some(major), _, Some(inverse)) if inverse != 0.0 => {
                [real("semi_major_axis", &[major]), real("inverse_flattening", &[inverse])]
            }
            (_, Some(major), Some(minor), _) => [real("semi_major_axis", &[major]), real("semi_minor_axis", &[minor])],
            _ => return None,
        });
        Some(all)
    }

    fn projection(&self) -> Option<Vec<Attribute>> {
        if let Some(zone) = self.short(key::PROJECTION).and_then(utm) {
            return Some(zone);
        }
        let method = self.short(key::METHOD)?;
        PROJECTIONS.iter().filter(|p| p.method == method).find_map(|p| self.as_projection(p))
    }

    fn as_projection(&self, projection: &Projection) -> Option<Vec<Attribute>> {
        let mut all = vec![Attribute::text("grid_mapping_name", projection.name)];
        let scale = self.number(key::SCALE).unwrap_or(1.0);
        let says_scale = projection.parameters.iter().any(|(_, k)| *k == key::SCALE);
        // Poles are no parallels.
        let at_pole = projection.method == 15 && self.number(key::ORIGIN_LATITUDE)?.abs() == 90.0;
        let fits = if projection.method == 15 { at_pole == says_scale } else { says_scale || scale == 1.0 };
        if !fits {
            return None;
        }
        for (name, k) in projection.parameters {
            let origin = || ALTERNATIVES.iter().take(2).any(|group| group.contains(k)).then_some(0.0);
            let value = self.number(*k).or_else(|| usual(name)).or_else(|| (*name == attribute::MERIDIAN_SCALE).then_some(1.0)).or_else(origin)?;
            match all.iter_mut().find(|a| a.name == *name) {
                Some(Attribute { value: Values::F64(list), .. }) => list.push(value),
                _ => all.push(real(name, &[value])),
            }
        }
        if projection.method == 15 && !at_pole {
            all.push(real(attribute::LATITUDE, &[90f64.copysign(self.number(key::ORIGIN_LATITUDE)?)]));
        }
        Some(all)
    }

    /// A number by its key or one that stands for it.
    fn number(&self, key: u16) -> Option<f64> {
        let others = ALTERNATIVES.iter().find(|group| group.contains(&key)).copied().unwrap_or_default();
        core::iter::once(&key).chain(others).find_map(|key| self.real(*key))
    }
}

fn real(name: &str, values: &[f64]) -> Attribute {
    Attribute { name: name.to_owned(), value: Values::F64(values.to_vec()) }
}

/// A zone of UTM by the number of its conversion.
fn utm(code: u16) -> Option<Vec<Attribute>> {
    let (zone, northing) = match code {
        16001..=16060 => (code - 16000, 0.0),
        16101..=16160 => (code - 16100, 1e7),
        _ => return None,
    };
    Some(vec![
        Attribute::text("grid_mapping_name", "transverse_mercator"),
        real(attribute::CENTRAL_MERIDIAN, &[f64::from(zone) * 6.0 - 183.0]),
        real(attribute::LATITUDE, &[0.0]),
        real(attribute::MERIDIAN_SCALE, &[0.9996]),
        real(attribute::EASTING, &[500_000.0]),
        real(attribute::NORTHING, &[northing]),
    ])
}
