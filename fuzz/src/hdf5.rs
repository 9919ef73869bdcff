//! HDF5 checks its headers with sums, which no mutation would get right.

/// The file with the sums of its object headers put right.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(b"OHDR") {
            let _ = seal_header(&mut out, at);
        }
    }
    out
}

/// Seals a header and the blocks in which it goes on.
fn seal_header(out: &mut [u8], at: usize) -> Option<()> {
    let flags = *out.get(at + 5)?;
    let tracked = flags & 4 != 0;
    let width = 1 << (flags & 3);
    let size_at = at + 6 + if flags & 0x20 == 0 { 0 } else { 16 } + if flags & 0x10 == 0 { 0 } else { 4 };
    let mut blocks = vec![(at, size_at + width, number(out, size_at, width)?)];
    let mut left = 64;
    while let Some((start, first, length)) = blocks.pop() {
        let end = first.checked_add(length)?;
        let sum = checksum(out.get(start..end)?).to_le_bytes();
        out.get_mut(end..end + 4)?.copy_from_slice(&sum);
        let (mut message, head) = (first, if tracked { 6 } else { 4 });
        while message + head <= end {
            let size = number(out, message + 1, 2)?;
            if out[message] == 16 && left > 0 {
                let (block, length) = (number(out, message + head, 8)?, number(out, message + head + 8, 8)?);
                left -= 1;
                if out.get(block..)?.starts_with(b"OCHK") {
                    blocks.push((block, block + 4, length.checked_sub(8)?));
                }
            }
            message += head + size;
        }
    }
    Some(())
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    usize::try_from(bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b))).ok()
}

/// Jenkins' lookup3.
fn checksum(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let mut s = [start; 3];
    let blocks = bytes.len().div_ceil(12);
    for (i, block) in bytes.chunks(12).enumerate() {
        let mut padded = [0; 12];
        padded[..block.len()].copy_from_slice(block);
        for (n, word) in s.iter_mut().zip(padded.as_chunks::<4>().0) {
            *n = n.wrapping_add(u32::from_le_bytes(*word));
        }
        if i + 1 < blocks {
            for (step, turn) in [4, 6, 8, 16, 19, 4].into_iter().enumerate() {
                let (x, y, z) = (step % 3, (step + 1) % 3, (step + 2) % 3);
                s[x] = s[x].wrapping_sub(s[z]) ^ s[z].rotate_left(turn);
                s[z] = s[z].wrapping_add(s[y]);
            }
        } else {
            for (step, turn) in [14, 11, 25, 16, 4, 14, 24].into_iter().enumerate() {
                let (x, y) = ((step + 2) % 3, (step + 1) % 3);
                s[x] = (s[x] ^ s[y]).wrapping_sub(s[y].rotate_left(turn));
            }
        }
    }
    s[2]
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn sums_are_those_of_lookup3() {
        assert_eq!(checksum(b""), 0xdead_beef);
        assert_eq!(checksum(b"Four score and seven years ago"), 0x1777_0551);
    }
}
