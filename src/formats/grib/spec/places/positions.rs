//! Where points are.

/// Latitudes and longitudes of all points in degrees, row after row.
pub(crate) type Positions = Option<(Vec<f32>, Vec<f32>)>;
