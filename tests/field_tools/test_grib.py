"""GRIB of both editions by eccodes, on every grid and in every packing; read again by cfgrib, `grib_compare` and CDO."""

import re

import cfgrib
import eccodes
import numpy as np
import pyproj
import pytest
import rioxarray
import xarray as xr

from comparison import PACKING, same_array, same_bytes, same_dataset, same_in_cdo, within
from deepcomp import run

ROWS, COLUMNS = 19, 36


def message(sample, gaps=0, seed=0, few=False, **keys):
    """A message of a sample of eccodes with those keys set in their order, and a smooth field on its points, some of them missing."""
    handle = eccodes.codes_new_from_samples(sample, eccodes.CODES_PRODUCT_GRIB)
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    count = keys.get("Ni", keys.get("Nx", 0)) * keys.get("Nj", keys.get("Ny", 0)) or eccodes.codes_get_size(handle, "values")
    index = np.arange(count)
    noise = np.random.default_rng(seed).normal(size=count)
    values = 270 + 20 * np.sin(index / 180 + seed) * np.cos(index % COLUMNS / 9) + 0.2 * noise
    if few:
        values = np.round(values / 10) * 10
    if gaps:
        eccodes.codes_set(handle, "bitmapPresent", 1)
        eccodes.codes_set(handle, "missingValue", 9999)
        values[index % gaps == 0] = 9999
        values[count // 3 : count // 2] = 9999
    eccodes.codes_set_values(handle, values)
    content = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return content


GLOBE = {
    "Ni": COLUMNS,
    "Nj": ROWS,
    "latitudeOfFirstGridPointInDegrees": 90.0,
    "latitudeOfLastGridPointInDegrees": -90.0,
    "longitudeOfFirstGridPointInDegrees": 0.0,
    "longitudeOfLastGridPointInDegrees": 350.0,
    "iDirectionIncrementInDegrees": 10.0,
    "jDirectionIncrementInDegrees": 10.0,
}
LL = {1: "regular_ll_pl_grib1", 2: "regular_ll_pl_grib2"}
POINTS = {"Nx": 20, "Ny": 15, "scanningMode": 64}
LAMBERT = {
    "gridType": "lambert", **POINTS, "latitudeOfFirstGridPointInDegrees": 20.0, "longitudeOfFirstGridPointInDegrees": 240.0, "LaDInDegrees": 40.0, "LoVInDegrees": 262.0,
    "Latin1InDegrees": 30.0, "Latin2InDegrees": 50.0, "DxInMetres": 60000, "DyInMetres": 50000,
}  # fmt: skip
POLAR = {**POINTS, "latitudeOfFirstGridPointInDegrees": 40.0, "longitudeOfFirstGridPointInDegrees": 350.0, "orientationOfTheGridInDegrees": 10.0, "DxInMetres": 60000, "DyInMetres": 50000}
MERCATOR = {
    "gridType": "mercator", "Ni": 16, "Nj": 12, "scanningMode": 64, "latitudeOfFirstGridPointInDegrees": 10.0, "longitudeOfFirstGridPointInDegrees": 100.0,
    "latitudeOfLastGridPointInDegrees": 20.0, "longitudeOfLastGridPointInDegrees": 110.0, "LaDInDegrees": 20.0, "DiInMetres": 60000, "DjInMetres": 50000,
}  # fmt: skip
ROTATED = {
    **GLOBE, "Ni": 21, "Nj": 11, "latitudeOfFirstGridPointInDegrees": 25.0, "latitudeOfLastGridPointInDegrees": -25.0, "longitudeOfFirstGridPointInDegrees": -50.0,
    "longitudeOfLastGridPointInDegrees": 50.0, "iDirectionIncrementInDegrees": 5.0, "jDirectionIncrementInDegrees": 5.0,
    "latitudeOfSouthernPoleInDegrees": -40.0, "longitudeOfSouthernPoleInDegrees": 10.0,
}  # fmt: skip
UPWARDS = {**GLOBE, "latitudeOfFirstGridPointInDegrees": -90.0, "latitudeOfLastGridPointInDegrees": 90.0, "jScansPositively": 1}

GRIDS = {
    "latitudes_1": (LL[1], GLOBE),
    "latitudes_2": (LL[2], GLOBE),
    "from_the_south_1": (LL[1], UPWARDS),
    "from_the_south_2": (LL[2], UPWARDS),
    "columns_first_2": (LL[2], GLOBE | {"jPointsAreConsecutive": 1}),
    "gaussian_1": ("regular_gg_pl_grib1", {}),
    "gaussian_2": ("regular_gg_pl_grib2", {}),
    "reduced_gaussian_1": ("reduced_gg_pl_32_grib1", {}),
    "reduced_gaussian_2": ("reduced_gg_pl_32_grib2", {}),
    "octahedral_or_reduced_levels_2": ("reduced_gg_ml_grib2", {}),
    "levels_of_the_model_1": ("regular_gg_ml_grib1", {}),
    "rotated_1": ("rotated_ll_pl_grib1", ROTATED),
    "rotated_2": ("rotated_ll_pl_grib2", ROTATED),
    "lambert_2": (LL[2], LAMBERT),
    "lambert_on_a_sphere_of_its_own_2": (LL[2], {**LAMBERT, "shapeOfTheEarth": 1, "scaleFactorOfRadiusOfSphericalEarth": 0, "scaledValueOfRadiusOfSphericalEarth": 6371200}),
    "polar_1": ("polar_stereographic_pl_grib1", POLAR),
    "polar_2": ("polar_stereographic_pl_grib2", POLAR | {"LaDInDegrees": 60.0}),
    "mercator_2": (LL[2], MERCATOR),
}

SIMPLE = {
    "simple_1": (1, {"packingType": "grid_simple", "bitsPerValue": 12}),
    "simple_2": (2, {"packingType": "grid_simple", "bitsPerValue": 16}),
    "decimals_1": (1, {"packingType": "grid_simple", "decimalPrecision": 1}),
    "decimals_2": (2, {"packingType": "grid_simple", "decimalPrecision": 2}),
    "three_bits_2": (2, {"packingType": "grid_simple", "bitsPerValue": 3}),
    "single_precision_2": (2, {"packingType": "grid_ieee", "precision": 1}),
    "double_precision_2": (2, {"packingType": "grid_ieee", "precision": 2}),
}
COMPLEX = {
    "complex_2": (2, {"packingType": "grid_complex", "bitsPerValue": 12}),
    "first_differences_2": (2, {"packingType": "grid_complex_spatial_differencing", "orderOfSpatialDifferencing": 1, "bitsPerValue": 12}),
    "second_differences_2": (2, {"packingType": "grid_complex_spatial_differencing", "orderOfSpatialDifferencing": 2, "bitsPerValue": 12}),
    "jpeg_2000_2": (2, {"packingType": "grid_jpeg", "bitsPerValue": 12}),
    "png_2": (2, {"packingType": "grid_png", "bitsPerValue": 16}),
    "ccsds_2": (2, {"packingType": "grid_ccsds", "bitsPerValue": 14}),
    "ccsds_of_few_bits_2": (2, {"packingType": "grid_ccsds", "bitsPerValue": 5}),
}
UNREAD = {
    "second_order_1": (1, {"packingType": "grid_second_order"}),
    "logarithms_2": (2, {"packingType": "grid_simple_log_preprocessing"}),
}


def packed(edition, keys, gaps):
    """Packing is set after the values, as `grib_set -r` does."""
    simple = message(LL[edition], gaps, **GLOBE, bitsPerValue=16)
    handle = eccodes.codes_new_from_message(simple)
    values = eccodes.codes_get_values(handle)
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, values)
    assert eccodes.codes_get(handle, "packingType") == keys["packingType"]
    content = eccodes.codes_get_message(handle)
    eccodes.codes_release(handle)
    return content


