"""tomoz, a learned coder of 16-bit volumes: it is handed the integers that values stand for, and not what makes values of them again, so it is no peer among the others."""

import numpy as np
import tomoz

import checks
import lattice
import store
from versions import version

NAME, PACKAGE = "tomoz", "tomoz"
RULE = 16
"""Bytes of the scale and the offset of a lattice."""


def row(field, integers, kept):
    """With the integers where they are known from how the field was made."""
    key = store.digest(field.content, integers is None, NAME, version(PACKAGE), store.source_of(lattice, checks), RULE)
    return kept.get(key, lambda: measured(lattice.integers(field.values) if integers is None else [(integers[None], 1)]))


def measured(found):
    """Bytes of the smaller of one lattice for all planes and one for each; `verdict` is of the integers, and nothing is said of values made of them."""
    ways = [(tomoz.encode(volume, threads=1), volume, lattices) for volume, lattices in found]
    if not ways:
        return {"not_applicable": f"no lattice of at most {lattice.MOST_STEPS + 1:,} steps"}
    data, volume, lattices = min(ways, key=lambda way: len(way[0]) + RULE * way[2])
    return {"bytes": len(data) + RULE * lattices, "verdict": checks.identical(volume, np.asarray(tomoz.decode(data, threads=1)))}
