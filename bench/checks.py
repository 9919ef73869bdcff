"""What a decoded array is held against: the source itself, in float64."""

import numpy as np

HOLDS, ULP, BROKEN = "holds", "ulp", "broken"
"""Within the bound; over it by no more than one unit in the last place of the value's own type; over it by more."""


def errors(source, decoded):
    """|decoded − source| of the values that are not missing, as flat float64."""
    present = np.isfinite(source)
    return np.abs(decoded[present].astype(np.float64) - source[present].astype(np.float64))


def largest_error(source, decoded):
    return float(errors(source, decoded).max(initial=0.0))


def same_missing(source, decoded):
    """Whether all values that are not finite have the bits they had."""
    missing = ~np.isfinite(source)
    bits = f"u{source.itemsize}"
    return bool((np.isfinite(decoded) == ~missing).all()) and bool((source.view(bits)[missing] == decoded.view(bits)[missing]).all())


def verdict(source, decoded, allowed):
    """HOLDS, ULP or BROKEN; a value that is not finite where the source is counts as broken."""
    excess = errors(source, decoded) - allowed
    if (excess <= 0).all():
        return HOLDS
    present = np.isfinite(source)
    unit = np.spacing(np.maximum(np.abs(source[present]), np.abs(decoded[present])).astype(source.dtype))
    return ULP if (excess <= unit).all() else BROKEN


def identical(source, decoded):
    """HOLDS or BROKEN, by the bits."""
    return HOLDS if decoded.tobytes() == source.tobytes() else BROKEN
