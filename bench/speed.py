"""Speed of one thread, native and WASM, and of SZ3, on the same float32 fields: the best of several rounds, interleaved."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import archiver
from fields import ROOT, mean
from peers import planes, sz3_decode, sz3_encode

ROUNDS = 5
WASM_ROUNDS = 3
BOUNDS = (1e-2, 1e-3, 1e-4, None)
PACKAGE = ROOT / "pkg" / "dist" / "index.js"


def measure(cli, node, fields, npy):
    """Seconds for the lot at each bound."""
    fields = [field for field in fields if field.values.dtype == "float32"]
    paths = [Path(npy, field.file_name) for field in fields]
    result = {"bytes": sum(field.values.nbytes for field in fields), "fields": len(fields), "rounds": ROUNDS, "wasm_rounds": WASM_ROUNDS, "wasm_built": PACKAGE.exists(), "rows": []}
    for bound in BOUNDS:
        with tempfile.TemporaryDirectory() as folder:
            rounds = []
            for number in range(ROUNDS):
                rounds.append(one_round(cli, fields, paths, Path(folder, "speed.dca"), bound))
                if result["wasm_built"] and number < WASM_ROUNDS:
                    rounds.append(wasm(node, paths, bound))
        keys = dict.fromkeys(key for round in rounds for key in round)
        result["rows"].append({"bound": bound} | {key: min(round[key] for round in rounds if key in round) for key in keys})
    return result


def processor_seconds():
    """Processor time of the commands run so far; with the wall time it tells whether they had a core, and only one."""
    used = os.times()
    return used.children_user + used.children_system


def one_round(cli, fields, paths, archive, bound):
    processor, start = processor_seconds(), time.perf_counter()
    report = archiver.compress(cli, paths, archive, bound)
    compressed = time.perf_counter()
    archiver.call(cli, "test", archive)
    tested = time.perf_counter()
    seconds = {"encode": report["encode_seconds"], "compress_command": compressed - start, "decode": tested - compressed}
    seconds["processor"] = processor_seconds() - processor
    seconds["bytes"] = sum(variable["archive_bytes"] for variable in report["variables"])
    return seconds | (sz3(fields, bound) if bound else {})


def sz3(fields, bound):
    """Each field as one array, the way SZ3 is fast; constant fields are left out, since they have no relative bound."""
    encode = decode = 0.0
    for field in fields:
        if field.range:
            array = mean(field.values)
            array = planes(array) if array.ndim > 2 else array
            start = time.perf_counter()
            data = sz3_encode(array, bound * field.range)
            coded = time.perf_counter()
            sz3_decode(data, array.dtype, array.shape)
            decode += time.perf_counter() - coded
            encode += coded - start
    return {"sz3_encode": encode, "sz3_decode": decode}


def wasm(node, paths, bound):
    job = {"package": PACKAGE.as_uri(), "files": [str(path) for path in paths], "rel": bound}
    run = subprocess.run([node, str(Path(__file__).with_name("wasm.mjs"))], input=json.dumps(job), capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"wasm.mjs failed: {run.stderr.strip()}")
    return json.loads(run.stdout)
