"""Quantise to the step the bound allows, as with `scale_factor` and `add_offset`, then code the integers without loss."""

import blosc2
import imagecodecs
import numpy as np
import zstandard
from pcodec import ChunkConfig, standalone

from peers.base import NotApplicable, Peer, Way, shuffle, unshuffle

SIXTEEN_BITS = 0xFFFF


def quantise(volume, bound, largest):
    """`(offset, step, integers)` with the smallest unsigned type; the decoded values are within the bound for certain."""
    step = step_within(volume, bound)
    offset = float(volume.min())
    steps = np.rint((volume.astype(np.float64) - offset) / step)
    if largest and steps.max() > largest:
        raise NotApplicable("the quantised range exceeds 16 bits")
    return offset, step, steps.astype(np.min_scalar_type(int(steps.max())))


def step_within(volume, bound):
    """Twice the bound, less room for rounding to the array's type, which may take half a unit in the last place."""
    step = 2 * (bound - float(np.spacing(np.abs(volume).max())) / 2)
    if step <= 0:
        raise NotApplicable("the bound is finer than the values' own type")
    return step


def quantised(encode, decode, largest=None):
    """A way that codes `(planes, rows, columns)` integers into parts; offset, step and type go into a part of 17 bytes."""

    def encode_all(volume, bound):
        offset, step, integers = quantise(volume, bound, largest)
        return [np.array([offset, step]).tobytes() + bytes([integers.itemsize]), *encode(integers)]

    def decode_all(parts, dtype, shape):
        offset, step = np.frombuffer(parts[0][:16])
        integers = decode(parts[1:], np.dtype(f"u{parts[0][16]}"), shape)
        return (integers * step + offset).astype(dtype)

    return Way(encode_all, decode_all)


def pictures(encode, decode):
    """Every plane as a grey picture of 8 or 16 bits."""
    return quantised(lambda integers: [encode(plane) for plane in integers], lambda parts, *_: np.stack([decode(part) for part in parts]), SIXTEEN_BITS)


def jpeg_xl(effort):
    encode = lambda plane: imagecodecs.jpegxl_encode(plane, lossless=True, effort=effort, numthreads=1)  # noqa: E731
    return pictures(encode, lambda part: imagecodecs.jpegxl_decode(part, numthreads=1))


def jpeg_2000_encode(plane):
    return imagecodecs.jpeg2k_encode(plane, level=0, reversible=True, codecformat="J2K", bitspersample=max(int(plane.max()).bit_length(), 1), numthreads=1)


def pco_at(level):
    def encode(integers):
        wide = integers.astype(np.uint16) if integers.itemsize == 1 else integers
        return [standalone.simple_compress(wide.reshape(-1), ChunkConfig(compression_level=level))]

    return quantised(encode, pco_decode)


def pco_decode(parts, _dtype, shape):
    return standalone.simple_decompress(parts[0]).reshape(shape)


def zstd_at(level):
    return quantised(lambda integers: [zstandard.ZstdCompressor(level=level).compress(shuffle(integers))], zstd_decode)


def zstd_decode(parts, dtype, shape):
    return unshuffle(zstandard.ZstdDecompressor().decompress(parts[0]), dtype).reshape(shape)


def blosc_encode(integers):
    return [blosc2.compress2(integers.tobytes(), typesize=integers.itemsize, codec=blosc2.Codec.ZSTD, clevel=5, filters=[blosc2.Filter.BITSHUFFLE], nthreads=1)]


def blosc_decode(parts, dtype, shape):
    return np.frombuffer(blosc2.decompress2(parts[0], nthreads=1), dtype).reshape(shape)


JPEG_XL_7 = Peer("quantise+JXL e7", "imagecodecs", (jpeg_xl(7),))
"""In the speed figures only."""
PEERS = (
    Peer("quantise+JXL", "imagecodecs", (jpeg_xl(9),)),
    Peer("quantise+JPEG-LS", "imagecodecs", (pictures(imagecodecs.jpegls_encode, imagecodecs.jpegls_decode),)),
    Peer("quantise+JPEG 2000", "imagecodecs", (pictures(jpeg_2000_encode, imagecodecs.jpeg2k_decode),)),
    Peer("quantise+pco", "pcodec", (pco_at(12),)),
    Peer("quantise+zstd", "zstandard", (zstd_at(19),)),
)
QUICK = (
    Peer("quantise+pco 4", "pcodec", (pco_at(4),)),
    Peer("quantise+blosc2", "blosc2", (quantised(blosc_encode, blosc_decode),)),
    Peer("quantise+zstd 3", "zstandard", (zstd_at(3),)),
)
"""Quicker ways of the same, for the front."""
