"""What a peer is: a name, the package its version is pinned by, and the ways it can code a volume (planes, rows, columns)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


class NotApplicable(Exception):
    """The peer cannot hold this array at this bound; the message says why."""


@dataclass(frozen=True)
class Way:
    """Volume and absolute bound to parts, whose lengths add up to the size, and back."""

    encode: Callable
    """`(volume, bound) -> [bytes]`; a lossless peer ignores the bound."""
    decode: Callable
    """`(parts, dtype, shape) -> volume`."""


@dataclass(frozen=True)
class Peer:
    name: str
    package: str
    ways: tuple[Way, ...]
    """Where there are two, the second codes all planes together; the better counts."""
    holds_missing: bool = False
    fills: int = 3
    """How many of a field's fills are tried."""

    def ways_for(self, volume):
        return self.ways if len(volume) > 1 else self.ways[:1]


def together(encode, decode):
    """The whole volume as one array."""
    return Way(lambda volume, bound: [encode(volume, bound)], lambda parts, dtype, shape: decode(parts[0], dtype, shape))


def by_plane(encode, decode):
    """Every plane on its own."""

    def decode_all(parts, dtype, shape):
        return np.stack([decode(part, dtype, shape[1:]) for part in parts])

    return Way(lambda volume, bound: [encode(plane, bound) for plane in volume], decode_all)


def both(encode, decode):
    return by_plane(encode, decode), together(encode, decode)


def shuffle(array):
    """Bytes of equal significance together."""
    return array.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def unshuffle(data, dtype):
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(np.dtype(dtype).itemsize, -1).T).view(dtype).reshape(-1)
