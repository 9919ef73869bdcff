//! Checksums of metadata and of values.

/// Jenkins' lookup3 hash, with which HDF5 checks its metadata.
pub(crate) fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let mut rest = bytes;
    let mut words = |block: &[u8], last: bool| {
        let mut padded = [0; 12];
        padded.iter_mut().zip(block).for_each(|(to, from)| *to = *from);
        let [x, y, z] = [0, 4, 8].map(|at| padded.iter().skip(at).take(4).rev().fold(0u32, |n, b| n << 8 | u32::from(*b)));
        a = a.wrapping_add(x);
        b = b.wrapping_add(y);
        c = c.wrapping_add(z);
        if last { finish(a, b, c) } else { mix(&mut a, &mut b, &mut c) }
    };
    while let Some((block, more)) = rest.split_at_checked(12).filter(|(_, more)| !more.is_empty()) {
        words(block, false);
        rest = more;
    }
    if rest.is_empty() { start } else { words(rest, true) }
}

fn mix(a: &mut u32, b: &mut u32, c: &mut u32) -> u32 {
    let step = |x: &mut u32, y: &mut u32, z: &mut u32, turn: u32| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(turn);
        *z = z.wrapping_add(*y);
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
    *c
}

const fn finish(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// Fletcher's checksum over big-endian 16-bit words, as HDF5 has it.
pub(crate) fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut first, mut second) = (0u32, 0u32);
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    for block in bytes.chunks(720) {
        for word in block.chunks(2) {
            let word = word.iter().zip([8, 0]).fold(0, |n, (b, shift)| n | u32::from(*b) << shift);
            first += word;
            second += first;
        }
        (first, second) = (fold(first), fold(second));
    }
    fold(second) << 16 | fold(first)
}
