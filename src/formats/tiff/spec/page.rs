//! The pictures that directories describe, and where in the file each row of pixels stands.

use super::errors::{malformed, unsupported};
use super::structure::{Directory, Structure};
use super::tags::tag;
use crate::error::{Error, Result};
use crate::field::{DataType, Values, with_values};

/// A picture: how its pixels are cut into strips or tiles, both called chunks.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) samples: usize,
    pub(crate) data_type: DataType,
    /// Whether each sample has chunks of its own.
    pub(crate) planar: bool,
    tiled: bool,
    chunk_height: usize,
    chunk_width: usize,
    pub(crate) compression: u64,
    pub(crate) predictor: u64,
    /// Offset and length of each chunk.
    pub(crate) stored: Vec<(u64, u64)>,
}

/// The part of a chunk that lies in the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) index: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// First sample in it.
    band: usize,
}

/// Pages that become fields.
pub(crate) fn pages<'s, 'a>(structure: &'s Structure<'a>) -> Result<Vec<(&'s Directory<'a>, Page)>> {
    structure.directories.iter().filter(|d| d.is_picture()).map(|d| Page::new(d).map(|page| (d, page))).collect()
}

impl Page {
    fn new(directory: &Directory<'_>) -> Result<Self> {
        let at = directory.at;
        let length = |tag, what: &str| {
            let n = directory.first(tag).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
            n.map(|n| n as usize).ok_or_else(|| malformed(at, format!("a directory with the {what}")))
        };
        let (height, width) = (length(tag::HEIGHT, "height of the picture")?, length(tag::WIDTH, "width of the picture")?);
        let samples = directory.first(tag::SAMPLES).unwrap_or(1);
        let samples = u16::try_from(samples).ok().filter(|n| *n > 0).ok_or_else(|| malformed(at, "1 to 65535 samples of a pixel"))?;
        let tiled = directory.entry(tag::TILE_WIDTH).is_some();
        let (chunk_height, chunk_width) = if tiled {
            (length(tag::TILE_HEIGHT, "height of a tile")?, length(tag::TILE_WIDTH, "width of a tile")?)
        } else {
            let rows = directory.first(tag::ROWS_PER_STRIP).filter(|n| *n > 0).and_then(|n| usize::try_from(n).ok());
            (rows.unwrap_or(height).min(height), width)
        };
        let mut page = Self {
            height,
            width,
            samples: usize::from(samples),
            data_type: data_type(directory)?,
            planar: samples > 1 && directory.first(tag::PLANAR) == Some(2),
            tiled,
            chunk_height,
            chunk_width,
            compression: directory.first(tag::COMPRESSION).unwrap_or(1),
            predictor: directory.first(tag::PREDICTOR).unwrap_or(1),
            stored: Vec::new(),
        };
        page.check_storage(directory)?;
        page.stored = page.find_chunks(directory)?;
        Ok(page)
    }

    fn check_storage(&self, directory: &Directory<'_>) -> Result<()> {
        if directory.first(tag::FILL_ORDER).unwrap_or(1) != 1 {
            return Err(unsupported("a TIFF with the bits of each byte reversed"));
        }
        // YCbCr, whose colours have fewer pixels than the brightness unless the tag says otherwise.
        if directory.first(tag::PHOTOMETRIC) == Some(6) && !directory.numbers(tag::SUBSAMPLING).eq([1, 1]) {
            return Err(unsupported("a TIFF with subsampled colours"));
        }
        if self.chunk_bytes(self.chunk_height).is_none() {
            return Err(malformed(directory.at, "strips or tiles that fit a file"));
        }
        Ok(())
    }

