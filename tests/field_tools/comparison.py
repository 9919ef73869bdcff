"""Whether two files say the same, in the words of the libraries and tools that people open them with."""

import json
import re
from pathlib import Path

import netCDF4
import numpy as np
import rasterio
import xarray as xr

from deepcomp import run

PACKING = ",".join((Path(__file__).parent / "packing_keys.txt").read_text().split())
"""What is packed otherwise when a GRIB message comes back simply packed, and says nothing of values."""


def bits(array):
    """Bytes of an array in memory order of its shape, so that NaN payloads and signed zeros count."""
    array = np.asarray(array)
    return [str(item) for item in array.ravel()] if array.dtype.kind == "O" else np.ascontiguousarray(array).tobytes()


def plain(value):
    """Type and content of an attribute or a setting, to be compared with `==`."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (str, bool, type(None))):
        return value
    array = np.asarray(value)
    return (str(array.dtype), array.shape, bits(array))


def same_array(before, after, name=""):
    assert (name, before.dtype, before.shape) == (name, after.dtype, after.shape)
    # pytest would take minutes to tell where long bytes differ.
    same = bits(before) == bits(after)
    assert same, f"{name}: {before} became {after}"


def same_bytes(before, after):
    theirs, ours = before.read_bytes(), after.read_bytes()
    same = theirs == ours
    first = next((at for at, pair in enumerate(zip(theirs, ours)) if pair[0] != pair[1]), min(len(theirs), len(ours)))
    assert same, f"{after} has {len(ours)} bytes instead of {len(theirs)}, the first that differs at {first}"


SETTINGS = {"source", "filename"}
"""What xarray says of where a file is, not of what it holds."""


def encoding(item, without=()):
    return {key: plain(value) for key, value in item.encoding.items() if key not in SETTINGS | set(without)}


def as_before(attributes):
    """Without what we say of bounds."""
    others = {name: value for name, value in attributes.items() if not name.startswith("deepcomp_")}
    if str(others.get("history", "")).startswith("DeepComp archive "):
        _, _, others["history"] = others["history"].partition("\n")
        if not others["history"]:
            del others["history"]
    return others


def same_dataset(before, after, without=(), changed=()):
    """Two datasets of xarray: dimensions, names and their order, types, values bit by bit but for those that a bound was given for, attributes, and how they are stored."""
    assert dict(before.sizes) == dict(after.sizes)
    assert list(before.variables) == list(after.variables)
    assert set(before.coords) == set(after.coords)
    told = as_before(after.attrs)
    assert list(before.attrs) == list(told)
    assert plain(before.attrs) == plain(told)
    assert encoding(before, without) == encoding(after, without)
    for name in before.variables:
        ours, theirs = after.variables[name], before.variables[name]
        assert theirs.dims == ours.dims, name
        told = as_before(ours.attrs) if name in changed else ours.attrs
        assert (name, list(theirs.attrs)) == (name, list(told))
        assert (name, plain(theirs.attrs)) == (name, plain(told))
        assert (name, encoding(theirs, without)) == (name, encoding(ours, without))
        if name not in changed:
            same_array(theirs.values, ours.values, name)


def same_in_xarray(before, after, engine, without=(), changed=(), decode=True):
    """All groups of two NetCDF files, as they are stored and as they are meant."""
    for decoded in (False, True)[: 1 + decode]:
        settings = {"engine": engine, "decode_cf": decoded}
        if decoded:
            settings["decode_times"] = xr.coders.CFDatetimeCoder(use_cftime=True)
        assert groups(before) == groups(after)
        for group in groups(before):
            with xr.open_dataset(before, group=group, **settings) as theirs, xr.open_dataset(after, group=group, **settings) as ours:
                same_dataset(theirs, ours, without, changed)


def groups(path):
    """Paths of all groups; none for the file itself."""

    def below(group, path):
        return [path, *(deeper for name, inner in group.groups.items() for deeper in below(inner, f"{path or ''}/{name}"))]

    with netCDF4.Dataset(path) as file:
        return below(file, None)


def dump(path, *options):
    """What `ncdump` says of a file but for its name and the library that wrote it."""
    lines = run("ncdump", "-p", "9,17", *options, path).splitlines()[1:]
    return [line for line in lines if not re.search(":_(NCProperties|SuperblockVersion|IsNetcdf4) ", line)]


def same_dump(before, after):
    for options in ([], ["-s"]):
        assert dump(before, *options) == dump(after, *options)


def same_in_cdo(before, after):
    """No record differs, nor what CDO makes of grids, levels, times and parameters."""
    run("cdo", "-s", "diffn", before, after)
    # But for how GRIB is packed.
    theirs, ours = (re.sub(r" (jpeg|aec)\b| +P\d+[ a-z]*(?=: )", "", run("cdo", "-s", "sinfon", path)) for path in (before, after))
    assert theirs == ours


def information(path):
    """What GDAL says of a file but for its name and how its pixels lie in it."""
    told = json.loads(run("gdalinfo", "-json", "-checksum", "-mdd", "all", path))
    for key in ("description", "files"):
        told.pop(key, None)
    storage = told["metadata"].get("IMAGE_STRUCTURE", {})
    for key in ("COMPRESSION", "LAYOUT", "PREDICTOR", "COMPRESSION_REVERSIBILITY"):
        storage.pop(key, None)
    for domain in ("DERIVED_SUBDATASETS", "COLOR_PROFILE"):
        told["metadata"].pop(domain, None)
    for band in told["bands"]:
        for key in ("block", "overviews"):
            band.pop(key, None)
    return told


def same_in_gdal(before, after):
    assert information(before) == information(after)


def tags(dataset):
    """All that rasterio tells of a picture apart from its pixels."""
    storage = {"compress", "tiled", "blockxsize", "blockysize", "predictor"}
    bands = dataset.indexes
    return {
        "profile": {key: value for key, value in dataset.profile.items() if key not in storage and key != "nodata"},
        "nodata": [plain(value) for value in dataset.nodatavals],
        "tags": dataset.tags(),
        "bands": [dataset.tags(band) for band in bands],
        "colours": [str(colour) for colour in dataset.colorinterp],
        "texts": (dataset.descriptions, dataset.units, dataset.scales, dataset.offsets),
        "palettes": [dataset.colormap(band) if dataset.colorinterp[band - 1].name == "palette" else None for band in bands],
        "points": [[point.asdict() for point in dataset.gcps[0]], dataset.gcps[1]],
        "masks": dataset.mask_flag_enums,
    }


def same_in_rasterio(before, after):
    with rasterio.open(before) as theirs, rasterio.open(after) as ours:
        assert tags(theirs) == tags(ours)
        same_array(theirs.read(), ours.read())


def within(before, after, bound, scale=1.0):
    """Largest difference of values, which the bound holds; missing in the same places. Packed values are compared as they are stored, since unpacking them rounds."""
    before, after = (np.asarray(array).astype(np.float64) for array in (before, after))
    assert before.shape == after.shape
    assert (np.isnan(before) == np.isnan(after)).all()
    kept = ~np.isnan(before)
    infinite = np.isinf(before)
    assert (before[infinite] == after[infinite]).all()
    kept &= ~infinite
    error = np.abs(before[kept] - after[kept]).max(initial=0.0) * scale
    assert error <= bound, f"{error} is more than {bound}"
    return error
