"""Codecs that take floats and an absolute error bound."""

import lerc
import numpy as np
import zfpy
import zstandard
from imagecodecs import sperr_decode as sperr_decompress
from imagecodecs import sperr_encode as sperr_compress
from pysz import sz, szConfig, szErrorBoundMode

from peers.base import Peer, both, shuffle, together, unshuffle

MANTISSA_BITS = {"float32": 23, "float64": 52}


def sz3_encode(array, bound):
    config = szConfig(array.shape)
    config.errorBoundMode = szErrorBoundMode.ABS
    config.absErrorBound = bound
    return sz.compress(array, config)[0].tobytes()


def sz3_decode(data, dtype, shape):
    return sz.decompress(np.frombuffer(data, np.uint8), dtype, shape)[0]


def sperr_encode(array, bound):
    return sperr_compress(array, bound, "pwe", numthreads=1)


def sperr_decode(data, _dtype, _shape):
    return sperr_decompress(data, numthreads=1)


def zfp_encode(array, bound):
    return zfpy.compress_numpy(array, tolerance=bound)


def zfp_decode(data, _dtype, _shape):
    return zfpy.decompress_numpy(data)


def lerc_encode(volume, bound):
    """Planes as bands, each with its mask of what is not missing."""
    bands = volume[0] if len(volume) == 1 else volume
    present = np.isfinite(bands)
    status, length, buffer = lerc.encode(bands, 1, True, None if present.all() else present, bound, 2 * bands.nbytes + 4096)
    if status:
        raise ValueError(f"LERC failed with {status}")
    return buffer.raw[:length]


def lerc_decode(data, _dtype, shape):
    return lerc.decode(data)[1].reshape(shape)


def bitround_encode(array, bound):
    """The fewest mantissa bits that keep the bound, shuffled, zstd level 19."""
    largest = MANTISSA_BITS[array.dtype.name]
    rounded = next(candidate for kept in range(largest + 1) if np.abs((candidate := bitround(array, largest - kept)).astype(np.float64) - array).max() <= bound)
    return zstandard.ZstdCompressor(level=19).compress(shuffle(rounded))


def bitround(array, dropped):
    """Values with the given number of mantissa bits rounded off, half to even."""
    if not dropped:
        return array
    bits = array.view(f"u{array.itemsize}")
    one = bits.dtype.type(1)
    half = (one << bits.dtype.type(dropped - 1)) - one
    last_kept = (bits >> bits.dtype.type(dropped)) & one
    mask = ~((one << bits.dtype.type(dropped)) - one)
    return ((bits + half + last_kept) & mask).view(array.dtype)


def bitround_decode(data, dtype, shape):
    return unshuffle(zstandard.ZstdDecompressor().decompress(data), dtype).reshape(shape)


PEERS = (
    Peer("SZ3", "pysz", both(sz3_encode, sz3_decode)),
    Peer("SPERR", "imagecodecs", both(sperr_encode, sperr_decode)),
    Peer("ZFP", "zfpy", both(zfp_encode, zfp_decode)),
    Peer("LERC", "lerc", (together(lerc_encode, lerc_decode),), holds_missing=True),
    Peer("BitRound+zstd", "zstandard", (together(bitround_encode, bitround_decode),)),
)
