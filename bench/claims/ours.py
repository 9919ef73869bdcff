"""DeepComp in all its variants. Sizes and errors are kept under the tool's own bytes, so that another build measures them again."""

import tempfile
from pathlib import Path

import numpy as np

import ablation
import archiver
import checks
import similarity
import store
from ablation import contents
from bounds import LOSSLESS, Bound
from claims import quality
from claims.sample import EXACT, PICTURE_SETTINGS, RECOMMENDED

OURS, CLASSICAL = "DeepComp", "DeepComp, classical only"
WITHOUT_BASE, ALWAYS_BASE = "DeepComp, without base", "DeepComp, base always"
BASE_SHORT, BASE_SHORT_WITHOUT = "DeepComp, base always, short training", "DeepComp, base always, short training, without attention in the base"
SHORT, SHORT_PREFIX = "DeepComp, short training", "DeepComp, short training, "
VARIANTS = {
    OURS: ("--model", "auto"),
    WITHOUT_BASE: ("--model", "auto", "--base", "never"),
    ALWAYS_BASE: ("--model", "auto", "--base", "always"),
    BASE_SHORT: ("--model", ablation.FOLDER / "autoencoder.dcm", "--base", "always"),
    BASE_SHORT_WITHOUT: ("--model", ablation.FOLDER / "autoencoder-no-attention.dcm", "--base", "always"),
    SHORT: ("--model", ablation.NETWORKS[ablation.WHOLE]),
    SHORT_PREFIX + "without attention": ("--model", ablation.NETWORKS["without attention"]),
    SHORT_PREFIX + "without references": ("--model", ablation.NETWORKS["without references"]),
    CLASSICAL: ("--model", "none"),
}
"""Options of `deepcomp compress`. Those of the short training (bench/ablations) compare with each other alone."""
TINY = np.arange(64, dtype=np.float32).reshape(8, 8)


def beside(name):
    """The variant that another is to be compared with: of the short trainings the one that has everything."""
    return next((short for short in (BASE_SHORT, SHORT) if name.startswith(short)), OURS)


def accepted(cli):
    """`(variants that the tool takes, {variant: why not})`, tried on a few values."""
    known, refused = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder, "tiny.npy")
        np.save(tiny, TINY)
        for name, options in VARIANTS.items():
            try:
                archiver.round_trip(cli, [tiny], LOSSLESS, folder, options)
                known[name] = options
            except RuntimeError as reason:
                refused[name] = str(reason).splitlines()[0]
    return known, refused


def measured_at(name, setting):
    """The whole codec everywhere; variants at plain bounds, and those of the short training on fields alone."""
    return name == OURS or setting not in (RECOMMENDED, EXACT, *(PICTURE_SETTINGS if beside(name) != OURS else ()))


def batches(fields):
    """Fields of a data set that share a setting and its bound: `(setting, bound, fields)`; they go into one archive."""
    groups = {}
    for field in fields:
        for setting, bound in field.settings.items():
            groups.setdefault((field.dataset, setting, bound), []).append(field)
    return [(setting, bound, members) for (_, setting, bound), members in groups.items()]


def rows(cli, variants, batch, npy, kept):
    """One row a field and variant."""
    setting, bound, fields = batch
    wanted = {name: options for name, options in variants.items() if measured_at(name, setting)}
    return [{"method": name, "setting": setting} | row for name, options in wanted.items() for row in kept_rows(cli, options, bound, fields, npy, kept)]


def kept_rows(cli, options, bound, fields, npy, kept):
    return kept.get(key(cli, options, bound, fields), lambda: measured(cli, options, bound, fields, npy))


def key(cli, options, bound, fields):
    wrapper = store.source_of(archiver, quality, similarity, checks)
    return store.digest("claims", contents(cli), [contents(option) for option in options], bound.arguments, [(field.label, field.content) for field in fields], wrapper)


def measured(cli, options, bound, fields, npy):
    """Fields in one archive, extracted and compared."""
    paths = [Path(npy, field.file_name) for field in fields]
    with tempfile.TemporaryDirectory() as folder:
        report, _ = archiver.round_trip(cli, paths, bound, folder, options)
        return [
            {"field": field.label, "bytes": variable["archive_bytes"]} | quality.figures(field, np.load(Path(folder, path.name)), bound.allowed(field))
            for field, path, variable in zip(fields, paths, report["variables"], strict=True)
        ]  # fmt: skip


def at(cli, field, value, npy, kept):
    """The row of one field alone at an absolute bound, with the whole codec."""
    return kept_rows(cli, VARIANTS[OURS], Bound("abs", value), [field], npy, kept)[0]
