"""The tests by which climate scientists accept compressed data, after Baker et al. 2017 and 2022 and their tool ldcpy, written apart from the
ones in `src/metrics`. Arrays are volumes (planes, rows, columns); values missing in the source are left out."""

import warnings

import numpy as np
from scipy.ndimage import correlate1d
from scipy.stats import ks_2samp

import checks

WINDOW = 11
"""Side of the window of DSSIM, in points; smaller planes have none."""
WINDOW_SIGMA = 1.5
STABILISER = 1e-8
GREYS = 255
RELATIVE_TOLERANCE = 1e-4
def measure(source, decoded):
    """All figures of one field; errors in its units, the spatial relative error as a share of the values. The worst plane counts where a figure is of planes."""
    decoded = np.where(np.isfinite(source), decoded, np.nan)
    present = np.isfinite(source)
    error = checks.errors(source, decoded)
    return {
        "pearson": pearson(source[present].astype(np.float64), decoded[present].astype(np.float64)),
        "ks_p": min(kolmogorov_smirnov(*planes) for planes in zip(source, decoded)),
        "spatial_relative_error": spatial_relative_error(error, np.abs(source[present].astype(np.float64))),
        "dssim": min(dssim(*planes) for planes in zip(source, decoded)),
        "largest_error": float(error.max()),
        "rms_error": float(np.sqrt(np.mean(error**2))),
    }


def pearson(x, y):
    """Pearson's r."""
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))


def kolmogorov_smirnov(x, y):
    """p of the two-sample test; 1 for a plane without values."""
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(ks_2samp(x, y).pvalue) if x.size else 1.0


def spatial_relative_error(error, size):
    """Share of values whose error is above 1e-4 of their size, or above 1e-4 where they are 0."""
    return float(np.mean(error / np.where(size == 0, 1, size) > RELATIVE_TOLERANCE))


def dssim(x, y):
    """Mean similarity of all windows without a missing value; 1 for a plane that has none."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        low, high = np.nanmin([x, y]), np.nanmax([x, y])
    x, y = (np.rint((plane - low) / ((high - low) or 1) * GREYS) / GREYS for plane in (x, y))
    mean_x, mean_y = blurred(x), blurred(y)
    variances = blurred(x * x) - mean_x**2 + blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + STABILISER) / (mean_x**2 + mean_y**2 + STABILISER)
    similarity = luminance * (2 * covariance + STABILISER) / (variances + STABILISER)
    return float(np.nanmean(similarity)) if np.isfinite(similarity).any() else 1.0


def blurred(plane):
    """Gaussian means of the windows that lie within the plane."""
    half = WINDOW // 2
    bell = np.exp(-0.5 * (np.arange(-half, half + 1) / WINDOW_SIGMA) ** 2)
    for axis in (0, 1):
        plane = correlate1d(plane, bell / bell.sum(), axis, mode="constant")
    return plane[half:-half, half:-half]