def write(path, *messages):
    path.write_bytes(b"".join(messages))
    return path


def same_messages(before, after):
    """All keys of `grib_compare`, but for those of the packing, and all values as another version of eccodes unpacks them, bit by bit."""
    run("grib_compare", "-f", "-b", PACKING, before, after)
    for theirs, ours in zip(handles(before), handles(after), strict=True):
        same_array(eccodes.codes_get_values(theirs), eccodes.codes_get_values(ours))


def handles(path):
    with path.open("rb") as file:
        while (handle := eccodes.codes_grib_new_from_file(file)) is not None:
            yield handle
            eccodes.codes_release(handle)


def datasets(path):
    return cfgrib.open_datasets(str(path), backend_kwargs={"indexpath": ""})


def same_in_cfgrib(before, after):
    for theirs, ours in zip(datasets(before), datasets(after), strict=True):
        same_dataset(theirs, ours)


@pytest.mark.parametrize("gaps", [0, 7], ids=["complete", "gaps"])
@pytest.mark.parametrize("name", GRIDS)
def test_every_grid_comes_back_byte_for_byte(name, gaps, deepcomp):
    sample, keys = GRIDS[name]
    source = write(deepcomp.folder / "source.grib", message(sample, gaps, **keys))
    back = deepcomp.round_trip(source)
    same_bytes(source, back)
    same_in_cfgrib(source, back)
    assert_was_read(deepcomp, source)


