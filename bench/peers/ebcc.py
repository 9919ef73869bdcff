"""EBCC: JPEG 2000 at a base compression ratio, and a coded residual where that misses the bound. Its wheel runs WASM, hence one fill only."""

import numpy as np
from numcodecs_wasm_ebcc import Ebcc

from peers.base import NotApplicable, Peer, together

BASE_RATIO = 10.0
"""Higher ones change little where they hold the bound, and break it more often."""
SMALLEST_SIDE = 32


def encode(volume, bound):
    if volume.dtype != np.float32:
        raise NotApplicable("takes float32 only")
    if min(volume.shape[1:]) < SMALLEST_SIDE:
        raise NotApplicable(f"takes planes of {SMALLEST_SIDE} × {SMALLEST_SIDE} and larger")
    return np.asarray(Ebcc(residual="absolute", error=bound, base_cr=BASE_RATIO).encode(volume)).tobytes()


def decode(data, dtype, shape):
    decoded = np.empty(shape, dtype)
    Ebcc(residual="absolute", error=1.0).decode(np.frombuffer(data, np.uint8), decoded)
    return decoded


PEERS = (Peer("EBCC", "numcodecs-wasm-ebcc", (together(encode, decode),), fills=1),)
