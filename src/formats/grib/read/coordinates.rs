//! Dimensions, and the variables along them: times, steps, levels, members, latitudes, longitudes, grid mappings.

use super::cube::AXES;
use super::product::{Over, Product, method};
use super::room::Room;
use crate::error::Result;
use crate::field::{Attribute, Derived, Dimension, Field, Missing, Values};
use crate::formats::grib::spec::places::{COLUMNS, Geometry, LATITUDES, LONGITUDES, Places, ROWS, Regular, Rotation};
use std::collections::{BTreeMap, BTreeSet};

/// The most terms that are summed up for the latitudes of all Gaussian grids of a file: those of 20 grids of 2560 rows. Further ones come without coordinates.
const MAX_WORK: u64 = 1 << 27;

/// What all fields share.
#[derive(Default)]
pub(super) struct Coordinates {
    pub(super) dimensions: Vec<Dimension>,
    pub(super) fields: Vec<Field>,
    /// Names of dimensions and fields.
    taken: BTreeSet<String>,
    /// How many have been called like each of them but for a number.
    numbers: BTreeMap<String, usize>,
    /// Axes by name and points: the name of the variable, and the dimension if it has more than one point.
    axes: BTreeMap<AxisKey, (String, Option<usize>)>,
    /// The dimension of the two bounds of a cell.
    both: Option<usize>,
    /// Terms summed up for latitudes.
    work: u64,
}

/// A grid with the section that defines it.
pub(super) struct Defined<'a> {
    pub(super) edition: u8,
    pub(super) section: &'a [u8],
    pub(super) places: &'a Places,
    /// The name of its kind.
    pub(super) kind: Option<&'a str>,
}

/// Name, points and, where they are cells, their bounds.
type AxisKey = (String, Vec<[i64; 2]>, Vec<[i64; 2]>);

/// What a field has of them.
#[derive(Debug, Default, Clone)]
pub(super) struct Axes {
    pub(super) dimensions: Vec<usize>,
    /// Coordinates that are not dimensions.
    pub(super) names: Vec<String>,
    pub(super) mapping: Option<String>,
    /// What values are of the cells of an axis, in the words of CF.
    pub(super) methods: Option<String>,
}

impl Coordinates {
    /// Takes on the work for a grid, unless it is too much.
    fn affords(&mut self, work: u64) -> bool {
        let all = self.work.saturating_add(work);
        let affordable = all <= MAX_WORK;
        if affordable {
            self.work = all;
        }
        affordable
    }

    /// A name that nothing else has.
    fn free(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let number = self.numbers.entry(free.clone()).or_insert(1);
        while !self.taken.insert(free.clone()) {
            *number += 1;
            free = format!("{name}_{number}");
        }
        free
    }

    fn dimension(&mut self, name: &str, length: usize) -> usize {
        let name = self.free(name);
        self.dimensions.push(Dimension { name, length, unlimited: false });
        self.dimensions.len() - 1
    }

    fn variable(&mut self, name: String, dimensions: Vec<usize>, values: Values, attributes: Vec<Attribute>) {
        let shape = dimensions.iter().filter_map(|d| self.dimensions.get(*d)).map(|d| d.length).collect();
        self.fields.push(Field { name, dimensions, shape, values, attributes, missing: Missing::NonFinite, derived: None });
    }

    /// A dimension with a variable of its name.
    fn axis(&mut self, name: &str, values: Vec<f64>, attributes: &[(&str, &str)]) -> usize {
        let dimension = self.dimension(name, values.len());
        let name = self.dimensions.last().map_or_else(String::new, |d| d.name.clone());
        self.variable(name, vec![dimension], Values::F64(values), texts(attributes));
        dimension
    }

