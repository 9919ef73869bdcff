"""What the parts of the network are worth: sizes with networks trained alike but for one part, on some fields of every data set."""

import functools
import tempfile
from collections import defaultdict
from pathlib import Path

import archiver
import store
from bounds import LOSSLESS, RELATIVE

BOUNDS = (*RELATIVE, LOSSLESS)
EVERY = 4
"""One field in so many is measured, of each data set and from its first on: each of them takes sixteen archives with a network."""
STEPS = 16_000
"""Steps that each of the networks was trained for."""
FOLDER = Path(__file__).with_name("ablations")
WHOLE = "whole network"
NETWORKS = {
    WHOLE: FOLDER / "whole.dcm",
    "without attention": FOLDER / "no-attention.dcm",
    "without references": FOLDER / "no-references.dcm",
    "without scale": FOLDER / "no-scale.dcm",
    "no network": "none",
}
"""What `deepcomp compress --model` is told."""


def sample(fields):
    """One in EVERY of the fields of each data set that are not constant."""
    datasets = defaultdict(list)
    for field in fields:
        if field.range:
            datasets[field.dataset].append(field)
    return [field for group in datasets.values() for field in group[::EVERY]]


def rows(cli, field, npy, kept):
    """One row a bound: the bytes with every network, from archives of this field alone."""
    path = Path(npy, field.file_name)
    sizes = lambda bound: {name: kept_size(cli, field, path, bound, model, kept) for name, model in NETWORKS.items()}  # noqa: E731
    return [{"field": field.label, "bound": str(bound), "bytes": sizes(bound)} for bound in BOUNDS]


def kept_size(cli, field, path, bound, model, kept):
    key = store.digest("ablation", field.content, bound.arguments, contents(model), contents(cli), store.source_of(archiver))
    return kept.get(key, lambda: size(cli, path, bound, model))


@functools.cache
def contents(path):
    """Hash of a file; what is no file goes by its name, and the tool says what it thinks of it."""
    return store.digest(Path(path).read_bytes() if Path(path).is_file() else str(path))


def size(cli, path, bound, model):
    with tempfile.TemporaryDirectory() as folder:
        return archiver.compress(cli, [path], Path(folder, archiver.ARCHIVE), bound, ("--model", model))["variables"][0]["archive_bytes"]
