"""What a bound must not do: touch what is no measurement, go unsaid, or break what climate science asks."""

import json
import subprocess
from pathlib import Path

import eccodes
import netCDF4
import numpy as np
import pytest
import rasterio
import xarray as xr
from compression_recommendations import Recommendations
from compression_requirement_checks import check_safety_requirements
from rasterio.transform import from_origin

import made
from comparison import dump, same_dump
from deepcomp import run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


# ------------------------------------------------------------------------------------------------------------ What is no measurement


@pytest.mark.parametrize(("bound", "part"), [(["--rel", "0.01"], 0.01), (["--abs", "2", "--coarse"], None)], ids=["rel", "abs"])
@pytest.mark.parametrize("make", made.MADE)
def test_a_bound_moves_measurements_alone(make, bound, part, deepcomp):
    source = deepcomp.folder / "source.nc"
    measurements = make(source)
    back = deepcomp.round_trip(source, *bound)
    before, after = made.stored(source), made.stored(back)
    assert made.moved(before, after, measurements) == []
    for name, (error, span) in made.errors(before, after, measurements).items():
        # One that comes back as it was has been taken for something else.
        assert 0 < error <= (2 if part is None else part * span), name
    assert made.masks_differ(source, back) == []


def test_what_is_taken_for_what_is_told(deepcomp, cli):
    source = deepcomp.folder / "source.nc"
    measurements = made.stations(source)
    archive = deepcomp.folder / "told.dca"
    report = json.loads(run(cli, "compress", source, "-o", archive, "--model", "none", "--rel", "0.01", "--json"))
    roles = {variable["name"]: (variable["role"], variable["why"]) for variable in report["variables"]}
    assert {name for name, (role, _) in roles.items() if role == "measurement"} == measurements
    assert roles["wmoId"][0] == "identifier"
    assert roles["present_weather"][0] == "flag"
    assert all(why for _, why in roles.values())


def test_the_word_of_who_compresses_goes_before(deepcomp):
    source = deepcomp.folder / "source.nc"
    made.stations(source)
    back = deepcomp.round_trip(source, "--abs", "2", "--coarse", "--as-data", "present_weather")
    assert made.moved(made.stored(source), made.stored(back), made.stations(source)) == ["present_weather"]


# -------------------------------------------------------------------------------------------------------------- What a lossy file says


def rain(path, form="NETCDF4"):
    """Of two variables one is bounded, and has a value that is kept; the file has a history of two lines."""
    with netCDF4.Dataset(path, "w", format=form) as file:
        for name, length in (("lat", 30), ("lon", 40)):
            file.createDimension(name, length)
        file.history = "made by hand\nfrom nothing"
        amount = file.createVariable("tp", "f4", ("lat", "lon"))
        amount.units = "mm"
        amount[:] = made.rain(30, 40)
        file.createVariable("lat", "f4", ("lat",)).units = "degrees_north"
        file["lat"][:] = np.arange(30)


def lines(path):
    with xr.open_dataset(path) as dataset:
        return dataset.attrs["history"].splitlines()


OURS = "DeepComp archive "


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF3_64BIT"])
def test_lossy_files_say_what_was_lost(form, deepcomp):
    source = deepcomp.folder / "source.nc"
    rain(source, form)
    back = deepcomp.round_trip(source, "--abs", "0.1")
    with xr.open_dataset(source) as theirs, xr.open_dataset(back) as ours:
        told = ours.tp.attrs
        error = ours.tp.values.astype("f8") - theirs.tp.values
        assert told["deepcomp_error_bound"] == "0.1"
        assert told["deepcomp_largest_error"] == np.abs(error).max() > 0
        assert told["deepcomp_mean_error"] == pytest.approx(error.mean(), rel=1e-6)
        assert np.atleast_1d(told["deepcomp_kept"]).tolist() == [0.0]
        assert ((ours.tp == 0).values >= (theirs.tp == 0).values).all()
        assert not any(name.startswith("deepcomp") for name in (*ours.lat.attrs, *ours.attrs))
    [ours, *others] = lines(back)
    assert ours.startswith(OURS)
    assert others == ["made by hand", "from nothing"]
    said = "\n".join(dump(back, "-h"))
    assert all(f"tp:deepcomp_{name} = " in said for name in ("error_bound", "largest_error", "mean_error", "kept"))
    assert said.count(OURS) == 1
    assert "deepcomp_error_bound" in run("cdo", "-s", "showattribute,tp@", back)
    assert run("cdo", "-s", "showattsglob", back).count(OURS) == 1


