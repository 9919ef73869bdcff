"""GeoTIFF by rasterio and rioxarray; read again by them and by GDAL's own tools."""

import re

import numpy as np
import pytest
import rasterio
import rioxarray
import xarray as xr
from pyproj import Transformer
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, Resampling
from rasterio.transform import Affine, from_origin

from comparison import bits, information, same_bytes, same_dataset, same_in_gdal, same_in_rasterio, within
from deepcomp import run

ROWS, COLUMNS = 70, 90
DEGREES = from_origin(-12.5, 48.25, 0.25, 0.25)
METRES = from_origin(399960.0, 5300040.0, 60.0, 60.0)


def pixels(kind, bands=1):
    """A smooth picture that uses a good part of the type's range."""
    row, column = np.indices((ROWS, COLUMNS))
    planes = np.stack([np.sin(column / 9 + band) * np.cos(row / 7) + 1.1 for band in range(bands)])
    return (planes * (100 if np.dtype(kind).itemsize == 1 else 1000)).astype(kind)


def tiff(path, kind="float32", bands=1, change=None, describe=None, **settings):
    """A file of those pixels; `change` alters them, `describe` the open file."""
    values = pixels(kind, bands)
    if change:
        change(values)
    profile = {"crs": CRS.from_epsg(4326), "transform": DEGREES, **settings}
    with rasterio.open(path, "w", driver="GTiff", height=ROWS, width=COLUMNS, count=bands, dtype=kind, **profile) as file:
        file.write(values)
        if describe:
            describe(file)


def gaps(values):
    values[:, 10:20, 30:50] = np.nan if values.dtype.kind == "f" else 0


def fully_described(file):
    file.update_tags(source="a test", note="Zürich & <more>")
    file.update_tags(1, units_of_measure="K")
    file.update_tags(ns="OWN", key="value")
    file.descriptions = ["first", "second", "third"]
    file.units = ["K", "m/s", ""]
    file.scales = [0.1, 0.5, 1]
    file.offsets = [273.15, 0, 0]


