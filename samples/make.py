"""Makes the samples from packages of Debian and PyPI. Run it by hand, only to add or change a sample.

    python samples/make.py [FOLDER FOR DOWNLOADS]

Needs: apt-get, dpkg, pip; netCDF4, numpy, eccodes, Pillow.
"""

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import eccodes
import netCDF4
import numpy
from PIL import Image

HERE = Path(__file__).resolve().parent
GFS_FILE = "pygrib-2.1.8/sampledata/gfs.t12z.pgrbf120.2p5deg.grib2"


def debian(package: str, folder: Path) -> Path:
    """Downloads and unpacks a Debian package; the folder it unpacks to."""
    target = folder / package
    if not target.exists():
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        archive = next(folder.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg", "-x", archive, target], check=True)
    return target


def copy(old: netCDF4.Dataset, new: netCDF4.Dataset, name: str, chosen=slice(None), without=(), **storage) -> None:
    """A variable with its attributes, but for some, and its values, or those of the chosen points of its first dimension."""
    attributes = {key: value for key, value in old[name].__dict__.items() if key not in without}
    variable = new.createVariable(name, old[name].dtype, old[name].dimensions, fill_value=attributes.pop("_FillValue", None), **storage)
    variable.setncatts(attributes)
    variable.set_auto_mask(False)
    variable[:] = old[name][chosen]


def sea_surface_temperature(folder: Path) -> None:
    """COADS SST with its coordinates, values and attributes as they are, as NetCDF classic."""
    source = debian("ferret-datasets", folder) / "usr/share/ferret-vis/data/coads_climatology.cdf"
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(HERE / "coads_sst.nc", "w", format="NETCDF3_CLASSIC") as new:
        old.set_auto_mask(False)
        new.setncattr("title", "COADS monthly climatology of the sea surface temperature, 2 by 2 degrees")
        new.setncattr("source", "NOAA PMEL, coads_climatology.cdf of Debian ferret-datasets 7.6.0-5")
        for name in ("TIME", "COADSY", "COADSX"):
            new.createDimension(name, None if name == "TIME" else old.dimensions[name].size)
        for name in ("COADSX", "COADSY", "TIME", "SST"):
            copy(old, new, name)


def ocean(folder: Path) -> None:
    """Levitus temperature and salinity of the four uppermost levels with their coordinates, values and attributes as they are, as NetCDF-4."""
    source = debian("ferret-datasets", folder) / "usr/share/ferret-vis/data/levitus_climatology.cdf"
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(HERE / "levitus_ocean.nc", "w", format="NETCDF4") as new:
        old.set_auto_mask(False)
        new.setncattr("title", "Levitus annual climatology of the upper ocean, 1 by 1 degrees")
        new.setncattr("source", "NOAA PMEL, levitus_climatology.cdf of Debian ferret-datasets 7.6.0-5")
        levels = 4
        for name in ("ZAXLEVITR", "YAXLEVITR", "XAXLEVITR"):
            new.createDimension(name, levels if name == "ZAXLEVITR" else old.dimensions[name].size)
        for name in ("ZAXLEVITR", "YAXLEVITR", "XAXLEVITR", "TEMP", "SALT"):
            storage = {"zlib": True, "shuffle": True, "complevel": 9} if name in ("TEMP", "SALT") else {}
            chosen = slice(levels) if "ZAXLEVITR" in old[name].dimensions else slice(None)
            copy(old, new, name, chosen, without=("edges",), **storage)


def messages(folder: Path):
    """The messages of a GFS forecast."""
    archive = folder / "pygrib-2.1.8.tar.gz"
    if not archive.exists():
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "pygrib", "pygrib==2.1.8"]
        subprocess.run(command, cwd=folder, check=True)
    with tarfile.open(archive) as tar:
        tar.extract(GFS_FILE, folder, filter="data")
    with open(folder / GFS_FILE, "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            yield message
            eccodes.codes_release(message)


def two_metre_temperature(folder: Path) -> None:
    """GFS 2 m temperature in kelvin, north to south, as NPY float32."""
    for message in messages(folder):
        if eccodes.codes_get(message, "shortName") == "2t":
            shape = (eccodes.codes_get(message, "Nj"), eccodes.codes_get(message, "Ni"))
            values = eccodes.codes_get_values(message).astype(numpy.float32).reshape(shape)
            numpy.save(HERE / "gfs_t2m.npy", values)


def upper_air(folder: Path) -> None:
    """GFS height, temperature and wind on three pressure levels, as they are packed, as GRIB2."""
    eccodes.codes_grib_multi_support_on()
    with open(HERE / "gfs_upper_air.grib2", "wb") as out:
        for message in messages(folder):
            wanted = {"shortName": ("gh", "t", "u", "v"), "typeOfLevel": ("isobaricInhPa",), "level": ("250", "500", "850")}
            if all(eccodes.codes_get(message, key, str) in among for key, among in wanted.items()):
                eccodes.codes_write(message, out)


def blue_marble(folder: Path) -> None:
    """The picture at 900 x 450."""
    source = debian("marble-qt-data", folder) / "usr/share/marble/data/maps/earth/bluemarble/bluemarble.jpg"
    Image.open(source).convert("RGB").resize((900, 450), Image.Resampling.LANCZOS).save(HERE / "blue_marble.png", optimize=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        sea_surface_temperature(folder)
        ocean(folder)
        two_metre_temperature(folder)
        upper_air(folder)
        blue_marble(folder)


main()