def assert_was_read(deepcomp, source):
    """A file that is not understood would come back whole as well."""
    listed = run(deepcomp.cli, "list", deepcomp.compress(source))
    assert "latitude" in listed, listed


@pytest.mark.parametrize("gaps", [0, 7], ids=["complete", "gaps"])
@pytest.mark.parametrize("name", [*SIMPLE, *COMPLEX])
def test_every_packing_keeps_values_and_keys(name, gaps, deepcomp):
    edition, keys = (SIMPLE | COMPLEX)[name]
    source = write(deepcomp.folder / "source.grib", packed(edition, keys, gaps))
    back = deepcomp.round_trip(source)
    assert_was_read(deepcomp, source)
    if name in SIMPLE:
        same_bytes(source, back)
    same_messages(source, back)
    same_in_cfgrib(source, back)
    same_in_cdo(source, back)


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_kept_whole(name, deepcomp):
    edition, keys = UNREAD[name]
    source = write(deepcomp.folder / "source.grib", packed(edition, keys, 0))
    same_bytes(source, deepcomp.round_trip(source))


def test_spectral_fields_are_kept_whole(deepcomp):
    handle = eccodes.codes_new_from_samples("sh_pl_grib2", eccodes.CODES_PRODUCT_GRIB)
    source = write(deepcomp.folder / "source.grib", eccodes.codes_get_message(handle))
    same_bytes(source, deepcomp.round_trip(source))


# -------------------------------------------------------------------------------------------------------------------- Many messages


def levels_and_times(path, edition=2):
    """Two parameters on three levels at two times and three steps, wind at 10 m, and one that is summed over time."""
    several = []
    packing = {"packingType": "grid_ccsds"} if edition == 2 else {}
    for seed, (name, level, date, step) in enumerate(
        (name, level, date, step) for name in ("t", "u") for date in (20240101, 20240102) for step in (0, 6, 12) for level in (500, 700, 850)
    ):
        several.append(message(LL[edition], seed=seed, **GLOBE, dataDate=date, dataTime=600, stepRange=step, shortName=name, level=level, bitsPerValue=12, **packing))
    for seed, step in enumerate((6, 12)):
        several.append(message(f"regular_ll_sfc_grib{edition}", 5, seed, **GLOBE, dataDate=20240101, stepRange=step, shortName="10u"))
        several.append(message(f"regular_ll_sfc_grib{edition}", seed=seed, **GLOBE, dataDate=20240101, shortName="tp", stepType="accum", stepRange=f"0-{step}"))
    # A parameter that ECMWF numbers as in the first edition.
    several.append(message(f"regular_ll_sfc_grib{edition}", **GLOBE, dataDate=20240101, paramId=139))
    return write(path, *several)


def levels_and_times_1(path):
    return levels_and_times(path, edition=1)


def members(path):
    """An ensemble."""
    settings = {"productDefinitionTemplateNumber": 1, "typeOfEnsembleForecast": 3, "numberOfForecastsInEnsemble": 4, "shortName": "2t"}
    return write(path, *[message("regular_ll_sfc_grib2", seed=number, **settings, **GLOBE, perturbationNumber=number) for number in range(4)])


def grids_and_editions(path):
    """Messages that have little in common, in no order, one grid after another."""
    return write(path, *[message(sample, gaps, seed, **keys) for seed, (gaps, (sample, keys)) in enumerate(zip((0, 5, 0) * 6, GRIDS.values()))][::-1])


