"""The autoencoders on fields, in two ways: as they are, without a bound, and with their residual corrected to the bound.

Latents and residuals are integers, coded without loss by the tool's own entropy coder, so that only the networks differ.
"""

import sys
import tempfile
from pathlib import Path

import archiver
import checks
import fields as filled
import numpy as np
import similarity
import store
from ablation import contents
from bounds import LOSSLESS
from claims import autoencoder, network, quality
from claims.sample import EXACT, RECOMMENDED
from peers import quantised

AS_IT_IS = "as it is"
"""The setting of an autoencoder without a bound."""
SCALES_BYTES = 8
"""Of a plane: its least and largest value, by which it is brought to 0..1 and back."""
NOT_CORRECTED = (RECOMMENDED, EXACT)


def trained():
    """The networks; those without weights here are left out."""
    return [coder.load() for coder in autoencoder.untrained(np.random.default_rng()) if coder.path.exists()]


def rows(cli, coder, field, kept):
    """One row a setting."""
    wrapper = store.source_of(sys.modules[__name__], archiver, autoencoder, network, quality, similarity, checks, quantised, filled)
    key = store.digest("claims", contents(cli), contents(coder.path), field.label, field.content, list(field.settings.items()), wrapper)
    return kept.get(key, lambda: measured(cli, coder, field))


def measured(cli, coder, field):
    with tempfile.TemporaryDirectory() as folder:
        coded = list(written(coder, field, Path(folder), 0))
        with tempfile.TemporaryDirectory() as extracted:
            report, _ = archiver.round_trip(cli, [path for row in coded for path in row["paths"]], LOSSLESS, extracted)
            return [finished(coder, row, sizes_of(report), Path(extracted)) for row in coded]


def sizes_of(report):
    """Bytes of each file of an archive."""
    return {variable["file"]: variable["archive_bytes"] for variable in report["variables"]}


def written(coder, field, folder, number, settings=None):
    """Latents, the places of missing values and the residuals of the field's settings as files, and what decoding needs to know of each."""
    scales = limits(field.fills[0])
    codes = coder.encode(unit(field.fills[0], scales))
    predicted = prediction(coder, codes, scales, field)
    whole = [saved(folder, f"{number}.latents.npy", codes)]
    if field.has_missing:
        whole.append(saved(folder, f"{number}.holes.npy", (~np.isfinite(field.volume)).astype(np.uint8)))
    names = [path.name for path in whole]
    common = {"field": field, "scales": scales, "latents": names[0], "holes": names[1:]}
    yield common | {"setting": AS_IT_IS, "paths": whole, "residual": [], "step": 0, "allowed": None}
    for setting in settings or [setting for setting in field.settings if setting not in NOT_CORRECTED]:
        allowed = field.settings[setting].allowed(field)
        step = quantum(field.fills[0], allowed)
        steps = np.where(np.isfinite(field.volume), np.rint((field.volume - predicted) / step), 0)
        residual = saved(folder, f"{number}.residual.{setting}.npy", narrow(steps))
        yield common | {"setting": setting, "paths": [residual], "residual": [residual.name], "step": step, "allowed": allowed}


def finished(coder, row, sizes, folder):
    """Decodes what the tool extracted, and judges it."""
    field = row["field"]
    size = SCALES_BYTES * len(field.volume) + sum(sizes[name] for name in (row["latents"], *row["holes"], *row["residual"]))
    return {"method": coder.name, "setting": row["setting"], "field": field.label, "bytes": size} | quality.figures(field, decoded(coder, row, folder), row["allowed"])


def decoded(coder, row, folder):
    """The volume from the files that the tool extracted."""
    values = prediction(coder, np.load(folder / row["latents"]), row["scales"], row["field"])
    for name in row["residual"]:
        values += np.load(folder / name).astype(np.float64) * row["step"]
    for name in row["holes"]:
        values[np.load(folder / name) == 1] = np.nan
    return in_type(values, row["field"].values.dtype)


def limits(volume):
    """Least and largest value of every plane as the float32 that are counted."""
    return tuple(reduce(volume, axis=(1, 2), keepdims=True).astype(np.float32).astype(np.float64) for reduce in (np.min, np.max))


def unit(volume, scales):
    low, high = scales
    return ((volume - low) / np.where(high > low, high - low, 1)).astype(np.float32)


def prediction(coder, latents, scales, field):
    """What the decoder makes of the latents, in the field's units; of integers the nearest one."""
    low, high = scales
    values = coder.decode(latents, *field.volume.shape[1:]).astype(np.float64) * (high - low) + low
    return np.rint(values) if is_integer(field.values.dtype) else values


def quantum(volume, allowed):
    """The widest step of a residual that keeps the bound."""
    return 2 * int(allowed) + 1 if is_integer(volume.dtype) else quantised.step_within(volume, allowed)


def is_integer(dtype):
    return dtype.kind in "iu"


def in_type(values, dtype):
    return np.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype) if is_integer(dtype) else values.astype(dtype)


def narrow(steps):
    """The smallest signed type that holds all."""
    kinds = (np.int8, np.int16, np.int32)
    return steps.astype(next(kind for kind in kinds if np.iinfo(kind).min <= steps.min() and steps.max() <= np.iinfo(kind).max))


def saved(folder, name, array):
    np.save(folder / name, array)
    return folder / name
