"""Picture codecs on pictures; results are kept in the store."""

import sys

import checks
import imagecodecs
import numpy as np
import similarity
import store
from claims import quality
from versions import version

EFFORT = 9
JPEG_XL, JPEG_LS = "quantise+JPEG XL", "JPEG-LS near-lossless"


def jpeg_xl_encode(pixels, near):
    """Rounded to every so many greys, then coded without loss."""
    steps = ((pixels.astype(np.int16) + near) // (2 * near + 1)).astype(np.uint8)
    return imagecodecs.jpegxl_encode(steps, lossless=True, effort=EFFORT, numthreads=1)


def jpeg_xl_decode(data, near):
    return np.minimum(imagecodecs.jpegxl_decode(data, numthreads=1).astype(np.int16) * (2 * near + 1), np.iinfo(np.uint8).max).astype(np.uint8)


def jpeg_ls_encode(pixels, near):
    return imagecodecs.jpegls_encode(pixels, level=near)


def jpeg_ls_decode(data, _near):
    return imagecodecs.jpegls_decode(data)


CODECS = {JPEG_XL: (jpeg_xl_encode, jpeg_xl_decode), JPEG_LS: (jpeg_ls_encode, jpeg_ls_decode)}


def rows(picture, kept):
    """One row a picture codec and setting."""
    wrapper = store.source_of(sys.modules[__name__], quality, similarity, checks)
    found = []
    for setting, bound in picture.settings.items():
        for name, (encode, decode) in CODECS.items():
            key = store.digest("claims", picture.content, name, bound, version("imagecodecs"), wrapper)
            row = kept.get(key, lambda encode=encode, decode=decode, near=int(bound.value): measured(picture, encode, decode, near))
            found.append({"method": name, "setting": setting, "field": picture.label} | row)
    return found


def measured(picture, encode, decode, near):
    data = encode(picture.pixels, near)
    decoded = np.moveaxis(np.atleast_3d(decode(data, near)), -1, 0)
    return {"bytes": len(data)} | quality.figures(picture, decoded, float(near))
