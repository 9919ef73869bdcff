//! Numbers that are smooth down to their last bits, such as coordinates of grids in double precision (docs/format.md, "Extrapolation"): each is foreseen in the way that came closest around it.
//!
//! All is done with the order-preserving integers of the values, modulo 2^64: no rounding, and missing values are numbers like others.

mod mirror;
mod polynomials;
mod residual;
mod ways;

use super::chunk::{ChunkShape, Filling};
use super::entropy::{Coder, Decoder, Encoder};
use super::lattice::Sample;
use crate::error::{Error, Result};
use crate::field::{DataType, Values, with_values};
use crate::limits;
use crate::wire::Reader;
use mirror::Mirror;
use residual::Residuals;
use ways::Ways;

/// Rows of so few values are corners or ends of cells, which are planes of their own.
const FEW: usize = 8;
/// Where a value takes no more than so many bits already, nothing is tried.
const CHEAP: usize = 4;
/// Values of a chunk from which on the time counts: only double precision has so many bits to lose that all may be gone through, and it has to pay.
const MANY: usize = 1 << 17;
const WORTH: f64 = 0.97;
/// Of so many, one row in [`PART`] is coded first, which may take [`SLACK`] times its share, since it says little of the rest.
const VERY_MANY: usize = 1 << 18;
const PART: usize = 64;
const SLACK: f64 = 1.25;

/// The payload of these values, where it is so much smaller than one of so many bytes that it is worth the time.
pub(super) fn payload(values: &Values, shape: ChunkShape, other: usize) -> Option<Vec<u8>> {
    let (samples, size) = (shape.samples(), values.data_type().size());
    if other * 8 < samples * CHEAP || size < 4 || size < 8 && samples >= MANY {
        return None;
    }
    let mut numbers: Vec<u64> = with_values!(values, values => values.iter().map(|v| v.to_ordered()).collect());
    let view = View::of(shape, values.data_type()).mirrored(&numbers);
    if samples >= VERY_MANY {
        let (part, mut some) = view.part(&numbers);
        if encoded(part, &mut some).len() as f64 * samples as f64 > SLACK * other as f64 * some.len() as f64 {
            return None;
        }
    }
    let payload = [&[Filling::Extrapolated.number()], written(view, &mut numbers).as_slice()].concat();
    let most = if samples < MANY { other as f64 } else { WORTH * other as f64 };
    Some(payload).filter(|payload| (payload.len() as f64) < most)
}

/// The values of a payload, which follow its first byte.
///
/// # Errors
/// [`Error::Corrupt`] when the stream is damaged, or holds a number that the type does not have.
pub(super) fn read(bytes: &[u8], shape: ChunkShape, data_type: DataType) -> Result<Values> {
    let mut reader = Reader::new(bytes);
    let view = View::read(&mut reader, shape, data_type)?;
    let mut numbers: Vec<u64> = limits::zeros("a chunk", shape.samples())?;
    let mut decoder = Decoder::new(reader.rest())?;
    code(&mut decoder, view, &mut numbers, Decoder::overrun);
    decoder.finish()?;
    let mut values = Values::zeros(data_type, shape.samples())?;
    with_values!(&mut values, values => put(values, &numbers))?;
    Ok(values)
}

fn put<T: Sample>(values: &mut [T], numbers: &[u64]) -> Result<()> {
    if numbers.iter().any(|n| *n > T::ORDERED_MAX) {
        return Err(Error::corrupt("a number is none of its type"));
    }
    values.iter_mut().zip(numbers).for_each(|(value, number)| *value = T::from_ordered(*number));
    Ok(())
}

/// What of a chunk are planes, rows and columns here.
#[derive(Debug, Clone, Copy)]
struct View {
    shape: ChunkShape,
    /// Whether each column of the chunk is a plane, with the chunk's planes as rows.
    interleaved: bool,
    mirror: Option<Mirror>,
    /// The largest number of the type.
    largest: u64,
}

impl View {
    fn of(shape: ChunkShape, data_type: DataType) -> Self {
        Self { shape, interleaved: (2..=FEW).contains(&shape.width) && shape.samples() > shape.width, mirror: None, largest: data_type.ordered_max() }
    }