def test_compressed_again_they_say_it_once(deepcomp):
    source = deepcomp.folder / "source.nc"
    rain(source)
    back = deepcomp.round_trip(source, "--abs", "0.1")
    again = deepcomp.round_trip(back, "--abs", "0.2")
    assert [line.startswith(OURS) for line in lines(again)] == [True, False, False]
    with xr.open_dataset(again) as dataset:
        assert dataset.tp.attrs["deepcomp_error_bound"] == "0.2"
    said = "\n".join(dump(again, "-h"))
    assert said.count("tp:deepcomp_error_bound") == 1


def gdal_says(path):
    """The metadata of the whole file, as gdalinfo has it."""
    return json.loads(run("gdalinfo", "-json", path))["metadata"].get("", {})


@pytest.mark.parametrize("options", [{}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}, {"compress": "deflate"}], ids=["plain", "bigtiff", "big-endian", "deflate"])
@pytest.mark.parametrize("tagged", [False, True])
def test_lossy_tiff_says_so_once(options, tagged, deepcomp):
    source = deepcomp.folder / "source.tif"
    values = (280 + made.rain(60, 80)).astype("f4")
    with rasterio.open(source, "w", driver="GTiff", height=60, width=80, count=2, dtype="float32", transform=from_origin(0, 60, 1, 1), **options) as file:
        file.write(np.stack([values, values + 1]))
        if tagged:
            file.update_tags(note="Zürich & <more>")
            file.update_tags(2, level="850")
    path, sizes = source, []
    for bound in ("0.1", "0.2", "0.1", "0.2"):
        path = deepcomp.round_trip(path, "--abs", bound, "--stable")
        told = gdal_says(path)
        with rasterio.open(path) as back:
            error = back.read().astype("f8") - np.stack([values, values + 1])
            if tagged:
                assert back.tags()["note"] == "Zürich & <more>" and back.tags(2)["level"] == "850"
        assert told["deepcomp_error_bound"] == bound
        assert (path.parent.name != "2" or float(told["deepcomp_largest_error"]) > 0) and float(told["deepcomp_largest_error"]) <= float(bound)
        assert 0 < np.abs(error).max() <= 0.3 + 1e-6
        assert told["deepcomp_history"].startswith(OURS) and told["deepcomp_history"].count(OURS) == 1
        sizes.append(path.stat().st_size)
    assert len(set(sizes)) == 1, "it does not pile up"
    assert deepcomp.round_trip(path).read_bytes() == path.read_bytes()
    assert not any(name.startswith("deepcomp") for name in gdal_says(deepcomp.round_trip(source)))


def test_lossy_tiff_of_other_formats_says_so(deepcomp):
    source = deepcomp.folder / "source.nc"
    rain(source)
    [path] = deepcomp.extract(deepcomp.compress(source, "--abs", "0.1"), "tiff")
    told = gdal_says(path)
    assert (told["deepcomp_error_bound"], told["deepcomp_kept"]) == ("0.1", "0")
    assert not any(name.startswith("deepcomp") for name in gdal_says(deepcomp.saved_as(source, "tiff")))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_lossy_npz_says_so_once(save, deepcomp):
    source = deepcomp.folder / "source.npz"
    values = {"tp": made.rain(30, 40).astype("f4"), "ids": np.arange(7)}
    save(source, **values)
    path = source
    for bound in ("0.1", "0.2"):
        path = deepcomp.round_trip(path, "--abs", bound, "--stable")
        with np.load(path, allow_pickle=False) as back:
            assert back.files == ["tp", "ids", "deepcomp_history"]
            [line, *variables] = str(back["deepcomp_history"]).splitlines()
            assert line.startswith(OURS) and len(variables) == 1
            assert variables[0].startswith(f"tp: deepcomp_error_bound {bound}; ")
            assert 0 < np.abs(back["tp"].astype("f8") - values["tp"]).max() <= 0.3 + 1e-6
            assert (back["ids"] == values["ids"]).all()
    if save is np.savez:
        assert deepcomp.round_trip(path).read_bytes() == path.read_bytes()
    with np.load(deepcomp.round_trip(source)) as back:
        assert back.files == ["tp", "ids"]


