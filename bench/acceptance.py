"""Who passes the tests of climate science: DeepComp and some peers on a few fields of every data set."""

import json
import tempfile
from pathlib import Path

import numpy as np

import archiver
import similarity
import store
import trials
from bounds import RELATIVE

PEERS = ("SZ3", "SPERR", "ZFP", "BitRound+zstd", "quantise+JXL")
TESTS = {
    "pearson": ("Pearson r ≥ 0.99999", lambda value: value >= 0.99999),
    "ks_p": ("Kolmogorov–Smirnov p ≥ 0.05", lambda value: value >= 0.05),
    "spatial_relative_error": ("spatial relative error ≤ 5 %", lambda value: value <= 0.05),
    "dssim": ("DSSIM ≥ 0.9995", lambda value: value >= 0.9995),
}
OF_THE_TOOL = {test: test for test in TESTS} | {"largest_error": "max_abs_error", "rms_error": "rmse"}
"""Figures here and their names in `deepcomp test --json`."""


def sample(fields):
    """The largest temperature and the largest other field of each data set, of planes that have windows."""
    chosen = {}
    for field in sorted(fields, key=lambda field: -field.values.size):
        if min(field.values.shape[-2:]) >= similarity.WINDOW and field.range:
            chosen.setdefault((field.dataset, field.is_temperature), field)
    return list(chosen.values())


def rows(cli, field, npy, kept):
    """One row a codec and bound."""
    results = []
    for bound in RELATIVE:
        figures = {"DeepComp": ours(cli, field, Path(npy, field.file_name), bound)}
        for peer in (peer for peer in trials.peers_at(bound) if peer.name in PEERS):
            key = trials.key(field, peer, bound, store.source_of(similarity))
            figures[peer.name] = kept.get(key, lambda peer=peer, bound=bound: similarity.measure(field.volume, trials.best(field, peer, bound)[2]))
        results += [{"field": field.label, "bound": str(bound), "codec": codec, "range": field.range} | measured for codec, measured in figures.items()]
    return results


def ours(cli, field, path, bound):
    """Figures of the extracted file, and how far those of `deepcomp test --source` lie from them (errors as shares of the range), where the tool has that option."""
    with tempfile.TemporaryDirectory() as folder:
        archiver.round_trip(cli, [path], bound, folder)
        figures = similarity.measure(field.volume, np.load(Path(folder, path.name)).reshape(field.volume.shape))
        if "--source" not in archiver.call(cli, "test", "--help"):
            return figures
        report = json.loads(archiver.call(cli, "test", Path(folder, archiver.ARCHIVE), "--source", path, "--json"))["variables"][0]
    units = {"largest_error": field.range, "rms_error": field.range}
    off = {name: abs(figures[name] - report[theirs]) / units.get(name, 1) for name, theirs in OF_THE_TOOL.items() if report[theirs] is not None}
    return figures | {"tool_off_by": off}
