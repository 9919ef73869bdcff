"""NPY, NPZ, CSV by NumPy and pandas; read again by them."""

import zipfile

import netCDF4
import numpy as np
import pandas as pd
import pytest
import rasterio

from comparison import same_array, same_bytes, within
from deepcomp import run

KINDS = ["i1", "u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", "<u8", "<f4", ">f4", "<f8", ">f8"]


def wave(*shape):
    index = np.indices(shape)
    return 20 + 15 * np.sin(index[-1] / 5) * np.cos(index[0] / 4) + 0.01 * np.random.default_rng(1).normal(size=shape)


@pytest.mark.parametrize("kind", KINDS)
def test_npy_comes_back_byte_for_byte(kind, deepcomp):
    source = deepcomp.folder / "source.npy"
    np.save(source, wave(3, 30, 40).astype(kind))
    same_bytes(source, deepcomp.round_trip(source))


def in_order_of_fortran():
    return np.asfortranarray(wave(30, 40))


def odd_numbers():
    """NaN of every payload, signed zeros, infinities, denormals."""
    patterns = [0x7FC00000, 0x7FC00001, 0xFFC00000, 0x7F800001, 0x7F800000, 0xFF800000, 0x80000000, 0, 1, 0x80000001, 0x7F7FFFFF]
    return np.array(patterns * 40, "u4").view("f4").reshape(20, 22)


def single():
    return np.float64(3.5)


def empty():
    return np.zeros((3, 0, 4), "f4")


@pytest.mark.parametrize("make", [in_order_of_fortran, odd_numbers, single, empty, pytest.param(lambda: wave(2, 3, 4, 5, 6), id="of_five_dimensions")])
def test_odd_npy_comes_back_byte_for_byte(make, deepcomp):
    source = deepcomp.folder / "source.npy"
    np.save(source, make())
    same_bytes(source, deepcomp.round_trip(source))


def arrays():
    return {"t": wave(20, 30).astype("f4"), "mask": (np.arange(600).reshape(20, 30) % 5 == 0).astype("u1"), "lat": np.linspace(-45, 45, 20), "single": np.int64(7)}


def test_npz_comes_back_byte_for_byte(deepcomp):
    source = deepcomp.folder / "source.npz"
    np.savez(source, **arrays())
    same_bytes(source, deepcomp.round_trip(source))


def test_compressed_npz_has_the_same_arrays(deepcomp):
    source = deepcomp.folder / "source.npz"
    np.savez_compressed(source, **arrays())
    back = deepcomp.round_trip(source)
    assert zipfile.ZipFile(back).testzip() is None
    with np.load(source) as theirs, np.load(back) as ours:
        assert theirs.files == ours.files
        for name in theirs.files:
            same_array(theirs[name], ours[name], name)


def grid_by_numpy(path):
    np.savetxt(path, wave(20, 30), fmt="%.3f", delimiter=",")


def grid_by_numpy_with_spaces(path):
    np.savetxt(path, wave(20, 30), fmt="%8.2f", delimiter=" ")


def grid_by_numpy_in_full(path):
    np.savetxt(path, wave(20, 30), delimiter=";")


def table_by_pandas(path):
    table().to_csv(path, index=False)


def rounded_table_by_pandas(path):
    table().round(2).to_csv(path, index=False, float_format="%.2f", na_rep="NA")


def axes_by_pandas(path):
    frame = pd.DataFrame(np.round(wave(20, 30), 2), index=np.linspace(45, -45, 20).round(3), columns=np.arange(30) * 0.5)
    frame.to_csv(path, index_label="lat")


def commas_by_pandas(path):
    table().round(3).to_csv(path, index=False, sep=";", decimal=",")


