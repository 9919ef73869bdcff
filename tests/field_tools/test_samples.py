"""The data that ships, all files of `samples/`, as every tool that can open them sees them."""

from pathlib import Path

import pytest

from comparison import same_array, same_bytes, same_dump, same_in_cdo, same_in_gdal, same_in_xarray
from test_grib import same_in_cfgrib, same_messages
from test_pictures import shown

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_samples_say_the_same(name, deepcomp):
    source = SAMPLES / name
    back = deepcomp.round_trip(source)
    if source.suffix == ".nc":
        # No calendar of xarray has the year 0 of the climatology.
        same_in_xarray(source, back, "netcdf4", decode=name != "coads_sst.nc")
        same_dump(source, back)
        same_in_cdo(source, back)
    elif source.suffix == ".grib2":
        same_messages(source, back)
        same_in_cfgrib(source, back)
        same_in_cdo(source, back)
    elif source.suffix == ".png":
        same_array(shown(source), shown(back))
        same_in_gdal(source, back)
    if name not in ("levitus_ocean.nc", "gfs_upper_air.grib2", "blue_marble.png"):
        same_bytes(source, back)