    /// With the mirror of the first plane.
    fn mirrored(self, numbers: &[u64]) -> Self {
        let [_, height, width] = self.sizes();
        let mirror = Mirror::find([height, width], self.largest, |row, column| numbers.get(self.index([0, row, column])).copied().unwrap_or(0));
        Self { mirror, ..self }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.push(u8::from(self.interleaved));
        Mirror::write(self.mirror, out);
    }

    fn read(reader: &mut Reader, shape: ChunkShape, data_type: DataType) -> Result<Self> {
        let interleaved = reader.count("how the planes of a chunk lie", 1)? == 1;
        let view = Self { shape, interleaved, mirror: None, largest: data_type.ordered_max() };
        let [_, height, width] = view.sizes();
        Ok(Self { mirror: Mirror::read(reader, [height, width])?, ..view })
    }

    /// The mirror image of a number and its opposite.
    fn images(self, [plane, row, column]: [usize; 3], numbers: &[u64]) -> Option<[i64; 2]> {
        let [_, _, width] = self.sizes();
        let [row, column] = self.mirror?.image(row, column, width)?;
        let image = *numbers.get(self.index([plane, row, column]))?;
        Some([image as i64, self.largest.wrapping_sub(image) as i64])
    }

    /// Rows in the middle of the planes, of all that are interleaved and otherwise of two, as a view of their own.
    fn part(self, numbers: &[u64]) -> (Self, Vec<u64>) {
        let [planes, height, width] = self.sizes();
        let planes = if self.interleaved { planes } else { planes.min(2) };
        let rows = height.div_ceil(PART);
        let first = (height - rows) / 2;
        let places = (0..planes).flat_map(|p| (first..first + rows).flat_map(move |r| (0..width).map(move |c| [p, r, c])));
        let some = places.filter_map(|place| numbers.get(self.index(place)).copied()).collect();
        let mirror = self.mirror.filter(|mirror| matches!(mirror, Mirror::Columns(_)));
        (Self { shape: ChunkShape { planes, height: rows, width }, interleaved: false, mirror, ..self }, some)
    }

    /// Planes, rows and columns.
    const fn sizes(self) -> [usize; 3] {
        let ChunkShape { planes, height, width } = self.shape;
        if self.interleaved { [width, planes, height] } else { [planes, height, width] }
    }

    /// Where a value lies in the chunk.
    const fn index(self, [plane, row, column]: [usize; 3]) -> usize {
        let ChunkShape { height, width, .. } = self.shape;
        if self.interleaved { (row * height + column) * width + plane } else { (plane * height + row) * width + column }
    }
}

/// What a payload says of how its numbers lie, and their stream.
fn written(view: View, numbers: &mut [u64]) -> Vec<u8> {
    let mut out = Vec::new();
    view.write(&mut out);
    out.extend(encoded(view, numbers));
    out
}

fn encoded(view: View, numbers: &mut [u64]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    code(&mut encoder, view, numbers, |_| false);
    encoder.finish()
}

