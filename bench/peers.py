"""Peers: `codec(array, absolute bound) -> (bytes, decoded array)`. Arrays have at least two dimensions and, but for `HOLDS_MISSING`, no NaN.

Planes are the last two dimensions. Where a peer can code planes one by one or all together, it gets the smaller of the two.
"""

import lerc
import numpy as np
import zfpy
import zstandard
from pysz import sz, szConfig, szErrorBoundMode


def planes(array):
    return array.reshape(-1, *array.shape[-2:])


def smaller(encode, decode):
    """A codec that tries plane by plane and, for more than one plane, all of them as one 3-D array."""

    def codec(array, bound):
        volume = planes(array)
        ways = [[np.ascontiguousarray(plane) for plane in volume]]
        if len(volume) > 1:
            ways.append([volume])
        coded = [[encode(part, bound) for part in parts] for parts in ways]
        best = min(range(len(ways)), key=lambda way: sum(map(len, coded[way])))
        decoded = [decode(data, part.dtype, part.shape) for data, part in zip(coded[best], ways[best])]
        return b"".join(coded[best]), np.stack(decoded).reshape(array.shape)

    return codec


def sz3_encode(array, bound):
    config = szConfig(array.shape)
    config.errorBoundMode = szErrorBoundMode.ABS
    config.absErrorBound = bound
    return sz.compress(array, config)[0].tobytes()


def sz3_decode(data, dtype, shape):
    return sz.decompress(np.frombuffer(data, np.uint8), dtype, shape)[0]


def zfp_encode(array, bound):
    return zfpy.compress_numpy(array, tolerance=bound)


def zfp_decode(data, _dtype, _shape):
    return zfpy.decompress_numpy(data)


def lerc_codec(array, bound):
    """Planes as bands, each with its mask of what is not missing."""
    volume = planes(array)
    volume = volume[0] if len(volume) == 1 else volume
    present = np.isfinite(volume)
    status, length, buffer = lerc.encode(volume, 1, True, None if present.all() else present, bound, 2 * volume.nbytes + 4096)
    if status:
        raise ValueError(f"LERC failed with {status}")
    data = buffer.raw[:length]
    return data, lerc.decode(data)[1].reshape(array.shape)


def shuffle(array):
    """Bytes of equal significance together."""
    return array.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def unshuffle(data, dtype):
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(np.dtype(dtype).itemsize, -1).T).view(dtype).reshape(-1)


def quantise_zstd(array, bound):
    """Packing as with `scale_factor` and `add_offset`: the smallest integers that hold the field, shuffled, zstd level 19."""
    # Rounding to the array's type may take half a unit in the last place; the step leaves room for it.
    step = 2 * (bound - float(np.spacing(np.abs(array).max())) / 2)
    offset = float(array.min())
    if step <= 0:
        data = zstandard.ZstdCompressor(level=19).compress(shuffle(array))
        return data, unshuffle(zstandard.ZstdDecompressor().decompress(data), array.dtype).reshape(array.shape)
    steps = np.rint((array.astype(np.float64) - offset) / step)
    packed = steps.astype(np.min_scalar_type(int(steps.max())))
    header = np.array([offset, step]).tobytes()
    data = header + zstandard.ZstdCompressor(level=19).compress(shuffle(packed))
    restored = unshuffle(zstandard.ZstdDecompressor().decompress(data[16:]), packed.dtype)
    return data, (restored * step + offset).astype(array.dtype).reshape(array.shape)


PEERS = {
    "SZ3": smaller(sz3_encode, sz3_decode),
    "ZFP": smaller(zfp_encode, zfp_decode),
    "LERC": lerc_codec,
    "quantise+zstd": quantise_zstd,
}
HOLDS_MISSING = {"LERC"}
PACKAGES = {"SZ3": "pysz", "ZFP": "zfpy", "LERC": "lerc", "quantise+zstd": "zstandard"}
