//! From pixels to one plane per channel.

use crate::error::Result;
use crate::field::{Dataset, SourceFormat, Values};

/// A picture of the pixels of `channels` samples in `values`, as a dataset of one field of shape (channel, y, x).
pub(super) fn dataset(name: &str, [channels, height, width]: [usize; 3], values: Values, format: SourceFormat) -> Result<Dataset> {
    fn planar<T: Copy>(pixels: &[T], channels: usize) -> Vec<T> {
        (0..channels).flat_map(|channel| pixels.iter().skip(channel).step_by(channels).copied()).collect()
    }
    let values = match values {
        Values::U8(v) if channels > 1 => Values::U8(planar(&v, channels)),
        Values::U16(v) if channels > 1 => Values::U16(planar(&v, channels)),
        other => other,
    };
    let mut dataset = Dataset::from_array(name, &[channels, height, width], values, format)?;
    for (dimension, name) in dataset.dimensions.iter_mut().zip(["channel", "y", "x"]) {
        name.clone_into(&mut dimension.name);
    }
    Ok(dataset)
}
