"""Archivers on the bytes of the fields, and picture codecs on pictures; results are kept in the store."""

import sys

import checks
import imagecodecs
import numpy as np
import similarity
import store
import trials
from bounds import LOSSLESS
from claims import quality
from claims.sample import EXACT
from peers import lossless
from versions import is_there, version

CLAIMED = (*lossless.CLASSICS, *lossless.ARCHIVERS)
ARCHIVERS = tuple(peer for peer in CLAIMED if is_there(peer.package))
ABSENT = tuple(peer.name for peer in CLAIMED if not is_there(peer.package))
EFFORT = 9
JPEG_XL, JPEG_LS = "quantise+JPEG XL", "JPEG-LS near-lossless"


def archived(field, kept):
    """One row an archiver, without loss."""
    exact = {"setting": EXACT, "rmse": 0.0, "dssim": 1.0, "allowed": 0.0}
    rows = [{"method": row["peer"], "holds": row["verdict"]} | row for row in trials.rows(field, LOSSLESS, kept, ARCHIVERS)]
    return [{name: row[name] for name in ("method", "field", "bytes", "error", "holds")} | exact for row in rows]


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


PICTURE_CODECS = {JPEG_XL: (jpeg_xl_encode, jpeg_xl_decode), JPEG_LS: (jpeg_ls_encode, jpeg_ls_decode)}


def pictured(picture, kept):
    """One row a picture codec and setting."""
    wrapper = store.source_of(sys.modules[__name__], quality, similarity, checks)
    rows = []
    for setting, bound in picture.settings.items():
        for name, (encode, decode) in PICTURE_CODECS.items():
            key = store.digest("claims", picture.content, name, bound, version("imagecodecs"), wrapper)
            row = kept.get(key, lambda encode=encode, decode=decode, near=int(bound.value): measured(picture, encode, decode, near))
            rows.append({"method": name, "setting": setting, "field": picture.label} | row)
    return rows


def measured(picture, encode, decode, near):
    data = encode(picture.pixels, near)
    decoded = np.moveaxis(np.atleast_3d(decode(data, near)), -1, 0)
    return {"bytes": len(data)} | quality.figures(picture, decoded, float(near))
