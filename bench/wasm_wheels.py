"""Speed of peers that are built as WASM, in Python through wasmtime; one process a codec, which holds one module.

A job comes in as JSON, the seconds and bytes of all its files go out as JSON.
"""

import importlib
import json
import sys
import time

import numpy as np

CODECS = {
    "SZ3": ("numcodecs_wasm_sz3", lambda module, bound: module.Sz3(eb_mode="abs", eb_abs=bound)),
    "SPERR": ("numcodecs_wasm_sperr", lambda module, bound: module.Sperr(mode="pwe", pwe=bound)),
    "ZFP": ("numcodecs_wasm_zfp", lambda module, bound: module.Zfp(mode="fixed-accuracy", tolerance=bound)),
    "pco": ("numcodecs_wasm_pco", lambda module, _: module.Pco(level=12, mode="auto", delta="auto", paging="equal-pages-up-to")),
}
"""Module of the wheel and the codec it makes for an absolute bound."""
PACKAGES = [module.replace("_", "-") for module, _ in CODECS.values()]


def main():
    job = json.load(sys.stdin)
    module_name, make = CODECS[job["codec"]]
    module = importlib.import_module(module_name)
    total = {"encode": 0.0, "decode": 0.0, "bytes": 0}
    for path, bound in zip(job["files"], job["allowed"], strict=True):
        values = np.load(path)
        codec, decoded = make(module, bound), np.empty_like(values)
        start = time.perf_counter()
        data = codec.encode(values)
        encoded = time.perf_counter()
        codec.decode(data, decoded)
        total["decode"] += time.perf_counter() - encoded
        total["encode"] += encoded - start
        total["bytes"] += np.asarray(data).nbytes
    print(json.dumps(total))


if __name__ == "__main__":
    main()