def several_fields_in_a_message(path):
    """Wind, both components in one message."""
    multi = eccodes.codes_grib_multi_new()
    for number, name in enumerate(("u", "v")):
        content = message(LL[2], seed=number, **GLOBE, shortName=name)
        handle = eccodes.codes_new_from_message(content)
        eccodes.codes_grib_multi_append(handle, 0 if number == 0 else 4, multi)
        eccodes.codes_release(handle)
    with path.open("wb") as file:
        eccodes.codes_grib_multi_write(multi, file)
    eccodes.codes_grib_multi_release(multi)
    return path


@pytest.mark.parametrize("make", [levels_and_times, levels_and_times_1, members, grids_and_editions, several_fields_in_a_message])
def test_many_messages_come_back_in_their_order(make, deepcomp):
    source = make(deepcomp.folder / "source.grib")
    back = deepcomp.round_trip(source)
    assert_was_read(deepcomp, source)
    same_messages(source, back)
    # cfgrib tries to merge what does not belong together, for minutes, and CDO refuses it.
    if make is not grids_and_editions:
        same_in_cfgrib(source, back)
        same_in_cdo(source, back)


# ------------------------------------------------------------------------------------------------------------------------- Under a bound


@pytest.mark.parametrize("make", [levels_and_times, members])
def test_a_bound_holds_and_all_keys_are_the_same(make, deepcomp):
    source = make(deepcomp.folder / "source.grib")
    back = deepcomp.round_trip(source, "--abs", 0.05, "--coarse")
    numbers = "values,referenceValue,binaryScaleFactor,decimalScaleFactor,typeOfOriginalFieldValues,precision"
    run("grib_compare", "-f", "-b", f"{PACKING},{numbers}", source, back)
    pairs = zip(handles(source), handles(back), strict=True)
    errors = [within(*(gaps_as_nan(handle) for handle in pair), 0.05) for pair in pairs]
    assert max(errors) > 0.01
    for theirs, ours in zip(datasets(source), datasets(back), strict=True):
        same_dataset(theirs, ours, changed=set(theirs.data_vars))


def test_edition_1_under_a_bound_becomes_netcdf(deepcomp):
    """Since it has no numbers that are close enough to any."""
    source = levels_and_times_1(deepcomp.folder / "source.grib")
    back = deepcomp.round_trip(source, "--abs", 0.05, "--coarse")
    assert back.suffix == ".nc"
    errors = []
    with xr.open_dataset(back, decode_timedelta=True) as saved:
        for theirs in datasets(source):
            for name, variable in theirs.data_vars.items():
                ours = of_the_same_parameter(saved, variable).sortby("latitude", ascending=False)
                if "isobaricInhPa" in variable.dims:
                    ours = ours.sel(isobaricInhPa=variable.isobaricInhPa)
                # cfgrib rounds to single precision.
                errors.append(within(variable, ours, 0.05 + 2e-5))
                assert ours.attrs["units"] == variable.attrs["units"].replace("**", ""), name
    assert len(errors) == 5 and max(errors) > 0.01


def of_the_same_parameter(saved, variable):
    [ours] = [item for item in saved.data_vars.values() if item.attrs.get("GRIB_shortName") == variable.attrs["GRIB_shortName"]]
    return ours


def gaps_as_nan(handle):
    eccodes.codes_set(handle, "missingValue", 1e30)
    values = eccodes.codes_get_values(handle)
    return np.where(values == 1e30, np.nan, values)


# ------------------------------------------------------------------------------------------------------------------- Saved as NetCDF


@pytest.mark.parametrize("form", ["netcdf", "netcdf4"])
@pytest.mark.parametrize("make", [levels_and_times, levels_and_times_1, members])
def test_as_netcdf_values_and_coordinates_are_those_of_cfgrib(make, form, deepcomp):
    source = make(deepcomp.folder / "source.grib")
    with xr.open_dataset(deepcomp.saved_as(source, form), decode_timedelta=True) as saved:
        found = 0
        for theirs in datasets(source):
            for name, variable in theirs.data_vars.items():
                same_variable(variable, of_the_same_parameter(saved, variable), name)
                found += 1
    assert found == (1 if make is members else 5)


