"""Peak memory of the command line tool on the largest field alone, less that of a tiny one."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from bounds import LOSSLESS, RELATIVE

TIME = "/usr/bin/time"
TINY = np.arange(4, dtype=np.float32).reshape(2, 2)


def measure(cli, field, npy):
    """Bytes above the baseline of `compress` and `extract`, and the field's own; None without GNU time."""
    if not shutil.which(TIME):
        return None
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder, "tiny.npy")
        np.save(tiny, TINY)
        rows = []
        for bound in (*RELATIVE, LOSSLESS):
            baseline, peak = peaks(cli, tiny, bound, folder), peaks(cli, Path(npy, field.file_name), bound, folder)
            rows.append({"bound": str(bound)} | {command: peak[command] - baseline[command] for command in peak})
    return {"field": field.label, "bytes": field.values.nbytes, "rows": rows}


def peaks(cli, path, bound, folder):
    """Peak resident bytes of both commands."""
    archive = Path(folder, "memory.dca")
    return {
        "compress": resident([cli, "compress", path, "-o", archive, *bound.arguments]),
        "extract": resident([cli, "extract", archive, "-C", Path(folder, "out"), "--force"]),
    }


def resident(command):
    report = subprocess.run([TIME, "-f", "peak %M KiB", *map(str, command)], capture_output=True, text=True, check=True).stderr
    return 1024 * int(re.search(r"^peak (\d+) KiB$", report, re.MULTILINE)[1])
