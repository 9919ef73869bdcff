"""What a decoded array is worth: every method is judged by these figures, taken here from the array itself."""

import numpy as np

import checks
import similarity


def figures(field, decoded, allowed):
    """Errors in the field's units; DSSIM of the worst plane. `allowed` is the largest error, None for a method without a bound."""
    volume, decoded = field.volume, decoded.reshape(field.volume.shape)
    error = checks.errors(volume, decoded)
    present = np.isfinite(volume)
    shown = np.where(present, decoded, np.nan)
    return {
        "error": float(error.max(initial=0.0)), "rmse": float(np.sqrt(np.mean(error**2))), "dssim": min(similarity.dssim(*planes) for planes in zip(volume, shown)),
        "allowed": allowed, "holds": verdict(volume, decoded, allowed),
    }  # fmt: skip


def verdict(volume, decoded, allowed):
    """As the rest of the bench has it; where values are missing they must be so again, and that is all there is to hold without a bound."""
    if (np.isfinite(volume) != np.isfinite(decoded)).any():
        return checks.BROKEN
    if allowed is None:
        return checks.HOLDS
    return checks.identical(volume, decoded) if allowed == 0 else checks.verdict(volume, decoded, allowed)
