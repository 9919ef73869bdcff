"""Results kept between runs in the user's cache folder: sizes, errors and metrics of the peers, sizes of the ablation, never speeds.

A key is made of everything a result depends on, so nothing ever has to be cleared; DEEPCOMP_BENCH_FRESH=1 measures all anew.
"""

import functools
import hashlib
import json
import os
import sqlite3
from pathlib import Path


def digest(*parts):
    """Hash of byte strings and of anything whose `repr` tells it from others."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else repr(part).encode()
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


@functools.cache
def source_of(*modules):
    """The text of modules, so that a change of a wrapper changes the keys of its results."""
    return digest(*(Path(module.__file__).read_bytes() for module in modules))


class Store:
    def __init__(self, path):
        self.path = path
        self.fresh = bool(os.environ.get("DEEPCOMP_BENCH_FRESH"))
        with self.connection() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, value TEXT)")

    def connection(self):
        return sqlite3.connect(self.path, timeout=60)

    def get(self, key, measure):
        """The result kept under a key, or else that of `measure`."""
        with self.connection() as connection:
            kept = None if self.fresh else connection.execute("SELECT value FROM results WHERE key = ?", (key,)).fetchone()
        if kept:
            return json.loads(kept[0])
        value = measure()
        with self.connection() as connection:
            connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, json.dumps(value)))
        return value