    fn find_chunks(&self, directory: &Directory<'_>) -> Result<Vec<(u64, u64)>> {
        let (offsets, lengths) = if self.tiled { (tag::TILE_OFFSETS, tag::TILE_LENGTHS) } else { (tag::STRIP_OFFSETS, tag::STRIP_LENGTHS) };
        let planes = if self.planar { self.samples } else { 1 };
        let expected = self.down().checked_mul(self.across()).and_then(|n| n.checked_mul(planes)).unwrap_or(usize::MAX);
        let found = directory.numbers(offsets).count();
        if found < expected {
            let at = directory.entry(offsets).map_or(directory.at, |e| e.at);
            return Err(malformed(at, format!("the offsets of {expected} strips or tiles, found {found}")));
        }
        let starts = directory.numbers(offsets).take(expected);
        // Old uncompressed files do not say how long strips are.
        if self.compression == 1 && directory.entry(lengths).is_none() {
            let full = self.chunk_bytes(self.chunk_height).unwrap_or(0) as u64;
            let rest = self.chunk_bytes(self.height - (self.down() - 1) * self.chunk_height).unwrap_or(0) as u64;
            return Ok(starts.enumerate().map(|(i, at)| (at, if (i + 1) % self.down() == 0 { rest } else { full })).collect());
        }
        let found = directory.numbers(lengths).count();
        if found < expected {
            let at = directory.entry(lengths).map_or(directory.at, |e| e.at);
            return Err(malformed(at, format!("the lengths of {expected} strips or tiles, found {found}")));
        }
        Ok(starts.zip(directory.numbers(lengths)).collect())
    }

    const fn down(&self) -> usize {
        self.height.div_ceil(self.chunk_height)
    }

    const fn across(&self) -> usize {
        self.width.div_ceil(self.chunk_width)
    }

    /// Samples that stand side by side in a chunk.
    pub(crate) const fn together(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Bytes of one row of a chunk.
    pub(crate) fn row_bytes(&self) -> Option<usize> {
        self.chunk_width.checked_mul(self.together())?.checked_mul(self.data_type.size())
    }

    /// Bytes of a chunk of that many rows.
    fn chunk_bytes(&self, rows: usize) -> Option<usize> {
        self.row_bytes()?.checked_mul(rows).filter(|n| *n <= isize::MAX as usize)
    }

    /// Bytes of that chunk, decoded: a tile is always whole, the last strip ends with the picture.
    pub(crate) fn decoded_bytes(&self, chunk: &Chunk) -> usize {
        self.chunk_bytes(if self.tiled { self.chunk_height } else { chunk.rows }).unwrap_or(usize::MAX)
    }

    /// Bytes of one row of a chunk that are in the picture.
    pub(crate) const fn used_bytes(&self, chunk: &Chunk) -> usize {
        chunk.columns * self.together() * self.data_type.size()
    }

    /// Values of the whole picture.
    pub(crate) fn count(&self) -> Option<u64> {
        (self.height as u64).checked_mul(self.width as u64)?.checked_mul(self.samples as u64)
    }

    /// (band, y, x), or (y, x) when there is one band.
    pub(crate) fn shape(&self) -> Vec<usize> {
        if self.samples == 1 { vec![self.height, self.width] } else { vec![self.samples, self.height, self.width] }
    }

    /// All chunks in the order of their numbers.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Chunk> {
        let (down, across) = (self.down(), self.across());
        (0..self.stored.len()).map(move |index| {
            let (y, x) = (index / across % down * self.chunk_height, index % across * self.chunk_width);
            let (rows, columns) = (self.chunk_height.min(self.height - y), self.chunk_width.min(self.width - x));
            Chunk { index, y, x, rows, columns, band: index / (across * down) }
        })
    }

    /// Offset and length in the file of each row of pixels; none when chunks are compressed, absent or shorter than they should be.
    pub(crate) fn rows(&self) -> Option<impl Iterator<Item = (u64, u64)>> {
        let row_bytes = self.row_bytes()? as u64;
        let whole = |c: Chunk| {
            let needed = row_bytes * (c.rows as u64 - 1) + self.used_bytes(&c) as u64;
            self.stored.get(c.index).is_some_and(|(at, length)| *at > 0 && *length >= needed && at.checked_add(needed).is_some())
        };
        if self.compression != 1 || !self.chunks().all(whole) {
            return None;
        }
        Some(self.chunks().flat_map(move |c| {
            let (at, used) = (self.stored.get(c.index).map_or(0, |s| s.0), self.used_bytes(&c) as u64);
            (0..c.rows as u64).map(move |row| (at + row * row_bytes, used))
        }))
    }

