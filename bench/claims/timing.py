"""Seconds to encode and decode the largest field of each data set, or a picture, with every method; never kept between runs."""

import tempfile
import time
from pathlib import Path

import archiver
import speed
from bounds import LOSSLESS
from claims import archivers, ours, picture_codecs, rivals
from claims.sample import EXACT, PICTURE_SETTINGS, RELATIVE

AT = str(RELATIVE[2])
"""The bound of the fields that have one."""
PICTURE_AT = PICTURE_SETTINGS[0]


def rows(cli, variants, coders, fields, pictures, npy):
    """`{what, setting, method, raw, encode, decode, bytes}`; the best of interleaved rounds, fewer of what takes seconds."""
    measured = []
    largest = speed.sample(fields)
    for what, setting, members in (("fields", AT, largest), ("fields", EXACT, largest), ("picture", PICTURE_AT, pictures[:1])):
        with tempfile.TemporaryDirectory() as folder:
            runs = dict(contenders(cli, variants, coders, setting, members, npy, Path(folder))) if members else {}
            results = speed.interleaved(list(runs.values()))
        raw = sum(field.values.nbytes for field in members)
        measured += [{"what": what, "setting": setting, "method": method, "raw": raw, "fields": [field.label for field in members]} | best for method, best in zip(runs, results)]
    return measured


def contenders(cli, variants, coders, setting, members, npy, folder):
    """`(method, a function that returns its seconds and bytes)`."""
    bound = LOSSLESS if setting == EXACT else members[0].settings[setting]
    paths = [Path(npy, field.file_name) for field in members]
    for name, options in variants.items():
        if ours.measured_at(name, setting):
            yield name, lambda options=options: speed.ours(cli, paths, folder / archiver.ARCHIVE, bound, options)
    if setting == EXACT:
        for peer in archivers.INSTALLED:
            yield peer.name, speed.in_process(peer, members, bound)
        return
    for coder in coders:
        yield coder.name, lambda coder=coder: autoencoder(cli, coder, members, setting, folder)
    if setting == PICTURE_AT:
        for name, codec in picture_codecs.CODECS.items():
            yield name, lambda codec=codec: picture_codec(*codec, members[0].pixels, int(bound.value))


def autoencoder(cli, coder, members, setting, folder):
    """Network and corrected residual; the tool's part is what it reports for encoding, and the whole of `extract` for decoding."""
    start = time.perf_counter()
    coded = [row for number, field in enumerate(members) for row in rivals.written(coder, field, folder, number, (setting,))]
    written = time.perf_counter()
    report = archiver.compress(cli, [path for row in coded for path in row["paths"]], folder / archiver.ARCHIVE, LOSSLESS)
    decoding = time.perf_counter()
    archiver.call(cli, "extract", folder / archiver.ARCHIVE, "-C", folder, "--force")
    for row in coded:
        if row["setting"] == setting:
            rivals.decoded(coder, row, folder)
    scales = rivals.SCALES_BYTES * sum(len(field.volume) for field in members)
    return {"encode": written - start + report["encode_seconds"], "decode": time.perf_counter() - decoding, "bytes": scales + sum(rivals.sizes_of(report).values())}


def picture_codec(encode, decode, pixels, near):
    start = time.perf_counter()
    data = encode(pixels, near)
    encoded = time.perf_counter()
    decode(data, near)
    return {"encode": encoded - start, "decode": time.perf_counter() - encoded, "bytes": len(data)}