def palette(file):
    file.write_colormap(1, {number: (number, 255 - number, number // 2, 255) for number in range(256)})


def overviews(file):
    file.build_overviews([2, 4], Resampling.average)


def ground_control(file):
    points = [GroundControlPoint(row, column, 10 + column / 10, 50 - row / 10, 0) for row, column in ((0, 0), (0, 80), (60, 0), (60, 80))]
    file.gcps = (points, CRS.from_epsg(4326))


PLAIN = {
    **{f"{kind}": {"kind": kind} for kind in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")},
    "no_data": {"nodata": -9999.0, "change": lambda values: values.__setitem__((0, 3), -9999)},
    "not_a_number": {"nodata": float("nan"), "change": gaps},
    "bands": {"kind": "int16", "bands": 3, "nodata": -1, "describe": fully_described},
    "bands_in_turn": {"kind": "uint8", "bands": 3, "interleave": "pixel", "photometric": "RGB"},
    "bands_apart_in_tiles": {"kind": "float32", "bands": 4, "interleave": "band", "tiled": True, "blockxsize": 32, "blockysize": 16},
    "projected": {"crs": CRS.from_epsg(32633), "transform": METRES},
    "projected_by_parameters": {"crs": CRS.from_string("+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m"), "transform": METRES},
    "rotated": {"transform": DEGREES * Affine.rotation(30)},
    "without_place": {"crs": None, "transform": Affine.identity()},
    "big_endian": {"endianness": "BIG", "kind": "int16"},
    "wide_offsets": {"BIGTIFF": "YES"},
    "palette": {"kind": "uint8", "describe": palette},
    "ground_control": {"describe": ground_control, "transform": Affine.identity(), "crs": None},
}

PACKED = {
    "deflate_1": {"compress": "deflate", "predictor": 1, "kind": "int16"},
    "deflate_2": {"compress": "deflate", "predictor": 2, "kind": "uint16"},
    "deflate_2_of_64_bits": {"compress": "deflate", "predictor": 2, "kind": "int64"},
    "deflate_3": {"compress": "deflate", "predictor": 3, "kind": "float32", "nodata": float("nan"), "change": gaps},
    "deflate_3_of_64_bits": {"compress": "deflate", "predictor": 3, "kind": "float64", "tiled": True, "blockxsize": 64, "blockysize": 32},
    "lzw": {"compress": "lzw", "kind": "uint8", "bands": 3, "interleave": "pixel", "photometric": "RGB"},
    "lzw_2": {"compress": "lzw", "predictor": 2, "kind": "int32", "bands": 2, "interleave": "pixel", "tiled": True, "blockxsize": 32, "blockysize": 32},
    "lzw_3_big_endian": {"compress": "lzw", "predictor": 3, "kind": "float32", "endianness": "BIG"},
    "packbits": {"compress": "packbits", "kind": "uint8", "nodata": 0, "change": gaps},
    "described": {"compress": "deflate", "kind": "int16", "bands": 3, "nodata": -1, "describe": fully_described},
    "palette_packed": {"compress": "lzw", "kind": "uint8", "describe": palette},
    "projected_packed": {"compress": "deflate", "crs": CRS.from_epsg(3035), "transform": METRES},
    "sparse": {"compress": "deflate", "SPARSE_OK": True, "nodata": 0, "tiled": True, "blockxsize": 16, "blockysize": 16, "change": lambda values: values.fill(0)},
    "with_overviews": {"compress": "deflate", "kind": "int16", "describe": overviews},
}

UNREAD = {
    "jpeg": {"compress": "jpeg", "kind": "uint8"},
    "zstandard": {"compress": "zstd"},
    "lerc": {"compress": "lerc"},
    "half_bytes": {"kind": "uint8", "nbits": 4, "change": lambda values: values.__ifloordiv__(16)},
    "complex": {"kind": "complex64"},
}


@pytest.mark.parametrize("name", PLAIN)
def test_without_compression_files_come_back_byte_for_byte(name, deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, **PLAIN[name])
    same_bytes(source, deepcomp.round_trip(source))
    assert "source" in run(deepcomp.cli, "list", deepcomp.compress(source)) and len(own_values(deepcomp, source)) > 0


def own_values(deepcomp, source):
    """The arrays of a file, which there are only if it was understood."""
    return np.load(deepcomp.saved_as(source, "npz"))


def same_everywhere(source, back):
    same_in_rasterio(source, back)
    same_in_gdal(source, back)
    found = run("gdalcompare.py", source, back, status=None)
    # Bytes differ and overviews are left out, as we say; and to it NaN is not NaN.
    assert re.sub(r"Files differ at .*|Band \d+ nodata values differ.\n.*: +nan\n.*: +nan|Band \d+ overview count.*\n.*\n.*: +0|Differences Found: \d", "", found).strip() == ""
    for masked in (False, True):
        with rioxarray.open_rasterio(source, masked=masked) as theirs, rioxarray.open_rasterio(back, masked=masked) as ours:
            same_dataset(*(array.to_dataset(name="values") for array in (theirs, ours)), without={"preferred_chunks"})
            assert theirs.rio.crs == ours.rio.crs
            assert theirs.rio.transform() == ours.rio.transform()
            assert bits(theirs.rio.nodata) == bits(ours.rio.nodata)


@pytest.mark.parametrize("name", PACKED)
def test_packed_files_say_the_same(name, deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, **PACKED[name])
    back = deepcomp.round_trip(source)
    same_everywhere(source, back)
    assert len(own_values(deepcomp, source)) > 0


def test_a_cog_says_the_same(deepcomp):
    plain, source = deepcomp.folder / "plain.tif", deepcomp.folder / "source.tif"
    tiff(plain, kind="float32", nodata=-9999.0, crs=CRS.from_epsg(32633), transform=METRES)
    run("gdal_translate", "-q", "-of", "COG", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=YES", "-co", "BLOCKSIZE=128", "-co", "OVERVIEWS=FORCE_USE_EXISTING", plain, source)
    same_everywhere(source, deepcomp.round_trip(source))


def test_a_file_of_rioxarray_says_the_same(deepcomp):
    source = deepcomp.folder / "source.tif"
    values = pixels("float32", 2)
    gaps(values)
    axes = {"band": [1, 2], "y": 48 - 0.25 * np.arange(ROWS), "x": -12 + 0.25 * np.arange(COLUMNS)}
    array = xr.DataArray(values, dims=("band", "y", "x"), coords=axes, attrs={"long_name": ("warm", "cold"), "scale_factor": 1.0})
    array.rio.write_crs("EPSG:4258").rio.write_nodata(np.nan, encoded=True).rio.to_raster(source, compress="DEFLATE", tags={"made": "here"})
    same_everywhere(source, deepcomp.round_trip(source))


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_kept_whole(name, deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, **UNREAD[name])
    same_bytes(source, deepcomp.round_trip(source))


@pytest.mark.parametrize("name", ["not_a_number", "no_data", "described", "lzw_2"])
def test_a_bound_holds_and_the_rest_is_the_same(name, deepcomp):
    source = deepcomp.folder / "source.tif"
    settings = (PLAIN | PACKED)[name]
    tiff(source, **settings)
    back = deepcomp.round_trip(source, "--abs", 3)
    with rasterio.open(source) as theirs, rasterio.open(back) as ours:
        before, after = (np.ma.filled(file.read(masked=True).astype("f8"), np.nan) for file in (theirs, ours))
    assert within(before, after, 3) > 0.5
    assert without_values(source) == without_values(back)


def without_values(path):
    told = information(path)
    for band in told["bands"]:
        for key in ("checksum", "min", "max", "mean", "stdDev", "computedMin", "computedMax"):
            band.pop(key, None)
    # What the bound did is said, which is looked at in test_truth.py.
    told["metadata"][""] = {name: value for name, value in told["metadata"].get("", {}).items() if not name.startswith("deepcomp_")}
    return told


# ------------------------------------------------------------------------------------------------------------------ In another format


@pytest.mark.parametrize("form", ["netcdf", "netcdf4"])
@pytest.mark.parametrize("name", ["not_a_number", "projected", "bands"])
def test_as_netcdf_pixels_lie_where_they_were(name, form, deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, **PLAIN[name])
    saved = deepcomp.saved_as(source, form)
    with rioxarray.open_rasterio(source) as theirs, xr.open_dataset(saved, mask_and_scale=False, decode_coords="all") as dataset:
        ours = dataset["source"]
        x, y = ours.dims[-1], ours.dims[-2]
        ours = ours.rio.set_spatial_dims(x, y)
        assert bits(ours.values) == bits(theirs.values.reshape(ours.shape))
        assert np.array_equal(ours[x].values, theirs.x.values)
        assert np.array_equal(ours[y].values, theirs.y.values)
        assert ours.rio.crs == theirs.rio.crs
        assert np.allclose(ours.rio.transform(), theirs.rio.transform(), rtol=1e-12)
        if theirs.rio.nodata is not None:
            assert bits(np.asarray(ours.attrs["_FillValue"], "f8")) == bits(np.asarray(theirs.rio.nodata, "f8"))


@pytest.mark.parametrize("name", ["not_a_number", "projected", "bands"])
def test_as_tiff_it_is_the_same_tiff(name, deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, **PLAIN[name])
    same_bytes(source, deepcomp.saved_as(source, "tiff"))


# ------------------------------------------------------------------------------------------------------------- Systems without a number

SPHERE, GRS80 = "+R=6371229", "+ellps=GRS80"
SHARED = {
    "transverse_mercator": f"+proj=tmerc +lat_0=10 +lon_0=15 +k=0.9996 +x_0=500000 +y_0=100 {GRS80}",
    "mercator_scale": f"+proj=merc +lon_0=10 +k=0.99 +x_0=1 +y_0=2 {GRS80}",
    "mercator_parallel": f"+proj=merc +lon_0=10 +lat_ts=40 {GRS80}",
    "lambert_two": f"+proj=lcc +lat_1=30 +lat_2=50 +lat_0=40 +lon_0=-97 {SPHERE}",
    "lambert_one": f"+proj=lcc +lat_1=25 +lat_0=25 +lon_0=265 {SPHERE}",
    "polar_parallel": f"+proj=stere +lat_0=90 +lat_ts=60 +lon_0=-45 {SPHERE}",
    "polar_south": "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +ellps=WGS84",
    "polar_scale": "+proj=stere +lat_0=90 +lon_0=-45 +k=0.994 +ellps=WGS84",
    "stereographic": "+proj=stere +lat_0=52 +lon_0=5 +k=0.9 +ellps=bessel",
    "albers": "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +datum=NAD83",
    "azimuthal_equal_area": f"+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 {GRS80}",
    "azimuthal_equidistant": "+proj=aeqd +lat_0=52 +lon_0=10 +ellps=WGS84",
    "orthographic": "+proj=ortho +lat_0=52 +lon_0=10 +R=6371000",
    "sinusoidal": "+proj=sinu +lon_0=10 +R=6371007.181",
    "cylindrical_equal_area": "+proj=cea +lat_ts=30 +lon_0=10 +datum=WGS84",
    "zone_of_another_figure": "+proj=utm +zone=33 +ellps=intl",
    "sphere": f"+proj=longlat {SPHERE}",
}
ONE_SIDED = {
    "oblique_stereographic": "+proj=sterea +lat_0=52 +lon_0=5 +k=0.9999 +ellps=bessel",
    "equidistant_cylindrical": "+proj=eqc +lat_ts=30 +lon_0=10 +datum=WGS84",
    "robinson": "+proj=robin +lon_0=0 +datum=WGS84",
    "mollweide": "+proj=moll +lon_0=0 +datum=WGS84",
    "geostationary": "+proj=geos +h=35785831 +lon_0=0 +sweep=y +datum=WGS84",
    "feet": "+proj=lcc +lat_1=30 +lat_2=50 +lat_0=40 +lon_0=-97 +datum=NAD83 +units=us-ft",
}


def same_places(theirs, ours):
    """Whether two systems put the same numbers at the same places, whatever they are called."""
    assert ours, "there is no system"
    there = Transformer.from_crs(theirs.to_wkt(), ours.to_wkt(), always_xy=True)
    for point in ((10.0, 50.0), (11.0, 51.0)) if theirs.is_geographic else ((400000.0, 5300000.0), (-100000.0, 200000.0)):
        assert np.allclose(there.transform(*point), point, rtol=0, atol=1e-3), f"{theirs.to_wkt()} is not {ours.to_wkt()}"


def crs_of(path):
    with rasterio.open(path) as file:
        return file.crs


@pytest.mark.parametrize("name", SHARED | ONE_SIDED)
def test_systems_without_a_number_survive_netcdf(name, deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, crs=CRS.from_string((SHARED | ONE_SIDED)[name]), transform=DEGREES if name == "sphere" else METRES)
    saved = deepcomp.saved_as(source, "netcdf")
    if name in SHARED:
        with xr.open_dataset(saved, decode_coords="all") as dataset:
            same_places(crs_of(source), dataset["source"].rio.crs)
        # GDAL does not know this one in NetCDF.
        if name != "sinusoidal":
            same_places(crs_of(source), crs_of(saved))
    back = deepcomp.saved_as(saved, "tiff")
    same_places(crs_of(source), crs_of(back))


@pytest.mark.parametrize("name", SHARED | ONE_SIDED)
def test_systems_of_gdal_in_netcdf_survive_tiff(name, deepcomp):
    plain, source = deepcomp.folder / "plain.tif", deepcomp.folder / "source.nc"
    tiff(plain, crs=CRS.from_string((SHARED | ONE_SIDED)[name]), transform=DEGREES if name == "sphere" else METRES)
    run("gdal_translate", "-q", "-of", "netCDF", plain, source)
    same_places(crs_of(plain), crs_of(deepcomp.saved_as(source, "tiff")))


@pytest.mark.parametrize("system", ["EPSG:4326", "EPSG:32633", SHARED["lambert_two"]])
@pytest.mark.parametrize("point", [False, True])
def test_a_rotated_matrix_survives_netcdf(system, point, deepcomp):
    source = deepcomp.folder / "source.tif"
    crs = CRS.from_string(system)
    transform = (DEGREES if crs.is_geographic else METRES) * Affine.rotation(30)
    tiff(source, crs=crs, transform=transform, describe=(lambda file: file.update_tags(AREA_OR_POINT="Point")) if point else None)
    saved = deepcomp.saved_as(source, "netcdf")
    with xr.open_dataset(saved, decode_coords="all") as dataset:
        assert np.allclose(dataset["source"].rio.transform(), transform, rtol=1e-12)
        same_places(crs, dataset["source"].rio.crs)
    with rasterio.open(deepcomp.saved_as(saved, "tiff")) as back:
        assert np.allclose(back.transform, transform, rtol=1e-12)
        same_places(crs, back.crs)


def test_ground_control_points_survive_netcdf(deepcomp):
    source = deepcomp.folder / "source.tif"
    tiff(source, **PLAIN["ground_control"])
    back = deepcomp.saved_as(deepcomp.saved_as(source, "netcdf"), "tiff")
    with rasterio.open(source) as theirs, rasterio.open(back) as ours:
        places = [[(p.row, p.col, p.x, p.y, p.z) for p in file.gcps[0]] for file in (theirs, ours)]
        assert len(places[0]) == 4 and places[0] == places[1]
        assert theirs.gcps[1] == ours.gcps[1]