    /// Index of the first value of a row of a chunk, for one of the samples that stand together in it.
    const fn position(&self, chunk: &Chunk, row: usize, sample: usize) -> usize {
        ((chunk.band + sample) * self.height + chunk.y + row) * self.width + chunk.x
    }

    /// Copies a row of a chunk from the file to the values.
    pub(crate) fn read_row(&self, values: &mut Values, chunk: &Chunk, row: usize, bytes: &[u8], big_endian: bool) {
        macro_rules! fill {
            ($($v:ident $t:ident)*) => {
                match values {
                    $(Values::$v(v) => self.fill(v, chunk, row, bytes, if big_endian { $t::from_be_bytes } else { $t::from_le_bytes }),)*
                }
            };
        }
        fill!(I8 i8 U8 u8 I16 i16 U16 u16 I32 i32 U32 u32 I64 i64 U64 u64 F32 f32 F64 f64 Char u8);
    }

    fn fill<T, const N: usize>(&self, values: &mut [T], chunk: &Chunk, row: usize, bytes: &[u8], convert: fn([u8; N]) -> T) {
        let (pixels, _) = bytes.as_chunks::<N>();
        let together = self.together();
        for sample in 0..together {
            let start = self.position(chunk, row, sample);
            let target = values.get_mut(start..start + chunk.columns).unwrap_or_default();
            if together == 1 {
                target.iter_mut().zip(pixels).for_each(|(value, pixel)| *value = convert(*pixel));
            } else {
                target.iter_mut().zip(pixels.iter().skip(sample).step_by(together)).for_each(|(value, pixel)| *value = convert(*pixel));
            }
        }
    }

    /// Copies a row of a chunk from the values to the file.
    pub(crate) fn write_row(&self, values: &Values, chunk: &Chunk, row: usize, bytes: &mut [u8], big_endian: bool) {
        with_values!(values, v => {
            let (pixels, _) = bytes.as_chunks_mut();
            for sample in 0..self.together() {
                let start = self.position(chunk, row, sample);
                let source = v.get(start..start + chunk.columns).unwrap_or_default();
                for (value, pixel) in source.iter().zip(pixels.iter_mut().skip(sample).step_by(self.together())) {
                    *pixel = if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
                }
            }
        });
    }
}

fn data_type(directory: &Directory<'_>) -> Result<DataType> {
    let uniform = |tag, default| {
        let first = directory.first(tag).unwrap_or(default);
        if directory.numbers(tag).all(|n| n == first) { Ok(first) } else { Err(unsupported("a TIFF whose bands have different types")) }
    };
    let (bits, format) = (uniform(tag::BITS, 1)?, uniform(tag::SAMPLE_FORMAT, 1)?);
    Ok(match (format, bits) {
        (1 | 4, 8) => DataType::U8,
        (1 | 4, 16) => DataType::U16,
        (1 | 4, 32) => DataType::U32,
        (1 | 4, 64) => DataType::U64,
        (2, 8) => DataType::I8,
        (2, 16) => DataType::I16,
        (2, 32) => DataType::I32,
        (2, 64) => DataType::I64,
        (3, 32) => DataType::F32,
        (3, 64) => DataType::F64,
        (5 | 6, _) => {
            return Err(Error::Unsupported {
                what: "a TIFF of complex numbers".to_owned(),
                advice: "save the real and the imaginary part as two bands".to_owned(),
            });
        }
        (3, _) => {
            return Err(Error::Unsupported { what: format!("a TIFF of {bits}-bit floats"), advice: "convert it with `gdal_translate -ot Float32`".to_owned() });
        }
        _ => {
            return Err(Error::Unsupported {
                what: format!("a TIFF of {bits}-bit numbers"),
                advice: "convert it with `gdal_translate -ot Byte -co NBITS=8`".to_owned(),
            });
        }
    })
}
