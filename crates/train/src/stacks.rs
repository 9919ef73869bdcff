//! What `prepare.py` made of a folder of data: stacks of planes.

use crate::error::Result;
use rand::Rng;
use rand::rngs::StdRng;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A line of the index.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// The .npy file beside the index.
    pub file: String,
    /// Data set.
    pub folder: String,
    /// File it was read from.
    pub source: String,
    /// Name of the variable.
    pub variable: String,
    /// How its planes follow each other: series, levels, channels, single.
    pub kind: String,
    /// Whether the same values are also in another stack, in another order.
    pub again: bool,
    /// Planes, rows, columns.
    pub shape: [usize; 3],
    /// Part of the values that is missing.
    pub missing: f64,
}

/// A stack of planes, missing values as NaN.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Planes, rows, columns.
    pub shape: [usize; 3],
    /// Row-major.
    pub values: Vec<f32>,
}

/// All stacks of a folder; each data set counts by the root of its size, and so does each stack within it.
#[derive(Debug)]
pub struct Stacks {
    stacks: Vec<(f64, Stack)>,
    weights: f64,
}

impl Stacks {
    /// Reads them.
    pub fn read(folder: &Path) -> Result<Self> {
        let entries = index(folder)?;
        let size = |e: &Entry| e.shape.iter().product::<usize>() as f64;
        let mut folders: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for entry in &entries {
            let (sizes, roots) = folders.entry(&entry.folder).or_default();
            *sizes += size(entry);
            *roots += size(entry).sqrt();
        }
        let mut stacks = Vec::with_capacity(entries.len());
        for entry in &entries {
            let (sizes, roots) = folders.get(entry.folder.as_str()).copied().unwrap_or((1.0, 1.0));
            stacks.push((sizes.sqrt() * size(entry).sqrt() / roots, load(folder, entry)?));
        }
        let weights = stacks.iter().map(|(w, _)| w).sum();
        Ok(Self { stacks, weights })
    }

    /// One of them at random.
    pub fn pick(&self, random: &mut StdRng) -> Option<&Stack> {
        let mut at = random.random_range(0.0..self.weights);
        let found = self.stacks.iter().find(|(w, _)| {
            at -= w;
            at < 0.0
        });
        found.map(|(_, stack)| stack)
    }
}

/// The index of a prepared folder.
pub fn index(folder: &Path) -> Result<Vec<Entry>> {
    Ok(serde_json::from_str(&std::fs::read_to_string(folder.join("index.json"))?)?)
}

/// Reads a stack.
pub fn load(folder: &Path, entry: &Entry) -> Result<Stack> {
    let bytes = std::fs::read(folder.join(&entry.file))?;
    parse(&bytes).ok_or_else(|| format!("{} is not a float32 stack", entry.file).into())
}

/// The one kind of .npy that `prepare.py` writes: version 1, little-endian float32, C order, three dimensions.
fn parse(bytes: &[u8]) -> Option<Stack> {
    let rest = bytes.strip_prefix(b"\x93NUMPY\x01\x00")?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (header, data) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    let header = std::str::from_utf8(header).ok()?;
    if !header.contains("'<f4'") || !header.contains("'fortran_order': False") {
        return None;
    }
    let (_, shape) = header.split_once("'shape': (")?;
    let (shape, _) = shape.split_once(')')?;
    let shape: Vec<usize> = shape.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let shape: [usize; 3] = shape.try_into().ok()?;
    let values: Vec<f32> = data.chunks_exact(4).filter_map(|word| Some(f32::from_le_bytes(word.try_into().ok()?))).collect();
    (values.len() == shape.iter().product::<usize>()).then_some(Stack { shape, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_numpy_writes() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2), }\n";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        [1.0f32, 2.0, 3.0, f32::NAN].iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        let stack = parse(&bytes).unwrap();
        assert_eq!((stack.shape, &stack.values[..3]), ([1, 2, 2], &[1.0, 2.0, 3.0][..]));
        assert!(parse(&bytes[..bytes.len() - 1]).is_none());
    }
}
