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
            attributes = dict(old[name].__dict__)
            variable = new.createVariable(name, old[name].dtype, old[name].dimensions, fill_value=attributes.pop("_FillValue", None))
            variable.setncatts(attributes)
            variable.set_auto_mask(False)
            variable[:] = old[name][:]


def two_metre_temperature(folder: Path) -> None:
    """GFS 2 m temperature in kelvin, north to south, as NPY float32."""
    archive = folder / "pygrib-2.1.8.tar.gz"
    if not archive.exists():
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "pygrib", "pygrib==2.1.8"]
        subprocess.run(command, cwd=folder, check=True)
    with tarfile.open(archive) as tar:
        tar.extract(GFS_FILE, folder, filter="data")
    with open(folder / GFS_FILE, "rb") as file:
        while (message := eccodes.codes_grib_new_from_file(file)) is not None:
            if eccodes.codes_get(message, "shortName") == "2t":
                shape = (eccodes.codes_get(message, "Nj"), eccodes.codes_get(message, "Ni"))
                values = eccodes.codes_get_values(message).astype(numpy.float32).reshape(shape)
                numpy.save(HERE / "gfs_t2m.npy", values)
            eccodes.codes_release(message)


def blue_marble(folder: Path) -> None:
    """The picture at 900 x 450."""
    source = debian("marble-qt-data", folder) / "usr/share/marble/data/maps/earth/bluemarble/bluemarble.jpg"
    Image.open(source).convert("RGB").resize((900, 450), Image.Resampling.LANCZOS).save(HERE / "blue_marble.png", optimize=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        sea_surface_temperature(folder)
        two_metre_temperature(folder)
        blue_marble(folder)


main()
