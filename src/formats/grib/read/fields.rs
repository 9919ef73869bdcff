//! Records -> fields with dimensions, coordinates and attributes.

use super::coordinates::{Coordinates, Defined};
use super::cube::{Cube, Place, cubes};
use super::product::Product;
use super::room::Room;
use crate::error::Result;
use crate::field::{Attribute, DataType, Dimension, Field, Missing, Values};
use crate::formats::grib::spec::grid::{self, Grid};
use crate::formats::grib::spec::layout::{BITS_FROM_VALUES, BITS_STORED, MAX_FILLING, RecordEntry, Strings};
use crate::formats::grib::spec::octets::Octets;
use crate::formats::grib::spec::packing::{Numbers, Precision, Representation, Template};
use crate::formats::grib::spec::record::{BITMAP_HEAD, Record, Span};
use crate::formats::grib::spec::{bits, packing};
use crate::formats::input::Input;
use crate::limits::{self, Limits};
use std::collections::{BTreeMap, BTreeSet};

/// What a file holds.
pub(super) struct Contents<'a> {
    pub(super) dimensions: Vec<Dimension>,
    /// Coordinates, then fields, which have no values yet.
    pub(super) fields: Vec<Field>,
    /// Number of coordinates.
    pub(super) coordinates: usize,
    items: Vec<Item<'a>>,
    grids: Vec<Grid>,
    /// Of the fields, in order.
    plans: Vec<Plan>,
}

/// A record with what its headers say.
struct Item<'a> {
    record: Record<'a>,
    product: Product,
    /// Number of its grid.
    grid: usize,
    representation: Representation,
}

/// A field to be.
struct Plan {
    cube: Cube,
    name: String,
}

/// What the values do not tell of a record.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    /// The bitmap section, or its head.
    bitmap: &'a [u8],
    /// How the bits of the bitmap follow from the values.
    bits: u8,
    /// What stands behind the packed numbers.
    tail: &'a [u8],
    /// The packed numbers, where the values do not tell them.
    raw: Option<&'a [u8]>,
}

/// What must agree in all records of a field.
type Kind<'m> = (String, &'m str, &'m [u8], usize, Template);

impl<'a> Contents<'a> {
    pub(super) fn of(records: Vec<Record<'a>>, limits: &Limits) -> Result<Self> {
        let mut grids = Vec::new();
        let mut definitions = Vec::new();
        let mut numbers: BTreeMap<(u8, &[u8]), usize> = BTreeMap::new();
        let mut items = Vec::new();
        for record in records {
            let key = (record.edition, record.grid.bytes);
            let grid = match numbers.get(&key) {
                Some(grid) => *grid,
                None => {
                    grids.push(Grid::of(&record)?);
                    definitions.push((record.edition, record.grid.bytes, grid::kind(&record)));
                    numbers.insert(key, grids.len() - 1);
                    grids.len() - 1
                }
            };
            let (product, representation) = (Product::of(&record)?, Representation::of(&record)?);
            items.push(Item { record, product, grid, representation });
        }
        let plans = plan(&items);
        Limits::check("the number of fields", plans.len() as u64, limits.items)?;
        let mut room = Room { left: limits.decoded_bytes, limit: limits.decoded_bytes };
        let mut coordinates = Coordinates::default();
        let defined = grids.iter().zip(definitions).map(|(grid, (edition, section, kind))| Defined { edition, section, places: &grid.places, kind });
        let places = defined.map(|grid| coordinates.add_grid(&grid, &mut room)).collect::<Result<Vec<_>>>()?;
        let mut fields = Vec::new();
        for plan in &plans {
            let planes: Vec<&Item<'_>> = plan.cube.records.iter().filter_map(|n| items.get(*n)).collect();
            let Some(first) = planes.first() else { continue };
            let Some(place) = places.get(first.grid) else { continue };
            let [_, steps, ..] = &plan.cube.axes;
            let mut axes = coordinates.add_axes(&first.product, &plan.cube.axes, &intervals(&planes, steps));
            axes.dimensions.extend(&place.dimensions);
            axes.names.extend(place.names.clone());
            let mut attributes = attributes(first);
            if !axes.names.is_empty() {
                attributes.push(Attribute::text("coordinates", &axes.names.join(" ")));
            }
            if let Some(mapping) = &place.mapping {
                attributes.push(Attribute::text("grid_mapping", mapping));
            }
            if let Some(methods) = &axes.methods {
                attributes.push(Attribute::text("cell_methods", methods));
            }
            let shape = axes.dimensions.iter().filter_map(|d| coordinates.dimensions.get(*d)).map(|d| d.length).collect();
            // Of at least this precision, whatever the values turn out to need.
            let values = Values::empty(if is_double(&planes) { DataType::F64 } else { DataType::F32 });
            fields.push(Field { name: plan.name.clone(), dimensions: axes.dimensions, shape, values, attributes, missing: Missing::NonFinite, derived: None });
        }
        let Coordinates { dimensions, fields: mut all, .. } = coordinates;
        Limits::check("the number of dimensions", dimensions.len() as u64, limits.items)?;
        Limits::check("the number of fields", (all.len() + fields.len()) as u64, limits.items)?;
        let taken: BTreeSet<String> = all.iter().map(|f| f.name.clone()).collect();
        for field in &mut fields {
            if taken.contains(&field.name) {
                field.name.push_str("_field");
            }
        }
        let coordinates = all.len();
        all.extend(fields);
        Ok(Self { dimensions, fields: all, coordinates, items, grids, plans })
    }