def long_table_by_pandas(path):
    """Every point of a grid on a line of its own, which becomes a field on that grid."""
    latitude, longitude = np.meshgrid(np.linspace(45, -45, 20).round(2), np.arange(30) * 0.5, indexing="ij")
    temperature = wave(20, 30).ravel()
    temperature[70:75] = np.nan
    pd.DataFrame({"lat": latitude.ravel(), "lon": longitude.ravel(), "temperature": temperature, "land": np.arange(600) % 3 // 2}).to_csv(path, index=False)


def tiny_and_huge(path):
    """Where exponents begin."""
    pd.DataFrame({"a": [0.0, -0.0, 1e-4, 9.9e-5, 1.25e-5, 1e15, 1e16, -1.5e16, 1e22, 1e-300], "b": [1.5, 2.0, -3.0, 1e100, np.nan, 4.0, 5.0, 6.0, 7.0, 8.25]}).to_csv(path, index=False)


def table():
    """Stations with gaps."""
    temperature = wave(120, 1)[:, 0]
    temperature[7:12] = np.nan
    return pd.DataFrame({"station": np.arange(120), "lon": np.linspace(5, 15, 120), "temperature": temperature, "count": np.arange(120) % 7})


TABLES = {
    grid_by_numpy: lambda path: np.loadtxt(path, delimiter=","),
    grid_by_numpy_with_spaces: np.loadtxt,
    grid_by_numpy_in_full: lambda path: np.loadtxt(path, delimiter=";"),
    table_by_pandas: pd.read_csv,
    rounded_table_by_pandas: pd.read_csv,
    axes_by_pandas: lambda path: pd.read_csv(path, index_col="lat"),
    long_table_by_pandas: pd.read_csv,
    tiny_and_huge: pd.read_csv,
    commas_by_pandas: lambda path: pd.read_csv(path, sep=";", decimal=","),
}


@pytest.mark.parametrize("make", TABLES)
def test_tables_have_the_same_numbers(make, deepcomp):
    source = deepcomp.folder / "source.csv"
    make(source)
    theirs, ours = TABLES[make](source), TABLES[make](deepcomp.round_trip(source))
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(theirs, ours, check_exact=True, check_column_type=True)
    else:
        same_array(theirs, ours)
    assert "uint8" not in run(deepcomp.cli, "list", deepcomp.compress(source)), "it was not read"


@pytest.mark.parametrize("make", [grid_by_numpy, rounded_table_by_pandas, grid_by_numpy_with_spaces, table_by_pandas, axes_by_pandas, long_table_by_pandas, tiny_and_huge])
def test_tables_of_numpy_and_pandas_are_the_same_text(make, deepcomp):
    source = deepcomp.folder / "source.csv"
    make(source)
    same_bytes(source, deepcomp.round_trip(source))


# ------------------------------------------------------------------------------------------------------------------------- Under a bound


def test_a_bound_holds_in_npy(deepcomp):
    source = deepcomp.folder / "source.npy"
    values = wave(3, 30, 40).astype("f4")
    values[0, :5] = np.nan
    np.save(source, values)
    ours = np.load(deepcomp.round_trip(source, "--abs", 0.03))
    assert ours.dtype == values.dtype
    assert within(values, ours, 0.03) > 0.01


def test_a_relative_bound_holds_in_npz(deepcomp):
    source = deepcomp.folder / "source.npz"
    np.savez(source, **arrays())
    with np.load(source) as theirs, np.load(deepcomp.round_trip(source, "--bound", "t=0.001 of range, lossless")) as ours:
        assert within(theirs["t"], ours["t"], 0.001 * float(np.ptp(theirs["t"].astype("f8")))) > 0
        for name in ("mask", "lat", "single"):
            same_array(theirs[name], ours[name], name)


def test_a_bound_holds_in_csv(deepcomp):
    source = deepcomp.folder / "source.csv"
    long_table_by_pandas(source)
    theirs, ours = pd.read_csv(source), pd.read_csv(deepcomp.round_trip(source, "--bound", "temperature=0.05, lossless"))
    assert within(theirs.temperature, ours.temperature, 0.05) > 0.01
    pd.testing.assert_frame_equal(theirs.drop(columns="temperature"), ours.drop(columns="temperature"), check_exact=True)


# ------------------------------------------------------------------------------------------------------------------ In another format


def test_npy_becomes_everything(deepcomp):
    """The same numbers, whatever reads them."""
    source = deepcomp.folder / "source.npy"
    values = wave(30, 40).astype("f4")
    values[2:4, 5:9] = np.nan
    np.save(source, values)
    for form in ("netcdf", "netcdf4"):
        with netCDF4.Dataset(deepcomp.saved_as(source, form)) as file:
            file.set_auto_mask(False)
            same_array(values, next(iter(file.variables.values()))[:])
    with rasterio.open(deepcomp.saved_as(source, "tiff")) as file:
        same_array(values, file.read(1))
    with np.load(deepcomp.saved_as(source, "npz")) as file:
        same_array(values, file[file.files[0]])
    same_array(values, np.genfromtxt(deepcomp.saved_as(source, "csv"), delimiter=",", dtype="f4"))
    same_array(values, np.load(deepcomp.saved_as(source, "npy")))
