"""Measures everything and writes docs/bench/figures.md and figures.json. Run by `npm run bench`; nothing here is asserted."""

import argparse
import gzip
import importlib.metadata
import json
import multiprocessing
import platform
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import archiver
import fields
import speed
import tables
from peers import HOLDS_MISSING, PACKAGES, PEERS

BOUNDS = (1e-2, 1e-3, 1e-4)
PROCESSES = 2
OUTPUT = fields.ROOT / "docs" / "bench"


def peer_rows(field):
    """Every peer at every bound, with whatever stands for missing values that serves it best; a constant field has no relative bound."""
    rows = []
    fills = field.fills
    for bound in BOUNDS if field.range else ():
        allowed = bound * field.range
        for peer, codec in PEERS.items():
            arrays = [field.values] if peer in HOLDS_MISSING else fills
            data, decoded = min((codec(array, allowed) for array in arrays), key=lambda coded: len(coded[0]))
            error = archiver.largest_error(field.values, decoded)
            rows.append({"field": field.label, "bound": bound, "peer": peer, "bytes": len(data), "allowed": allowed, "error": error})
    return rows


def our_rows(cli, all_fields, npy, pool):
    """One archive for each data set and bound."""
    datasets = {}
    for field in all_fields:
        datasets.setdefault(field.dataset, []).append(field)
    jobs = [(cli, group, npy, bound) for group in datasets.values() for bound in (*BOUNDS, None)]
    return [row for rows in pool.starmap(archiver.measure, jobs, chunksize=1) for row in rows]


def readable_files(folder, scratch):
    """NetCDF-3 files as they are, pictures as PNG."""
    for path in fields.files(folder, ".nc", ".cdf"):
        if path.read_bytes()[:3] == b"CDF":
            yield path
    for path in fields.files(folder, ".png", ".gif", ".jpg"):
        png = Path(scratch, path.parent.name, path.stem + ".png")
        png.parent.mkdir(exist_ok=True)
        with Image.open(path) as image:
            (image.convert("RGB") if image.mode == "P" else image).save(png)
        yield png


def measure(cli, node):
    folder, data_name = fields.data_folder()
    with tempfile.TemporaryDirectory() as scratch, multiprocessing.Pool(PROCESSES) as pool:
        say(f"reading {data_name}")
        all_fields = fields.all_fields(folder)
        if not any(field.values.dtype == "float32" for field in all_fields):
            raise SystemExit(f"bench: no float32 fields in {data_name}")
        for field in all_fields:
            np.save(Path(scratch, field.file_name), field.values)
        files = list(readable_files(folder, scratch))
        say(f"DeepComp: {len(all_fields)} fields")
        ours = our_rows(cli, all_fields, scratch, pool)
        direct = pool.starmap(archiver.direct, [(cli, path, bound) for path in files for bound in (*BOUNDS, None)], chunksize=1)
        holes = max((f for f in all_fields if f.values.dtype == "float32"), key=lambda f: np.isnan(f.values).sum())
        payloads = archiver.nan_payloads(cli, holes, (BOUNDS[1], None), scratch)
        say("peers")
        peers = [row for rows in pool.imap_unordered(peer_rows, all_fields) for row in rows]
        pool.close()
        pool.join()
        say("speed")
        speeds = speed.measure(cli, node, all_fields, scratch)
    constant = [field.label for field in all_fields if not field.range]
    raw = {field.label: field.values.nbytes for field in all_fields}
    return {"about": about(cli, node, data_name), "raw": raw, "constant": constant, "ours": ours, "peers": peers, "direct": direct, "payloads": payloads,
            "speed": speeds, "wasm": wasm_size()}  # fmt: skip


def wasm_size():
    """Bytes of the optimised module as built, and gzip -9; None when it is not built."""
    modules = sorted((fields.ROOT / "pkg" / "wasm").glob("*.wasm"))
    return {"bytes": sum(m.stat().st_size for m in modules), "gzip": sum(len(gzip.compress(m.read_bytes(), 9, mtime=0)) for m in modules)} if modules else None


def about(cli, node, data_name):
    version = lambda command: subprocess.run([command, "--version"], capture_output=True, text=True).stdout.strip()  # noqa: E731
    packages = sorted({*PACKAGES.values(), "numpy", "eccodes", "netCDF4"})
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "cpu": cpu(), "system": platform.system(), "data": data_name, "deepcomp": version(cli),
        "rustc": version("rustc"), "node": version(node), "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in packages},
    }  # fmt: skip


def cpu():
    info = Path("/proc/cpuinfo")
    models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return f"{models[0] if models else platform.processor() or platform.machine()}, {multiprocessing.cpu_count()} cores"


def say(text):
    print(f"bench: {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cli", required=True, help="the deepcomp command line tool, release build")
    parser.add_argument("--node", required=True, help="Node, for the WASM figures")
    arguments = parser.parse_args()
    start = time.perf_counter()
    result = measure(arguments.cli, arguments.node)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "figures.json").write_text(tables.as_json(result))
    text = tables.markdown(result)
    (OUTPUT / "figures.md").write_text(text)
    print(text.split("\n## ", 2)[1])
    say(f"docs/bench/figures.md written after {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