    /// Number of fields that are no coordinates.
    pub(super) const fn plans(&self) -> usize {
        self.plans.len()
    }

    /// Values of a field, and what they do not tell of each of its records.
    pub(super) fn values(&self, input: &'a Input<'_>, plan: usize, limits: &Limits) -> Result<(Values, Vec<Rest<'a>>)> {
        let records = self.plans.get(plan).map_or(&[] as &[usize], |plan| &plan.cube.records);
        let planes: Vec<&Item<'_>> = records.iter().filter_map(|n| self.items.get(*n)).collect();
        let Some(grid) = planes.first().and_then(|first| self.grids.get(first.grid)) else { return Ok((Values::empty(DataType::F32), Vec::new())) };
        let work = Unpacking { input, planes: &planes, grid, limits };
        if !is_double(&planes)
            && let Some((values, rests)) = work.planes::<f32>()?
        {
            return Ok((Values::F32(values), rests));
        }
        let (values, rests) = work.planes::<f64>()?.unwrap_or_default();
        Ok((Values::F64(values), rests))
    }

    /// The entries of all records in file order, from what values do not tell of them, by field and plane.
    pub(super) fn entries(&self, rests: &[Vec<Rest<'a>>], strings: &mut Strings<'a>) -> Vec<RecordEntry> {
        let mut entries: Vec<Option<RecordEntry>> = self.items.iter().map(|_| None).collect();
        for (field, (plan, rests)) in self.plans.iter().zip(rests).enumerate() {
            for (plane, (number, rest)) in plan.cube.records.iter().zip(rests).enumerate() {
                if let (Some(item), Some(slot)) = (self.items.get(*number), entries.get_mut(*number)) {
                    *slot = Some(RecordEntry {
                        field: field as u32,
                        plane: plane as u32,
                        representation: strings.number(item.record.representation.bytes),
                        leading: item.record.leading.iter().map(|section| strings.number(section.bytes)).collect(),
                        bitmap: strings.number(rest.bitmap),
                        bits: rest.bits,
                        tail: (!rest.tail.is_empty()).then(|| strings.number(rest.tail)),
                        raw: rest.raw.map(|raw| strings.number(raw)),
                    });
                }
            }
        }
        entries.into_iter().flatten().collect()
    }
}

/// Whether the values are of f64 in the file.
fn is_double(planes: &[&Item<'_>]) -> bool {
    planes.iter().any(|item| item.representation.template == Template::Ieee64)
}

/// The intervals that end at the steps; none unless each step has one and only one.
fn intervals(planes: &[&Item<'_>], steps: &[[i64; 2]]) -> Vec<[i64; 2]> {
    let starts: BTreeSet<(i64, Option<i64>)> = planes.iter().map(|item| (item.product.step, item.product.start)).collect();
    let intervals: Option<Vec<[i64; 2]>> = starts.into_iter().map(|(end, start)| Some([start?, end])).collect();
    intervals.filter(|list| list.len() == steps.len()).unwrap_or_default()
}

/// Groups records and names the groups.
fn plan(items: &[Item<'_>]) -> Vec<Plan> {
    let mut groups: BTreeMap<Kind<'_>, usize> = BTreeMap::new();
    let mut lists: Vec<Vec<(usize, Place)>> = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let product = &item.product;
        let kind = (product.name.variable.clone(), product.level.name.as_str(), product.kind.as_slice(), item.grid, item.representation.template);
        let group = *groups.entry(kind).or_insert(lists.len());
        if group == lists.len() {
            lists.push(Vec::new());
        }
        let place = [[product.time; 2], [product.step; 2], product.level.value.unwrap_or_default(), [product.member.map_or(0, i64::from); 2]];
        lists.get_mut(group).into_iter().for_each(|list| list.push((number, place)));
    }
    let mut cubes: Vec<Cube> = lists.iter().flat_map(|list| cubes(list)).collect();
    cubes.sort_by_key(|cube| cube.records.iter().min().copied());
    names(items, cubes)
}

/// The parameter's name; where several fields have it, with their types of level; where several still have it, with what was done over time; then with a number.
fn names(items: &[Item<'_>], cubes: Vec<Cube>) -> Vec<Plan> {
    let product = |cube: &Cube| cube.records.first().and_then(|n| items.get(*n)).map(|item| &item.product);
    let steps: [fn(&Product) -> String; 3] =
        [|p| p.name.variable.clone(), |p| format!("{}_{}", p.name.variable, p.level.name), |p| format!("{}_{}_{}", p.name.variable, p.level.name, p.statistic)];
    let mut counts: BTreeMap<String, BTreeSet<(String, &'static str)>> = BTreeMap::new();
    for product in cubes.iter().filter_map(product) {
        // How many kinds of levels, and of statistics on the same kind, share a name.
        counts.entry(product.name.variable.clone()).or_default().insert((product.level.name.clone(), ""));
        counts.entry(format!("{}_{}", product.name.variable, product.level.name)).or_default().insert((String::new(), product.statistic));
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut plans = Vec::with_capacity(cubes.len());
    for cube in cubes {
        let Some(product) = product(&cube) else { continue };
        let [plain, level, statistic] = steps.map(|step| step(product));
        let several = |name: &String| counts.get(name).is_some_and(|kinds| kinds.len() > 1);
        let base = match (several(&plain), several(&level)) {
            (_, true) => statistic,
            (true, false) => level,
            (false, false) => plain,
        };
        let mut name = base.clone();
        let count = taken.entry(base.clone()).or_insert(1);
        while !used.insert(name.clone()) {
            *count += 1;
            name = format!("{base}_{count}");
        }
        plans.push(Plan { cube, name });
    }
    plans
}

fn attributes(item: &Item<'_>) -> Vec<Attribute> {
    let (product, name) = (&item.product, &item.product.name);
    let number = |name: &str, value: i32| Attribute { name: name.to_owned(), value: Values::I32(vec![value]) };
    let standard = match name.standard {
        Some("eastward_wind") if grid::has_own_directions(&item.record) => "x_wind",
        Some("northward_wind") if grid::has_own_directions(&item.record) => "y_wind",
        name => name.unwrap_or_default(),
    };
    let mut attributes = Vec::new();
    for (attribute, text) in [("long_name", name.long), ("units", name.units), ("standard_name", standard)] {
        if !text.is_empty() {
            attributes.push(Attribute::text(attribute, text));
        }
    }
    attributes.push(Attribute::text("GRIB_shortName", name.short));
    attributes.push(Attribute::text("GRIB_typeOfLevel", &product.level.name));
    attributes.push(Attribute::text("GRIB_stepType", product.statistic));
    if let Some(kind) = grid::kind(&item.record) {
        attributes.push(Attribute::text("GRIB_gridType", kind));
    }
    attributes.push(number("GRIB_edition", item.record.edition.into()));
    attributes.push(number("GRIB_centre", product.centre.into()));
    let keys: &[&str] = if item.record.edition == 1 {
        &["GRIB_table2Version", "GRIB_indicatorOfParameter"]
    } else {
        &["GRIB_discipline", "GRIB_parameterCategory", "GRIB_parameterNumber"]
    };
    attributes.extend(keys.iter().zip(&product.parameter).map(|(key, value)| number(key, i32::from(*value))));
    attributes
}

/// The planes of a field.
struct Unpacking<'p, 'a> {
    input: &'a Input<'a>,
    planes: &'p [&'p Item<'a>],
    grid: &'p Grid,
    limits: &'p Limits,
}

impl<'a> Unpacking<'_, 'a> {
    /// In that precision; `None` when f32 does not tell all packed integers apart.
    fn planes<T: Precision>(&self) -> Result<Option<(Vec<T>, Vec<Rest<'a>>)>> {
        let Self { planes, grid, limits, .. } = *self;
        let last_resort = T::TYPE == DataType::F64;
        let count = planes.len().saturating_mul(grid.places.points);
        let limit = limits.decoded_bytes.min(isize::MAX as u64);
        let needed = (count as u64).saturating_mul(T::TYPE.size() as u64);
        Limits::check("the values of a field", needed, limit)?;
        let mut values: Vec<T> = limits::room("the values of a field", count)?;
        let mut rests = Vec::with_capacity(planes.len());
        for item in planes {
            let record = &item.record;
            let coded = match record.mask {
                None => grid.places.points,
                Some(mask) => {
                    bits::ones(mask.bytes, grid.places.points).ok_or_else(|| mask.malformed(1, format!("a bitmap of {} points", grid.places.points)))?
                }
            };
            let Span { at, length } = record.data;
            let data = self.input.values(at as u64, length as u64)?.unwrap_or_default();
            let numbers = item.representation.numbers(record, Octets::new(&data, at), coded, limits)?;
            let (unpacked, told) = match numbers {
                Numbers::Single(single) => (single.iter().map(|x| cast(*x)).collect(), true),
                Numbers::Double(double) => (double.iter().map(|x| cast(*x)).collect(), true),
                Numbers::Integers(integers) => match item.representation.scale.exact(&integers) {
                    Some(values) => (values, true),
                    None if last_resort || !item.representation.scale.is_finite() => (item.representation.scale.rounded(&integers), false),
                    None => return Ok(None),
                },
            };
            let complete = unpacked.iter().all(|x: &T| !x.to_f64().is_nan());
            place(&mut values, unpacked, record, grid);
            let tail = packing::unused(&item.representation, &data, coded).len();
            rests.push(self.rest(record, complete, told, tail)?);
        }
        Ok(Some((values, rests)))
    }

    /// What the values do not tell of a record. `complete`: none of the values that the bitmap leaves is missing. `told`: they tell their packed integers, behind which `tail`
    /// bytes follow.
    fn rest(&self, record: &Record<'a>, complete: bool, told: bool, tail: usize) -> Result<Rest<'a>> {
        let head = bits_head(record.bitmap.bytes);
        let derived =
            complete && record.mask.is_some_and(|mask| mask.offset == record.bitmap.offset + BITMAP_HEAD && is_filled(mask.bytes, self.grid.places.points));
        let (bitmap, bits) = if derived { (head, BITS_FROM_VALUES) } else { (record.bitmap.bytes, BITS_STORED) };
        let Span { at, length } = record.data;
        let kept = |at: usize, length: usize| self.input.metadata(at as u64, length as u64).map(Option::unwrap_or_default);
        let raw = if told { None } else { Some(kept(at, length)?) };
        Ok(Rest { bitmap, bits, tail: kept(at + length - tail, tail)?, raw })
    }
}

/// The same number in another precision; NaN keeps its bits where the precision is the same.
fn cast<S: Precision, T: Precision>(value: S) -> T {
    if S::TYPE == T::TYPE { T::from_bits64(value.to_bits64()) } else { T::round(value.to_f64()) }
}

/// Appends a plane: values where the bitmap has them, in C order.
fn place<T: Precision>(values: &mut Vec<T>, coded: Vec<T>, record: &Record<'_>, grid: &Grid) {
    let start = values.len();
    if let (None, true) = (record.mask, grid.in_place()) {
        values.extend(coded);
        return;
    }
    values.resize(start + grid.places.points, T::NAN);
    let plane = values.get_mut(start..).unwrap_or_default();
    let mut coded = coded.into_iter();
    let mut put = |index: usize| {
        if let (Some(slot), Some(value)) = (plane.get_mut(grid.place(index)), coded.next()) {
            *slot = value;
        }
    };
    match record.mask {
        None => (0..grid.places.points).for_each(put),
        Some(mask) => bits::flags(mask.bytes).take(grid.places.points).enumerate().filter(|(_, set)| *set).for_each(|(n, _)| put(n)),
    }
}

fn bits_head(section: &[u8]) -> &[u8] {
    section.get(..BITMAP_HEAD).unwrap_or(section)
}

/// Whether nothing but zeros, and few of them, fills up the bits of `points` points.
fn is_filled(mask: &[u8], points: usize) -> bool {
    let rest = mask.get(points / 8..).unwrap_or_default();
    let spare = points % 8;
    rest.len() <= MAX_FILLING && rest.iter().enumerate().all(|(n, byte)| if n == 0 { (*byte & (0xff >> spare)) == 0 } else { *byte == 0 })
}
