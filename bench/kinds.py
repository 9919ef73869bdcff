"""Kinds of fields that the data sets lack, made from those of training: int16 unpacked in float32, and means of packed days."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

import readers
from fields import Field

ERA5_LIKE, MEAN = "era5-like", "mean-of-days"
ROWS, COLUMNS = 721, 1440
DAYS, DECIMAL = 31, 0.01
LEAST, MOST = -32766, 32767
"""Integers of ECMWF's int16; the one below is what is missing."""


@dataclass(frozen=True)
class Source:
    path: str
    variable: str
    """How the field is called, or the end of it."""


PLANES = (
    Source("era-interim/Tpl.200508.grib", "t.isobaricInhPa.850"), Source("era-interim/Upl.200508.grib", "u.isobaricInhPa.850"), Source("era-interim/Zpl.200508.grib", "z.isobaricInhPa.500"),
    Source("gfs-wind/gfs_wind_1p00_20190926-20191005.nc", "u"), Source("cesm/TS.50days.nc", "TS"),
)  # fmt: skip
TILE_OF, TILED = PLANES[3], "tiled"
"""Planes of one degree as tiles of a quarter: as rough from value to value as a plane of one degree, while regridding makes planes smoother than any analysis is."""
DAILY = PLANES[-1]


def made(folder):
    """`(field, the integers it was packed to or None)`, from the data for training beside a folder of data; none without it."""
    folder = folder.parent / "train"
    if not all((folder / source.path).exists() for source in PLANES):
        return []
    days = volume(folder, DAILY)[:DAYS]
    name = lambda source: f"{Path(source.path).parent.name}.{source.variable}"  # noqa: E731
    packed = {name(source): regrid(volume(folder, source)[0]) for source in PLANES} | {f"{name(TILE_OF)}.{TILED}": tiled(volume(folder, TILE_OF))}
    means = {name(DAILY): mean(days), f"{name(DAILY)}.regridded": mean(np.stack([regrid(day) for day in days]))}
    like = [(Field(ERA5_LIKE, what, values), integers) for what, plane in packed.items() for values, integers in [unpacked(plane)]]
    return [*like, *((Field(MEAN, what, values), None) for what, values in means.items())]


def volume(folder, source):
    path = folder / source.path
    read = readers.grib if path.suffix == ".grib" else readers.netcdf
    return next(field.volume for field in read(path) if field.name.endswith(source.variable))


def regrid(plane):
    """Bilinear onto a quarter of a degree, round the globe."""
    rows, columns = np.linspace(0, plane.shape[0] - 1, ROWS), np.arange(COLUMNS) * plane.shape[1] / COLUMNS
    wide = np.pad(plane.astype(np.float64), ((0, 0), (0, 1)), mode="wrap")
    return map_coordinates(wide, np.meshgrid(rows, columns, indexing="ij"), order=1)


def tiled(planes):
    down, across = -(-ROWS // planes.shape[1]), COLUMNS // planes.shape[2]
    return np.block([[planes[row * across + column] for column in range(across)] for row in range(down)])[:ROWS]


def unpacked(plane):
    """Values and integers: packed as ECMWF's tools do, in float64, and unpacked as most readers do: scale, offset, product and sum each rounded to float32."""
    low, high = float(plane.min()), float(plane.max())
    scale = (high - low) / (MOST - LEAST)
    offset = (high + low - scale * (MOST + LEAST)) / 2
    integers = np.clip(np.rint((plane.astype(np.float64) - offset) / scale), LEAST, MOST)
    return integers.astype(np.float32) * np.float32(scale) + np.float32(offset), (integers - LEAST).astype(np.uint16)


def mean(days):
    """Days packed to a decimal, unpacked and averaged, all in float32."""
    packed = np.rint(days.astype(np.float64) / DECIMAL)
    return (packed.astype(np.float32) * np.float32(DECIMAL)).mean(axis=0, dtype=np.float32)