    /// Times, steps, levels and members: a dimension where there are several, else a scalar. `intervals` are those that end at the steps, if all do.
    pub(super) fn add_axes(&mut self, product: &Product, points: &[Vec<[i64; 2]>; AXES], intervals: &[[i64; 2]]) -> Axes {
        let mut axes = Axes::default();
        let level = (product.level.name.as_str(), product.level.units);
        let names = [("time", "seconds since 1970-01-01 00:00:00"), ("step", "hours"), level, ("number", "1")];
        for (number, (points, (name, units))) in points.iter().zip(names).enumerate() {
            let absent = (number == 2 && product.level.value.is_none()) || (number == 3 && product.member.is_none());
            if absent && points.len() == 1 {
                continue;
            }
            let bounds: &[[i64; 2]] = match number {
                1 => intervals,
                2 if product.level.bounded => points,
                _ => &[],
            };
            let key = (name.to_owned(), points.clone(), bounds.to_vec());
            let (name, dimension) = match self.axes.get(&key) {
                Some(axis) => axis.clone(),
                None => {
                    let axis = self.new_axis(number, name, units, points, bounds);
                    self.axes.insert(key, axis.clone());
                    axis
                }
            };
            if matches!((number, product.over), (0, Over::Times) | (1, Over::Steps)) {
                axes.methods = method(product.statistic).map(|method| format!("{name}: {method}"));
            }
            match dimension {
                Some(dimension) => axes.dimensions.push(dimension),
                None => axes.names.push(name),
            }
        }
        axes
    }

    fn new_axis(&mut self, number: usize, name: &str, units: &str, points: &[[i64; 2]], bounds: &[[i64; 2]]) -> (String, Option<usize>) {
        let divisor = match number {
            1 => 3600.0,
            2 => 1e9,
            _ => 1.0,
        };
        let values = Values::F64(points.iter().map(|[first, _]| *first as f64 / divisor).collect());
        let long_name = match number {
            0 => "initial time of forecast",
            1 => "time since the initial time, at its end",
            2 => "level",
            _ => "member of the ensemble",
        };
        let mut attributes = texts(&[("units", units), ("long_name", long_name)]);
        attributes.extend(match (number, name) {
            (0, _) => texts(&[("standard_name", "forecast_reference_time"), ("calendar", "proleptic_gregorian")]),
            (1, _) => texts(&[("standard_name", "forecast_period")]),
            (2, "isobaricInhPa" | "isobaricLayer") => texts(&[("standard_name", "air_pressure"), ("positive", "down")]),
            (2, "heightAboveGround" | "heightAboveGroundLayer") => texts(&[("standard_name", "height"), ("positive", "up")]),
            (2, "depthBelowLand" | "depthBelowLandLayer" | "depthBelowSea" | "depthBelowSeaLayer") => {
                texts(&[("standard_name", "depth"), ("positive", "down")])
            }
            (3, _) => texts(&[("standard_name", "realization")]),
            _ => Vec::new(),
        });
        let dimension = (points.len() > 1).then(|| self.dimension(name, points.len()));
        let name = match dimension {
            Some(_) => self.dimensions.last().map_or_else(String::new, |d| d.name.clone()),
            None => self.free(name),
        };
        let bounds = (!bounds.is_empty()).then(|| {
            let values = bounds.iter().flatten().map(|x| *x as f64 / divisor).collect();
            let bounds = self.free(&format!("{name}_bnds"));
            attributes.push(Attribute::text("bounds", &bounds));
            (bounds, Values::F64(values))
        });
        self.variable(name.clone(), dimension.into_iter().collect(), values, attributes);
        if let Some((bounds, values)) = bounds {
            let both = self.both.unwrap_or_else(|| self.dimension("bnds", 2));
            self.both = Some(both);
            self.variable(bounds, dimension.into_iter().chain([both]).collect(), values, Vec::new());
        }
        (name, dimension)
    }

    /// Dimensions of a grid, and where its points are.
    pub(super) fn add_grid(&mut self, grid: &Defined<'_>, room: &mut Room) -> Result<Axes> {
        let Defined { places, .. } = grid;
        let points = places.points as u64;
        let affordable = match places.geometry {
            Geometry::Unknown => false,
            _ => self.affords(places.work()),
        };
        let Some([rows, columns]) = places.plane else {
            let dimensions = vec![self.dimension("values", places.points)];
            room.take(if affordable { points } else { 0 }, 8)?;
            let names = if affordable { self.positions(grid, &dimensions) } else { Vec::new() };
            return Ok(Axes { dimensions, names, ..Axes::default() });
        };
        room.take(if affordable { rows as u64 + columns as u64 } else { 0 }, 8)?;
        let Some(axes) = places.axes().filter(|_| affordable) else {
            return Ok(Axes { dimensions: vec![self.dimension("y", rows), self.dimension("x", columns)], ..Axes::default() });
        };
        let mapping = match &places.geometry {
            Geometry::Regular(Regular { rotation: Some(rotation), .. }) => Some((["rlat", "rlon"], rotated(rotation))),
            Geometry::Projected(projection) => Some((["y", "x"], projection.mapping())),
            _ => None,
        };
        let Some((names, attributes)) = mapping else {
            return Ok(Axes { dimensions: self.along(grid, ["latitude", "longitude"], axes), ..Axes::default() });
        };
        room.take(points, 8)?;
        let Some(positions) = places.positions() else {
            return Ok(Axes { dimensions: vec![self.dimension("y", rows), self.dimension("x", columns)], ..Axes::default() });
        };
        let dimensions = self.along(grid, names, axes);
        let names = self.located(grid, &dimensions, positions);
        Ok(Axes { dimensions, names, mapping: Some(self.mapping(grid.kind, attributes)), methods: None })
    }