def test_lossy_grib_cannot_say_so_and_that_is_said(deepcomp):
    source = SAMPLES / "gfs_upper_air.grib2"
    extract = lambda archive, to: subprocess.run([deepcomp.cli, "extract", archive, "-C", deepcomp.folder / to], capture_output=True, text=True, check=True).stderr  # noqa: E731
    assert "left out: what the bounds did to values" in extract(deepcomp.compress(source, "--rel", "0.01"), "lossy")
    assert extract(deepcomp.compress(source), "exact") == ""


def test_lossless_files_say_nothing(deepcomp):
    source = deepcomp.folder / "source.nc"
    rain(source)
    same_dump(source, deepcomp.round_trip(source))


# --------------------------------------------------------------------------------------------------- What climate science recommends


GRAVITY = 9.80665
FEW = 25
"""One value in so many is checked, since the program counts in fractions."""


def required(original, reconstructed, **markers):
    """Whether values are as safe as the community says, in the words of its own program."""
    requirements = Recommendations.provide.search(markers={name.replace("_", "-"): value for name, value in markers.items()})
    assert requirements
    return check_safety_requirements(original=original, reconstructed=reconstructed, requirements=requirements)


def levels(path):
    """Variables of a GRIB file as arrays of all their levels, float32 as DeepComp takes them."""
    stacks = {}
    with open(path, "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            level = stacks.setdefault(eccodes.codes_get(message, "shortName"), {})
            level[eccodes.codes_get(message, "level")] = eccodes.codes_get_values(message).astype("f4")
            eccodes.codes_release(message)
    return {name: np.stack([stack[level] for level in sorted(stack)]) for name, stack in stacks.items()}


@pytest.mark.parametrize("name", ["t", "u", "v"])
def test_recommended_bounds_of_grib_are_safe(name, deepcomp):
    """Exactly, since the sample is packed in coarser steps."""
    source = SAMPLES / "gfs_upper_air.grib2"
    ours, coarse = (levels(deepcomp.round_trip(source, *bound))[name][:, ::FEW] for bound in (("--bound", "recommended"), ("--abs", "0.5", "--coarse")))
    markers = {"grib_short_name": name, "level_kind": "pressure"}
    theirs = levels(source)[name][:, ::FEW]
    assert required(theirs, ours, **markers)
    assert not required(theirs, coarse, **markers)


def test_recommended_bounds_of_heights_are_safe(deepcomp):
    """What is recommended is so for geopotential; errors of the mean count too."""
    source = SAMPLES / "gfs_upper_air.grib2"
    ours, coarse = (levels(deepcomp.round_trip(source, *bound))["gh"] for bound in (("--bound", "recommended"), ("--abs", "2", "--coarse")))
    theirs = levels(source)["gh"]
    potential = lambda heights: heights[0, ::FEW].astype("f8") * GRAVITY  # noqa: E731
    assert (ours != theirs).any()
    assert required(potential(theirs), potential(ours), grib_short_name="z", level_kind="pressure")
    assert not required(potential(theirs), potential(coarse), grib_short_name="z", level_kind="pressure")


def test_recommended_bounds_of_the_sea_are_safe(deepcomp):
    source = SAMPLES / "coads_sst.nc"
    theirs, ours, coarse = (made.stored(path)["SST"][0][0, 40:50] for path in (source, *(deepcomp.round_trip(source, *bound) for bound in (("--bound", "recommended"), ("--abs", "0.05")))))
    markers = {"cf_short_name": "sst", "level_kind": "single"}
    assert (ours != theirs).any()
    assert required(theirs, ours, **markers)
    assert not required(theirs, coarse, **markers)
