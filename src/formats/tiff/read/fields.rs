//! Pages as fields, with their coordinates.

use std::collections::BTreeMap;

use super::geo::Georeference;
use super::packing;
use crate::field::{Attribute, DataType, Dataset, Dimension, Element, Field, Missing, Values};
use crate::formats::tiff::spec::page::Page;
use crate::formats::tiff::spec::structure::Directory;
use crate::formats::tiff::spec::tags::{TEXTS, tag};

/// The photometric interpretation of pixels that are places in a table of colours.
const PALETTE: u64 = 3;

/// Adds the field of a page, with its coordinates, which are not called as any of the pictures is.
pub(super) fn add(dataset: &mut Dataset, axes: &mut Axes, name: &str, names: &[String], (directory, page): (&Directory<'_>, &Page)) {
    let (missing, fill) = no_data(directory, page.data_type);
    let georeference = Georeference::new(directory);
    let mut dimensions = Vec::new();
    if page.samples > 1 {
        dimensions.push(axes.axis(dataset, names, "band", page.samples, None));
    }
    for (axis, length) in [(0, page.height), (1, page.width)] {
        let name = georeference.as_ref().map_or(["y", "x"], Georeference::names).get(axis).copied();
        let coordinate = georeference.as_ref().and_then(|g| g.coordinate(axis, length));
        dimensions.push(axes.axis(dataset, names, name.unwrap_or("y"), length, coordinate));
    }
    let mut attributes: Vec<Attribute> = fill.map(|value| Attribute { name: "_FillValue".to_owned(), value }).into_iter().collect();
    let texts = TEXTS.iter().filter_map(|(tag, name)| Some((name, directory.text(*tag)?)));
    attributes.extend(texts.map(|(name, text)| Attribute { name: (*name).to_owned(), value: Values::Char(text.to_vec()) }));
    let metadata = directory.text(tag::GDAL_METADATA).map(String::from_utf8_lossy).unwrap_or_default();
    attributes.extend(packing::attributes(&metadata, page.samples));
    attributes.extend((directory.numbers(tag::PHOTOMETRIC).next() == Some(PALETTE)).then(|| Attribute::text("color_interpretation", "palette")));
    if let Some(georeference) = georeference {
        attributes.extend(georeference.epsg.map(|code| Attribute { name: "epsg".to_owned(), value: Values::I32(vec![code.into()]) }));
        let system = Some(georeference.grid_mapping()).filter(|system| !system.is_empty());
        attributes.extend(system.map(|system| Attribute::text("grid_mapping", &axes.reference_system(dataset, names, system))));
    }
    let values = Values::empty(page.data_type);
    dataset.fields.push(Field { name: name.to_owned(), dimensions, shape: page.shape(), values, attributes, missing, derived: None });
}

/// Number of the dimension, and of the field of its coordinate.
type Axis = (usize, Option<usize>);

/// Axes that pictures share.
#[derive(Default)]
pub(super) struct Axes {
    /// By what they are asked for as, and their length.
    known: BTreeMap<(&'static str, usize), Vec<Axis>>,
    /// How many of each name there have been.
    numbers: BTreeMap<&'static str, usize>,
    /// Names of reference systems by what they say.
    systems: BTreeMap<String, String>,
}

impl Axes {
    /// Name of the scalar whose attributes say, as in NetCDF after the CF conventions, in which system coordinates are.
    fn reference_system(&mut self, dataset: &mut Dataset, names: &[String], attributes: Vec<Attribute>) -> String {
        let said = format!("{attributes:?}");
        if let Some(known) = self.systems.get(&said) {
            return known.clone();
        }
        let taken = |name: &String| names.contains(name) || dataset.fields.iter().any(|f| f.name == *name);
        let mut number = self.systems.len() + 1;
        let mut name = if number == 1 { "spatial_ref".to_owned() } else { format!("spatial_ref_{number}") };
        while taken(&name) {
            number += 1;
            name = format!("spatial_ref_{number}");
        }
        let values = Values::I32(vec![0]);
        dataset.fields.push(Field {
            name: name.clone(),
            dimensions: Vec::new(),
            shape: Vec::new(),
            values,
            attributes,
            missing: Missing::NonFinite,
            derived: None,
        });
        self.systems.insert(said, name.clone());
        name
    }

    /// A dimension of that length and coordinate: one that exists, or a new one, whose coordinate becomes a field.
    fn axis(&mut self, dataset: &mut Dataset, names: &[String], base: &'static str, length: usize, coordinate: Option<Field>) -> usize {
        let known = self.known.entry((base, length)).or_default();
        let values = |field: &Option<usize>| field.and_then(|index| dataset.fields.get(index)).map(|f| &f.values);
        if let Some((index, _)) = known.iter().find(|(_, field)| values(field) == coordinate.as_ref().map(|c| &c.values)) {
            return *index;
        }
        let number = self.numbers.entry(base).or_default();
        let name = loop {
            *number += 1;
            let name = if *number == 1 { base.to_owned() } else { format!("{base}_{number}") };
            if !names.contains(&name) {
                break name;
            }
        };
        let index = dataset.dimensions.len();
        known.push((index, coordinate.as_ref().map(|_| dataset.fields.len())));
        dataset.dimensions.push(Dimension { name: name.clone(), length, unlimited: false });
        dataset.fields.extend(coordinate.map(|field| Field { name, dimensions: vec![index], ..field }));
        index
    }
}

/// What `GDAL_NODATA` says, in the type of the picture.
fn no_data(directory: &Directory<'_>, data_type: DataType) -> (Missing, Option<Values>) {
    let text = directory.text(tag::GDAL_NODATA).and_then(|text| core::str::from_utf8(text).ok()).map(str::trim).unwrap_or_default();
    macro_rules! parsed {
        ($v:ident $t:ident) => {
            // Programs write whole numbers as 0.0 too.
            text.parse::<$t>()
                .ok()
                .or_else(|| text.parse::<f64>().ok().map(|x| (x, x as $t)).filter(|(x, n)| *n as f64 == *x || x.is_nan()).map(|(_, n)| n))
                .map(|n| (n.to_bits64(), Values::$v(vec![n])))
        };
    }
    let found = match data_type {
        DataType::I8 => parsed!(I8 i8),
        DataType::U8 | DataType::Char => parsed!(U8 u8),
        DataType::I16 => parsed!(I16 i16),
        DataType::U16 => parsed!(U16 u16),
        DataType::I32 => parsed!(I32 i32),
        DataType::U32 => parsed!(U32 u32),
        DataType::I64 => parsed!(I64 i64),
        DataType::U64 => parsed!(U64 u64),
        DataType::F32 => parsed!(F32 f32),
        DataType::F64 => parsed!(F64 f64),
    };
    found.map_or((Missing::NonFinite, None), |(bits, value)| (Missing::Patterns(vec![bits]), Some(value)))
}