    /// Dimensions of rows and of columns.
    fn along(&mut self, grid: &Defined<'_>, names: [&str; 2], axes: [Vec<f64>; 2]) -> Vec<usize> {
        let all = names.into_iter().zip(axes).zip([ROWS, COLUMNS]);
        all.map(|((name, values), part)| {
            let dimension = self.axis(name, values, &about(name));
            self.derived(grid, part);
            dimension
        })
        .collect()
    }

    /// Says of the variable that was added last that the definition of the grid yields it.
    fn derived(&mut self, grid: &Defined<'_>, part: u8) {
        if let Some(field) = self.fields.last_mut() {
            field.derived = Some(Derived { rule: grid.edition, part, definition: grid.section.to_vec() });
        }
    }

    /// Variables of the latitude and longitude of each point, as far as these can be told.
    fn positions(&mut self, grid: &Defined<'_>, dimensions: &[usize]) -> Vec<String> {
        grid.places.positions().map_or_else(Vec::new, |positions| self.located(grid, dimensions, positions))
    }

    /// Variables of the latitude and longitude of each point.
    fn located(&mut self, grid: &Defined<'_>, dimensions: &[usize], (latitudes, longitudes): (Vec<f32>, Vec<f32>)) -> Vec<String> {
        let both = [("latitude", LATITUDES, latitudes), ("longitude", LONGITUDES, longitudes)];
        both.into_iter()
            .map(|(name, part, values)| {
                let free = self.free(name);
                self.variable(free.clone(), dimensions.to_vec(), Values::F32(values), texts(&about(name)));
                self.derived(grid, part);
                free
            })
            .collect()
    }

    /// A scalar whose attributes say how the grid lies on the earth.
    fn mapping(&mut self, kind: Option<&str>, attributes: Vec<Attribute>) -> String {
        let name = self.free(kind.unwrap_or("crs"));
        self.variable(name.clone(), Vec::new(), Values::I32(vec![0]), attributes);
        name
    }
}

/// Units and standard name of a coordinate of a grid.
fn about(name: &str) -> [(&'static str, &'static str); 2] {
    let (units, standard) = match name {
        "latitude" => ("degrees_north", "latitude"),
        "longitude" => ("degrees_east", "longitude"),
        "rlat" => ("degrees", "grid_latitude"),
        "rlon" => ("degrees", "grid_longitude"),
        "y" => ("m", "projection_y_coordinate"),
        _ => ("m", "projection_x_coordinate"),
    };
    [("units", units), ("standard_name", standard)]
}

/// CF attributes of the grid mapping of a rotated sphere.
fn rotated(rotation: &Rotation) -> Vec<Attribute> {
    let [latitude, longitude] = rotation.south_pole;
    let north_pole = [
        ("grid_north_pole_latitude", -latitude),
        ("grid_north_pole_longitude", (longitude + 180.0).rem_euclid(360.0)),
        ("north_pole_grid_longitude", rotation.angle),
    ];
    let numbers = north_pole.map(|(name, value)| Attribute { name: name.to_owned(), value: Values::F64(vec![value]) });
    texts(&[("grid_mapping_name", "rotated_latitude_longitude")]).into_iter().chain(numbers).collect()
}

fn texts(pairs: &[(&str, &str)]) -> Vec<Attribute> {
    pairs.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| Attribute::text(name, text)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Coordinates, MAX_WORK};

    #[test]
    fn a_file_of_many_gaussian_grids_gets_the_latitudes_of_some() {
        let mut coordinates = Coordinates::default();
        assert!(!coordinates.affords(u64::MAX));
        assert!((0..20).all(|_| coordinates.affords(2560 * 2560)));
        assert!(!coordinates.affords(MAX_WORK / 2));
        assert!(coordinates.affords(0));
    }
}