def same_variable(theirs, ours, name):
    """Values in single precision, which cfgrib has always and we where it tells them apart; coordinates, each in its own order."""
    # Times, steps and levels that several variables do not share are several dimensions, told apart by a number.
    ours = ours.rename({key: re.sub(r"_\d+$", "", key) for key in ours.dims})
    assert theirs.dims == ours.dims, name
    for key in theirs.dims:
        theirs, ours = theirs.sortby(key), ours.sortby(key)
    same_array(theirs.values, ours.values.astype("f4"), name)
    for key in ("number", "time", "step", "isobaricInhPa", "latitude", "longitude"):
        if key in theirs.dims:
            assert (name, key, theirs[key].values.tolist()) == (name, key, ours[key].values.tolist())
    for attribute, key in (("long_name", "GRIB_name"), ("units", "GRIB_units"), ("standard_name", "GRIB_cfName")):
        # Standard names are for cfgrib to guess where we say none.
        if theirs.attrs[key] != "unknown" and (attribute in ours.attrs or attribute != "standard_name"):
            assert (attribute, theirs.attrs[key].replace("**", "")) == (attribute, ours.attrs.get(attribute)), name


@pytest.mark.parametrize("name", ["latitudes_2", "from_the_south_1", "lambert_2", "polar_2", "mercator_2"])
def test_as_tiff_pixels_lie_where_they_were(name, deepcomp):
    sample, keys = GRIDS[name]
    source = write(deepcomp.folder / "source.grib", message(sample, 7, **keys))
    saved = deepcomp.saved_as(source, "tiff")
    [theirs] = datasets(source)
    [variable] = theirs.data_vars.values()
    # Latitudes and longitudes of a grid that is projected are pages behind it.
    with rioxarray.open_rasterio(f"GTIFF_DIR:1:{saved}", masked=True) as ours:
        same_array(variable.values, ours.values.reshape(variable.shape).astype("f4"))
        # The places of all pixels by the file's own reference system, in degrees.
        system = pyproj.CRS(ours.rio.crs)
        x, y = np.meshgrid(ours.x, ours.y)
        longitude, latitude = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True).transform(x, y)
        places = [theirs.longitude.values, theirs.latitude.values]
        regular = theirs.latitude.dims == ("latitude",)
        expected = np.meshgrid(*places) if regular else [place.reshape(x.shape) for place in places]
        assert np.abs(latitude - expected[1]).max() < 1e-4
        assert np.abs((longitude - expected[0] + 180) % 360 - 180)[np.abs(latitude) < 89].max() < 1e-4


@pytest.mark.parametrize("name", ["lambert_2", "polar_1", "mercator_2"])
def test_as_netcdf_projections_are_those_of_the_grid(name, deepcomp):
    """What the grid mapping says, as pyproj understands the CF conventions, puts x and y where latitude and longitude are."""
    sample, keys = GRIDS[name]
    source = write(deepcomp.folder / "source.grib", message(sample, 0, **keys))
    with xr.open_dataset(deepcomp.saved_as(source, "netcdf4"), decode_coords="all") as ours:
        [variable] = [item for item in ours.data_vars.values() if "GRIB_shortName" in item.attrs]
        system = pyproj.CRS.from_cf(ours[variable.encoding["grid_mapping"]].attrs)
        x, y = np.meshgrid(ours.x, ours.y)
        longitude, latitude = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True).transform(x, y)
        assert np.abs(latitude - ours.latitude).max() < 1e-4
        assert np.abs((longitude - ours.longitude + 180) % 360 - 180).max() < 1e-4


def test_as_tiff_a_rotated_grid_has_no_reference_system(deepcomp):
    """GeoTIFF has none for it: degrees of another sphere are not those of the earth."""
    sample, keys = GRIDS["rotated_2"]
    source = write(deepcomp.folder / "source.grib", message(sample, 0, **keys))
    with rioxarray.open_rasterio(f"GTIFF_DIR:3:{deepcomp.saved_as(source, 'tiff')}") as ours:
        assert not (ours.rio.crs.is_geographic or ours.rio.crs.is_projected)
        assert ours.shape == (1, 11, 21)
