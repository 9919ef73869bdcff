"""NetCDF by xarray, netCDF4, h5netcdf, scipy and h5py; read again by them, `ncdump` and CDO."""

import cftime
import h5py
import netCDF4
import numpy as np
import pandas as pd
import pytest
import rasterio
import rioxarray
import xarray as xr

from comparison import bits, dump, same_array, same_bytes, same_dump, same_in_cdo, same_in_xarray, within
from deepcomp import run

ROWS, COLUMNS, TIMES = 12, 20, 5


def wave(*shape, seed=0):
    """Smooth numbers with a little noise."""
    noise = np.random.default_rng(seed).normal(size=shape)
    index = np.indices(shape)
    return 15 + 10 * np.sin(index[-1] / 4 + seed) * np.cos(index[-2] / 3) + index[0] + 0.05 * noise


def climate():
    """A field as float32 with gaps, one that is to be packed, one in double, one of classes, on latitudes, longitudes and times with bounds."""
    values = wave(TIMES, ROWS, COLUMNS).astype("f4")
    values[:, 3:6, 4:9] = np.nan
    dimensions = ("time", "lat", "lon")
    times = pd.date_range("2001-01-01", periods=TIMES, freq="MS")
    dataset = xr.Dataset(
        {
            "tas": (dimensions, values, {"units": "degC", "long_name": "air temperature", "cell_methods": "time: mean", "valid_range": np.array([-90, 60], "f4")}),
            "pr": (dimensions, np.where(np.isnan(values), np.nan, wave(TIMES, ROWS, COLUMNS, seed=1)), {"units": "mm"}),
            "zg": (("lat", "lon"), wave(ROWS, COLUMNS, seed=2) * 100, {"units": "m", "grid_mapping": "crs"}),
            "mask": (("lat", "lon"), (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 7 // 3).astype("i1"), {"flag_values": np.array([0, 1, 2], "i1")}),
            "crs": ((), np.int32(0), {"grid_mapping_name": "latitude_longitude", "semi_major_axis": 6371229.0}),
        },
        {
            "time": ("time", times, {"axis": "T"}),
            "lat": ("lat", np.linspace(-55, 55, ROWS), {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", np.arange(COLUMNS) * 18.0, {"units": "degrees_east", "standard_name": "longitude"}),
            "height": ((), 2.0, {"units": "m", "positive": "up"}),
        },
        {"title": "Ä test", "Conventions": "CF-1.8", "version": np.int32(3), "numbers": np.array([1.5, 2.5])},
    )
    dataset.time.encoding = {"units": "days since 1850-01-01", "dtype": "f8"}
    dataset.pr.encoding = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 20.0, "_FillValue": np.int16(-32768)}
    dataset.tas.encoding = {"_FillValue": np.float32(-999)}
    dataset.mask.encoding = {"_FillValue": None}
    return dataset


# ---------------------------------------------------------------------------------------------------------------------- Classic files


def classic_by_scipy(path):
    """Without scalars, which scipy writes over the second record."""
    climate().drop_vars(["crs", "height"]).to_netcdf(path, engine="scipy", format="NETCDF3_CLASSIC", unlimited_dims="time")


def offsets_of_64_bits_by_scipy(path):
    climate().to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


def classic(path):
    climate().to_netcdf(path, engine="netcdf4", format="NETCDF3_CLASSIC")


def offsets_of_64_bits(path):
    climate().to_netcdf(path, engine="netcdf4", format="NETCDF3_64BIT", unlimited_dims="time")


def data_of_64_bits(path):
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_DATA") as file:
        file.createDimension("t", None)
        file.createDimension("x", 7)
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
            variable = file.createVariable(f"v_{kind}", kind, ("t", "x"))
            variable.setncattr("valid_max", np.array(100, kind))
            variable[0:3] = np.arange(21).reshape(3, 7) * 5
        file.createVariable("largest", "u8", ("x",))[:] = np.array([2**64 - 1 - n for n in range(7)], "u8")


def classic_text(path):
    """Characters, times of 360 days a year, an odd number of records and of bytes in each, one record variable alone."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        for name, length in (("time", None), ("letters", 5), ("station", 3)):
            file.createDimension(name, length)
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "hours since 2000-02-28 12:00", "360_day"
        time[:] = cftime.date2num([cftime.Datetime360Day(2000, 2, 30, hour) for hour in (0, 6, 12)], time.units, time.calendar)
        names = file.createVariable("name", "S1", ("station", "letters"))
        names[:] = netCDF4.stringtochar(np.array(["Oslo", "Bonn", "Kyiv!"], "S5"))
        flags = file.createVariable("flag", "i1", ("time", "station"))
        flags[:] = np.arange(9).reshape(3, 3)


def classic_without_values(path):
    """Records to come."""
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        file.createDimension("time", None)
        file.createDimension("x", 3)
        file.createVariable("time", "f8", ("time",)).units = "days since 1900-01-01"
        file.createVariable("v", "f4", ("time", "x"))
        file.createVariable("x", "i2", ("x",))[:] = [1, 2, 3]


CLASSIC = [classic_by_scipy, offsets_of_64_bits_by_scipy, classic, offsets_of_64_bits, data_of_64_bits, classic_text, classic_without_values]


@pytest.mark.parametrize("make", CLASSIC)
def test_classic_files_come_back_byte_for_byte(make, deepcomp):
    source = deepcomp.folder / "source.nc"
    make(source)
    back = deepcomp.round_trip(source)
    same_bytes(source, back)
    same_in_xarray(source, back, "netcdf4")
    if make is not data_of_64_bits:
        same_in_xarray(source, back, "scipy")


# ------------------------------------------------------------------------------------------------------------------------------ NetCDF-4


def compressed(path):
    """As models and their archives write: chunks, deflate, shuffle, unlimited time."""
    dataset = climate()
    dataset.tas.encoding |= {"zlib": True, "complevel": 4, "shuffle": True, "chunksizes": (1, ROWS, COLUMNS)}
    dataset.pr.encoding |= {"zlib": True, "complevel": 1, "shuffle": False, "chunksizes": (2, 5, 7)}
    dataset.zg.encoding = {"zlib": True, "complevel": 9, "shuffle": True, "fletcher32": True}
    dataset.to_netcdf(path, engine="netcdf4", unlimited_dims="time")


def compressed_by_h5netcdf(path):
    dataset = climate()
    dataset.tas.encoding |= {"compression": "gzip", "compression_opts": 6, "shuffle": True, "chunksizes": (1, ROWS, COLUMNS)}
    dataset.zg.encoding = {"fletcher32": True, "chunksizes": (5, 5)}
    dataset.to_netcdf(path, engine="h5netcdf", unlimited_dims="time")


def contiguous(path):
    climate().to_netcdf(path, engine="netcdf4")


def classic_model(path):
    climate().to_netcdf(path, engine="netcdf4", format="NETCDF4_CLASSIC")


def all_types(path):
    """Numbers of every type and byte order, their extremes, scalars, empty dimensions, several unlimited ones."""
    with netCDF4.Dataset(path, "w") as file:
        for name, length in (("a", None), ("b", None), ("x", 4), ("nothing", 0)):
            file.createDimension(name, length)
        for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
            low, high = (np.finfo(kind).min, np.finfo(kind).max) if kind[0] == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
            for order in ("little", "big"):
                variable = file.createVariable(f"{kind}_{order}", kind, ("x",), endian=order, fill_value=False if kind == "u1" else None)
                variable[:] = np.array([low, high, 0, 7], kind)
            variable.setncattr("own", np.array([low, high], kind))
            file.createVariable(f"{kind}_single", kind, ())[...] = 3
            file.createVariable(f"{kind}_empty", kind, ("nothing", "x"))
        file.createVariable("grows", "f4", ("a", "b"), zlib=True, fill_value=-1.0)[0:3, 0:2] = [[1, 2], [3, 4], [-1, 5]]
        odd = file.createVariable("odd", "f8", ("x",), fill_value=np.nan)
        odd[:] = np.array([0x7FF8000000000001, 0xFFF8000000000000, 0x8000000000000000, 0x7FF0000000000000], "u8").view("f8")


def strings(path):
    """Text as strings and as characters, in variables and attributes, with letters of several bytes and empty ones."""
    dataset = xr.Dataset(
        {
            "name": ("station", np.array(["Zürich", "", "東京"], object), {"kinds": ["a", "bc"], "kind": "text"}),
            "code": ("station", np.array([b"ZRH", b"", b"TYO"], "S3")),
            "open": ("station", [True, False, True]),
        },
        {"station": ("station", np.array(["x", "yy", "zzz"], object))},
        {"history": "line 1\nline 2", "empty": ""},
    )
    dataset.to_netcdf(path, engine="netcdf4")


def groups(path):
    """Groups in groups, dimensions of the outer ones used within, attributes of every one, the same name twice."""
    with netCDF4.Dataset(path, "w") as file:
        file.title = "outer"
        file.createDimension("time", None)
        file.createDimension("x", 6)
        file.createVariable("time", "f8", ("time",)).units = "days since 2000-01-01"
        file["time"][:] = np.arange(4)
        for number, name in enumerate(("model", "observed")):
            group = file.createGroup(name)
            group.source = f"a {name}"
            group.createDimension("y", 5 + number)
            group.createVariable("y", "f4", ("y",))[:] = np.arange(5 + number)
            group.createVariable("t", "f4", ("time", "y", "x"), zlib=True, fill_value=-9.0)[:] = wave(4, 5 + number, 6)
        deep = file.createGroup("model/inner/deep")
        deep.createVariable("t", "i2", ("y", "x"))[:] = np.arange(30).reshape(5, 6)
        deep.note = np.array([1, 2, 3])
        file.createGroup("empty").note = "nothing here"


def calendars(path):
    """Times of every calendar, as numbers of several units and types, and durations."""
    variables = {}
    for calendar in ("standard", "proleptic_gregorian", "noleap", "all_leap", "360_day", "julian"):
        dates = xr.date_range("1999-12-28", periods=6, freq="D", calendar=calendar, use_cftime=True)
        variables[f"time_{calendar}"] = (f"t_{calendar}", dates, {"note": calendar})
    dataset = xr.Dataset(variables)
    for name, (unit, kind) in zip(variables, (("days", "f8"), ("hours", "i4"), ("days", "f4"), ("minutes", "i8"), ("days", "i4"), ("seconds", "f8")), strict=True):
        dataset[name].encoding = {"units": f"{unit} since 1990-01-01", "dtype": kind, "zlib": True}
    dataset["lead"] = ("lead", np.array([0, 6, 12], "m8[h]").astype("m8[ns]"))
    dataset.to_netcdf(path, engine="netcdf4")


def curvilinear(path):
    """Coordinates of two dimensions, bounds, a name that is not ASCII, dimensions without variables, a quantised variable."""
    with netCDF4.Dataset(path, "w") as file:
        for name, length in (("y", ROWS), ("x", COLUMNS), ("vertices", 4), ("time", None), ("nv", 2)):
            file.createDimension(name, length)
        rows, columns = np.indices((ROWS, COLUMNS))
        file.createVariable("lat", "f8", ("y", "x"), zlib=True)[:] = 60 + rows * 0.5 + columns * 0.1
        file["lat"].setncatts({"units": "degrees_north", "bounds": "lat_bounds"})
        file.createVariable("lon", "f8", ("y", "x"), zlib=True)[:] = 5 + columns - rows * 0.2
        file["lon"].units = "degrees_east"
        file.createVariable("lat_bounds", "f4", ("y", "x", "vertices"))[:] = wave(ROWS, COLUMNS, 4)
        file.createVariable("time", "f8", ("time",)).setncatts({"units": "days since 2000-01-01", "bounds": "time_bounds", "calendar": "noleap"})
        file.createVariable("time_bounds", "f8", ("time", "nv"))[0:2] = [[0, 30], [30, 60]]
        file["time"][:] = [15, 45]
        field = file.createVariable("température", "f4", ("time", "y", "x"), zlib=True, significant_digits=3, chunksizes=(1, ROWS, COLUMNS), fill_value=1e20)
        field.coordinates = "lat lon"
        field[:] = np.ma.masked_greater(wave(2, ROWS, COLUMNS), 24)


NETCDF4 = [compressed, compressed_by_h5netcdf, contiguous, classic_model, all_types, strings, groups, calendars, curvilinear]


@pytest.mark.parametrize("make", NETCDF4)
def test_netcdf4_says_the_same(make, deepcomp):
    source = deepcomp.folder / "source.nc"
    make(source)
    back = deepcomp.round_trip(source)
    same_in_xarray(source, back, "netcdf4")
    if make is not classic_model:
        # Its text that is not ASCII says that it is, where what comes back says UTF-8: h5py, which alone asks, gets the letters right only then.
        same_in_xarray(source, back, "h5netcdf")
    same_dump(source, back)


@pytest.mark.parametrize("make", [classic_by_scipy, offsets_of_64_bits, compressed, compressed_by_h5netcdf, contiguous, classic_model, curvilinear])
def test_cdo_finds_no_difference(make, deepcomp):
    source = deepcomp.folder / "source.nc"
    make(source)
    same_in_cdo(source, deepcomp.round_trip(source))


def test_plain_hdf5_says_the_same(deepcomp):
    source = deepcomp.folder / "source.h5"
    with h5py.File(source, "w") as file:
        file.attrs["title"] = "not NetCDF"
        file.attrs["list"] = np.array([1.5, 2.5])
        file.create_dataset("a/field", data=wave(30, 40).astype("f4"), chunks=(7, 9), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("a/growing", data=np.arange(60, dtype=">i4").reshape(5, 12), maxshape=(None, 12), chunks=(2, 5))
        file.create_dataset("words", data=["one", "", "zwölf"])
        file.create_dataset("single", data=2.5).attrs["units"] = "m"
    back = deepcomp.round_trip(source)
    with h5py.File(source) as theirs, h5py.File(back) as ours:
        for name in ("a/field", "a/growing", "words", "single"):
            same_array(theirs[name][()], ours[name][()])
            assert theirs[name].dtype == ours[name].dtype
        for name in ("a/field", "a/growing"):
            of = [[item[name].chunks, item[name].maxshape, item[name].compression, item[name].shuffle, item[name].fletcher32] for item in (theirs, ours)]
            assert of[0] == of[1]
    same_dump(source, back)


def test_text_of_a_fixed_length_becomes_strings(deepcomp):
    """As which the NetCDF library takes it; `ncdump` garbles the original."""
    source = deepcomp.folder / "source.h5"
    with h5py.File(source, "w") as file:
        file.create_dataset("fixed", data=np.array([b"ab", b"c"], "S4"))
    with h5py.File(source) as theirs, h5py.File(deepcomp.round_trip(source)) as ours:
        assert theirs["fixed"][()].tolist() == ours["fixed"][()].tolist()


# ------------------------------------------------------------------------------------------------- What is kept as it is, byte for byte


def user_types(path):
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 3)
        kind = file.createCompoundType(np.dtype([("a", "i4"), ("b", "f8")]), "pair")
        file.createVariable("pairs", kind, ("x",))[:] = np.zeros(3, kind.dtype)
        file.createEnumType(np.uint8, "sky", {"clear": 0, "cloudy": 1})


def lzf(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("v", data=wave(30, 40), chunks=(10, 10), compression="lzf")


def zstandard(path):
    with netCDF4.Dataset(path, "w") as file:
        assert file.has_zstd_filter()
        file.createDimension("x", 100)
        file.createVariable("v", "f4", ("x",), compression="zstd")[:] = np.arange(100)


@pytest.mark.parametrize("make", [user_types, lzf, zstandard])
def test_what_is_not_read_is_kept_whole(make, deepcomp):
    source = deepcomp.folder / "source.nc"
    make(source)
    same_bytes(source, deepcomp.round_trip(source))


# ------------------------------------------------------------------------------------------------------------------------- Under a bound


@pytest.mark.parametrize("make", [classic_by_scipy, compressed, contiguous])
def test_a_bound_holds_and_the_rest_is_the_same(make, deepcomp):
    source = deepcomp.folder / "source.nc"
    make(source)
    back = deepcomp.round_trip(source, "--bound", "tas=0.05, pr=0.1, zg=2, lossless")
    with xr.open_dataset(source, decode_cf=False) as theirs, xr.open_dataset(back, decode_cf=False) as ours:
        changed = 0
        for name, bound, (scale, missing) in (("tas", 0.05, (1, -999)), ("pr", 0.1, (0.01, -32768)), ("zg", 2, (1, None))):
            before, after = (np.where(data[name] == missing, np.nan, data[name].values.astype("f8")) for data in (theirs, ours))
            changed += within(before, after, bound, scale) > 0
        assert changed == 3
    same_in_xarray(source, back, "scipy" if make is classic_by_scipy else "netcdf4", changed={"tas", "pr", "zg"})


# ------------------------------------------------------------------------------------------------------------------ In another format


STORAGE = {"zlib", "szip", "zstd", "bzip2", "blosc", "shuffle", "complevel", "fletcher32", "contiguous", "chunksizes", "preferred_chunks", "original_shape", "endian"}
"""Settings of NetCDF-4 that classic files do not have."""


@pytest.mark.parametrize(("make", "form"), [(compressed, "netcdf"), (curvilinear, "netcdf"), (classic, "netcdf4"), (offsets_of_64_bits, "netcdf4"), (data_of_64_bits, "netcdf4")])
def test_the_other_netcdf_holds_the_same(make, form, deepcomp):
    source = deepcomp.folder / "source.nc"
    make(source)
    saved = deepcomp.saved_as(source, form)
    same_in_xarray(source, saved, "netcdf4", without=STORAGE)
    # Classic files have no strings, only characters.
    assert [line.replace("string :", ":") for line in dump(source)] == dump(saved)
    if make is compressed:
        run("cdo", "-s", "diffn", source, saved)


def saved(deepcomp, form):
    """What `compressed` makes, its variables as they are stored, and the files of another format."""
    source = deepcomp.folder / "source.nc"
    compressed(source)
    with xr.open_dataset(source, decode_cf=False) as dataset:
        return dataset.load(), {path.name: path for path in deepcomp.extract(deepcomp.compress(source), form)}


def test_as_npz_and_npy_are_all_variables(deepcomp):
    dataset, [path] = saved(deepcomp, "npz")[0], saved(deepcomp, "npz")[1].values()
    with np.load(path) as arrays:
        assert set(arrays.files) == set(dataset.variables)
        for name in arrays.files:
            same_array(dataset[name].values, arrays[name], name)
    paths = saved(deepcomp, "npy")[1]
    assert set(paths) == {f"source.{name}.npy" for name in dataset.variables}
    for name in dataset.variables:
        same_array(dataset[name].values, np.load(paths[f"source.{name}.npy"]), name)


def physical(variable):
    """Numbers in their units, unpacked in double precision; NaN where missing."""
    values = variable.values.astype("f8")
    values[variable.values == variable.attrs.get("_FillValue")] = np.nan
    return values * variable.attrs.get("scale_factor", 1.0) + variable.attrs.get("add_offset", 0.0)


def test_as_csv_are_numbers_in_their_units(deepcomp):
    dataset, paths = saved(deepcomp, "csv")
    for name in ("tas", "pr", "zg", "mask", "lat"):
        values = physical(dataset[name])
        numbers = np.genfromtxt(paths[f"source.{name}.csv"], delimiter=",").reshape(values.shape)
        exact = numbers.astype("f4").astype("f8") if dataset[name].dtype == "f4" else numbers
        same_array(values, exact, name)


def test_as_png_are_planes_from_lowest_to_highest(deepcomp):
    dataset, paths = saved(deepcomp, "png")
    assert len(paths) == 2 * TIMES + 2
    for name, plane in (("tas", 0), ("tas", 4), ("pr", 2), ("zg", None)):
        values = physical(dataset[name])[() if plane is None else plane]
        with rasterio.open(paths[f"source.{name}.png" if plane is None else f"source.{name}.{plane:04}.png"]) as picture:
            gray, alpha = picture.read()
            assert picture.tags()["units"] == dataset[name].attrs["units"]
            low, high = (float(picture.tags()[key]) for key in ("minimum", "maximum"))
        assert (low, high) == (np.nanmin(values), np.nanmax(values))
        assert np.array_equal(alpha == 0, np.isnan(values))
        within(values, np.where(alpha == 0, np.nan, low + gray / 65535 * (high - low)), 0.51 * (high - low) / 65535)


def test_as_tiff_are_pages_with_their_place(deepcomp):
    dataset, [path] = saved(deepcomp, "tiff")[0], saved(deepcomp, "tiff")[1].values()
    for page, name in enumerate(("tas", "pr", "zg", "mask"), 1):
        with rioxarray.open_rasterio(f"GTIFF_DIR:{page}:{path}") as picture:
            same_array(dataset[name].values.reshape(picture.shape), picture.values, name)
            assert np.allclose(picture.y, dataset.lat, rtol=0, atol=1e-9) and np.allclose(picture.x, dataset.lon, rtol=0, atol=1e-9)
            assert picture.rio.crs == "EPSG:4326"
            assert (picture.rio.nodata is None) == ("_FillValue" not in dataset[name].attrs)
            if "_FillValue" in dataset[name].attrs:
                assert bits(dataset[name].attrs["_FillValue"].astype("f8")) == bits(np.float64(picture.rio.nodata))
            assert (picture.attrs.get("scale_factor", 1.0), picture.attrs.get("add_offset", 0.0)) == tuple(
                dataset[name].attrs.get(key, default) for key, default in (("scale_factor", 1.0), ("add_offset", 0.0))
            )
            assert picture.attrs.get("units", "") in (dataset[name].attrs.get("units", ""), (dataset[name].attrs.get("units"),) * picture.shape[0])