/// Codes all numbers, which the decoder finds out; `stop` is asked before every row.
fn code<C: Coder>(coder: &mut C, view: View, numbers: &mut [u64], stop: impl Fn(&C) -> bool) {
    let [planes, height, width] = view.sizes();
    let mut residuals = Residuals::default();
    let mut before: Vec<i64> = Vec::new();
    for plane in 0..planes {
        let mut ways = Ways::new(&before, width);
        let mut done: Vec<i64> = Vec::new();
        for row in 0..height {
            if stop(coder) {
                return;
            }
            ways.begin_row(row);
            for column in 0..width {
                let foreseen = ways.foresee(column, view.images([plane, row, column], numbers));
                let Some(number) = numbers.get_mut(view.index([plane, row, column])) else { continue };
                let wanted = (*number as i64).wrapping_sub(foreseen.number);
                let value = foreseen.number.wrapping_add(residuals.code(coder, foreseen.expected, wanted));
                *number = value as u64;
                ways.learn(column, value);
                if planes > 1 {
                    done.push(value);
                }
            }
        }
        before = done;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(values: &Values, shape: ChunkShape) -> Values {
        let mut numbers: Vec<u64> = with_values!(values, values => values.iter().map(|v| v.to_ordered()).collect());
        let view = View::of(shape, values.data_type());
        let mirrored = view.mirrored(&numbers);
        read(&written(mirrored, &mut numbers), shape, values.data_type()).unwrap()
    }

    #[test]
    fn every_bit_comes_back_whatever_it_is() {
        let random = |i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        for (planes, height, width) in [(1, 1, 1), (1, 1, 300), (1, 40, 33), (3, 17, 9), (5, 20, 4), (40, 1, 2)] {
            let shape = ChunkShape { planes, height, width };
            let all = || 0..shape.samples() as u64;
            for values in [
                Values::F64(all().map(|i| (i as f64 * 0.37).sin() * 90.0).collect()),
                Values::F64(all().map(|i| f64::from_bits(random(i))).collect()),
                Values::F32(all().map(|i| f32::from_bits(random(i) as u32)).collect()),
                Values::I64(all().map(|i| [i64::MIN, i64::MAX, 0, -1][i as usize % 4]).collect()),
                Values::U64(all().map(|i| i * i * i).collect()),
                Values::I8(all().map(|i| random(i) as i8).collect()),
            ] {
                assert_eq!(through(&values, shape), values, "{shape:?}");
            }
        }
    }

    #[test]
    fn smooth_coordinates_and_their_corners_take_few_bytes() {
        let latitude = |y: usize, x: usize| -70.0 + y as f64 * 0.9 + (x as f64 / 31.0).sin() * (y as f64 / 20.0).cos();
        let places = || (0..120).flat_map(|y| (0..150).map(move |x| (y, x)));
        let size = |values: Values, width: usize| {
            let shape = if width == 1 { ChunkShape { planes: 1, height: 120, width: 150 } } else { ChunkShape { planes: 120, height: 150, width } };
            payload(&values, shape, values.byte_len()).map_or(usize::MAX, |payload| payload.len())
        };
        let points = size(Values::F64(places().map(|(y, x)| latitude(y, x)).collect()), 1);
        assert!(points < 120 * 150 * 3, "{points}");
        // Three of four corners are those of neighbours.
        let corners = places().flat_map(|(y, x)| [(0, 0), (0, 1), (1, 1), (1, 0)].map(|(down, right)| latitude(y + down, x + right))).collect();
        let corners = size(Values::F64(corners), 4);
        assert!(corners < points * 5 / 4, "{corners} beside {points}");
    }

    #[test]
    fn what_is_mirrored_takes_few_bytes() {
        let length = |y: usize, x: usize| 1e5 * (1.0 + (y as f64 / 90.0).sin()) / (1.0 + 0.003 * (x as f64 - 40.3).powi(2) / (3.0 + y as f64));
        let size = |mirrored: bool| {
            let values = (0..120 * 160).map(|i| (i / 160, i % 160)).map(|(y, x)| if mirrored && x > 79 { -length(y, 159 - x) } else { length(y, x) });
            let values = Values::F64(values.collect());
            let shape = ChunkShape { planes: 1, height: 120, width: 160 };
            assert_eq!(through(&values, shape), values);
            payload(&values, shape, values.byte_len()).map_or(usize::MAX, |payload| payload.len())
        };
        let (plain, mirrored) = (size(false), size(true));
        assert!(mirrored * 20 < plain * 11, "{mirrored} beside {plain}");
    }

    #[test]
    fn damage_is_told() {
        let shape = ChunkShape { planes: 1, height: 5, width: 60 };
        let mut numbers: Vec<u64> = (0..300).map(|i| i * i * 60_000).collect();
        let stream = encoded(View::of(shape, DataType::U64), &mut numbers);
        let payload = |first: u8, stream: &[u8]| [&[first, 0], stream].concat();
        assert!(read(&payload(0, &stream), shape, DataType::U64).is_ok());
        for (bytes, data_type) in [
            (payload(0, &stream), DataType::U32),
            (payload(2, &stream), DataType::U64),
            (Vec::new(), DataType::U64),
            (payload(0, &stream[..stream.len() - 2]), DataType::U64),
        ] {
            assert!(matches!(read(&bytes, shape, data_type), Err(Error::Corrupt { .. })), "{data_type:?}");
        }
    }
}
