//! Dimensions, and the variables along them: times, steps, levels, members, latitudes, longitudes, grid mappings.

use super::cube::AXES;
use super::product::{Over, Product, method};
use super::room::Room;
use crate::error::Result;
use crate::field::{Attribute, Dimension, Field, Missing, Values};
use crate::formats::grib::spec::grid::{Geometry, Grid, Positions};
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
        self.fields.push(Field { name, dimensions, shape, values, attributes, missing: Missing::NonFinite });
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
    pub(super) fn add_grid(&mut self, grid: &Grid, kind: Option<&str>, room: &mut Room) -> Result<Axes> {
        const LATITUDE: [(&str, &str); 2] = [("units", "degrees_north"), ("standard_name", "latitude")];
        const LONGITUDE: [(&str, &str); 2] = [("units", "degrees_east"), ("standard_name", "longitude")];
        let points = grid.points as u64;
        let Some([rows, columns]) = grid.plane else {
            let dimensions = vec![self.dimension("values", grid.points)];
            let Geometry::Reduced(reduced) = &grid.geometry else {
                return Ok(Axes { dimensions, ..Axes::default() });
            };
            room.take(points, 8)?;
            let positions = if self.affords(reduced.work()) { reduced.positions(grid.points) } else { None };
            let names = self.positions(&dimensions, positions);
            return Ok(Axes { dimensions, names, ..Axes::default() });
        };
        let fallback = |this: &mut Self| Axes { dimensions: vec![this.dimension("y", rows), this.dimension("x", columns)], ..Axes::default() };
        match &grid.geometry {
            Geometry::Regular(regular) => {
                room.take(rows as u64 + columns as u64, 8)?;
                let axes = if self.affords(regular.work(rows)) { regular.axes([rows, columns]) } else { None };
                let Some([latitudes, longitudes]) = axes else { return Ok(fallback(self)) };
                let Some(rotation) = regular.rotation else {
                    return Ok(Axes {
                        dimensions: vec![self.axis("latitude", latitudes, &LATITUDE), self.axis("longitude", longitudes, &LONGITUDE)],
                        ..Axes::default()
                    });
                };
                room.take(points, 8)?;
                let places =
                    latitudes.iter().flat_map(|latitude| longitudes.iter().map(|longitude| rotation.position(*latitude, *longitude).map(|x| x as f32)));
                let positions = Some(places.map(|[latitude, longitude]| (latitude, longitude)).unzip());
                let dimensions = vec![
                    self.axis("rlat", latitudes, &[("units", "degrees"), ("standard_name", "grid_latitude")]),
                    self.axis("rlon", longitudes, &[("units", "degrees"), ("standard_name", "grid_longitude")]),
                ];
                let names = self.positions(&dimensions, positions);
                let [latitude, longitude] = rotation.south_pole;
                let north_pole = [
                    ("grid_north_pole_latitude", -latitude),
                    ("grid_north_pole_longitude", (longitude + 180.0).rem_euclid(360.0)),
                    ("north_pole_grid_longitude", rotation.angle),
                ];
                let mut attributes = texts(&[("grid_mapping_name", "rotated_latitude_longitude")]);
                attributes.extend(north_pole.map(|(name, value)| Attribute { name: name.to_owned(), value: Values::F64(vec![value]) }));
                Ok(Axes { dimensions, names, mapping: Some(self.mapping(kind, attributes)), methods: None })
            }
            Geometry::Projected(projection) => {
                room.take(rows as u64 + columns as u64, 8)?;
                room.take(points, 8)?;
                let Some(positions) = projection.positions([rows, columns]) else { return Ok(fallback(self)) };
                let [y, x] = projection.axes([rows, columns]);
                let dimensions = vec![
                    self.axis("y", y, &[("units", "m"), ("standard_name", "projection_y_coordinate")]),
                    self.axis("x", x, &[("units", "m"), ("standard_name", "projection_x_coordinate")]),
                ];
                let names = self.positions(&dimensions, Some(positions));
                Ok(Axes { dimensions, names, mapping: Some(self.mapping(kind, projection.mapping())), methods: None })
            }
            Geometry::Reduced(_) | Geometry::Unknown => Ok(fallback(self)),
        }
    }

    /// Variables of the latitude and longitude of each point.
    fn positions(&mut self, dimensions: &[usize], positions: Positions) -> Vec<String> {
        let Some((latitudes, longitudes)) = positions else { return Vec::new() };
        let both = [("latitude", "degrees_north", latitudes), ("longitude", "degrees_east", longitudes)];
        both.into_iter()
            .map(|(name, units, values)| {
                let free = self.free(name);
                self.variable(free.clone(), dimensions.to_vec(), Values::F32(values), texts(&[("units", units), ("standard_name", name)]));
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
