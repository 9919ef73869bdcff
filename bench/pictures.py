"""Pictures without loss: DeepComp, JPEG XL, WebP and PNG on the same pixels. Sizes of the peers are kept in the store."""

import io
import sys

import imagecodecs
import numpy as np
import oxipng
from PIL import Image

import readers
import store
from versions import version


def jpeg_xl(effort):
    return lambda pixels: imagecodecs.jpegxl_encode(pixels, lossless=True, effort=effort, numthreads=1), lambda data: imagecodecs.jpegxl_decode(data, numthreads=1)


def webp_encode(pixels):
    return imagecodecs.webp_encode(pixels, lossless=True, level=100, method=6)


def png_encode(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return oxipng.optimize_from_memory(buffer.getvalue(), level=6)


def png_decode(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB") if image.mode == "P" else image)


PEERS = {
    "JPEG XL e7": ("imagecodecs", *jpeg_xl(7)),
    "JPEG XL e9": ("imagecodecs", *jpeg_xl(9)),
    "WebP": ("imagecodecs", webp_encode, imagecodecs.webp_decode),
    "PNG (oxipng)": ("pyoxipng", png_encode, png_decode),
}


def measure(path, ours, kept):
    """Sizes in bytes of one picture, and whether all codecs gave every pixel back; `ours` is the row of the file archived directly and whole."""
    pixels = readers.picture(path)
    content = store.digest(pixels.dtype.str, pixels.shape, pixels.tobytes(), store.source_of(sys.modules[__name__]))
    sizes, exact = {"DeepComp": ours["bytes"]}, {"DeepComp": not ours["problem"]}
    for name, (package, encode, decode) in PEERS.items():
        key = store.digest("picture", content, name, version(package))
        sizes[name], exact[name] = kept.get(key, lambda encode=encode, decode=decode: trial(encode, decode, pixels))
    return {"picture": ours["file"], "raw": pixels.nbytes, "bytes": sizes, "exact": exact}


def trial(encode, decode, pixels):
    data = encode(pixels)
    return len(data), bool(np.array_equal(decode(data), pixels))
