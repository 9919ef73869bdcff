"""Makes the seeds: small files that together use every storage that the readers know. Run it by hand, only to add or change a seed.

    python fuzz/make_seeds.py             # of all targets
    python fuzz/make_seeds.py archive     # of one

Needs: cbor2, netCDF4, h5py, numpy, eccodes, Pillow, tifffile, imagecodecs.
"""

import io
import math
import re
import shutil
import sys
import zlib
from pathlib import Path

import cbor2
import eccodes
import h5py
import netCDF4
import numpy
import tifffile
from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SEEDS = HERE / "seeds"
RANDOM = numpy.random.default_rng(1)


def seed(target: str, name: str) -> Path:
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def field(height: int = 6, width: int = 9) -> numpy.ndarray:
    y, x = numpy.mgrid[0:height, 0:width]
    return (280 + 12 * numpy.sin(x / 3.0) * numpy.cos(y / 4.0) + RANDOM.integers(0, 9, (height, width)) / 10).astype("f4")


def netcdf3() -> None:
    for kind, name in (("NETCDF3_CLASSIC", "classic"), ("NETCDF3_64BIT_OFFSET", "offset"), ("NETCDF3_64BIT_DATA", "data")):
        with netCDF4.Dataset(seed("netcdf3", f"{name}.nc"), "w", format=kind) as data:
            data.title = "a seed"
            data.createDimension("time", None)
            data.createDimension("lat", 3)
            data.createDimension("lon", 5)
            time = data.createVariable("time", "f8", ("time",))
            time.units = "hours since 2000-01-01"
            lat = data.createVariable("lat", "f4", ("lat",))
            lat[:] = [10, 20, 30]
            t = data.createVariable("t", "i2", ("time", "lat", "lon"), fill_value=-999)
            t.scale_factor, t.add_offset = 0.01, 273.0
            flag = data.createVariable("flag", "i1", ("time", "lon"))
            flag.flag_values = numpy.array([0, 1, 2], "i1")
            text = data.createVariable("name", "S1", ("lon",))
            text[:] = numpy.array(list("abcde"), "S1")
            if name == "data":
                data.createVariable("big", "u8", ("lon",))[:] = range(5)
            data.createVariable("scalar", "i4", ())[...] = 7
            t.set_auto_maskandscale(False)
            time[:] = [0, 6]
            t[:] = RANDOM.integers(-900, 900, (2, 3, 5))
            flag[:] = RANDOM.integers(0, 3, (2, 5))
    # Records of a lone variable are not padded.
    with netCDF4.Dataset(seed("netcdf3", "lone_record.nc"), "w", format="NETCDF3_CLASSIC") as data:
        data.createDimension("n", None)
        data.createDimension("k", 3)
        data.createVariable("b", "i1", ("n", "k"))[:] = RANDOM.integers(0, 9, (5, 3))
    bare = seed("netcdf3", "lone_record.nc").read_bytes()
    seed("netcdf3", "stream.nc").write_bytes(bare[:4] + b"\xff" * 4 + bare[8:])
    # Bytes behind the data.
    seed("netcdf3", "tail.nc").write_bytes(seed("netcdf3", "classic.nc").read_bytes() + b"tail")


def netcdf4() -> None:
    with netCDF4.Dataset(seed("netcdf4", "filters.nc"), "w") as data:
        data.createDimension("y", 6)
        data.createDimension("x", 9)
        for name, storage in {
            "plain": {"contiguous": True},
            "deflate": {"zlib": True, "chunksizes": (3, 4)},
            "shuffle": {"zlib": True, "shuffle": True, "chunksizes": (6, 9)},
            "sum": {"zlib": True, "shuffle": True, "fletcher32": True, "chunksizes": (4, 5)},
        }.items():
            data.createVariable(name, "f4", ("y", "x"), fill_value=-1.0, **storage)[:] = field()
    with netCDF4.Dataset(seed("netcdf4", "groups.nc"), "w") as data:
        data.createDimension("time", None)
        data.createDimension("level", None)
        data.title = "a seed"
        data.createVariable("t", "i2", ("time", "level"), chunksizes=(2, 2))[:] = RANDOM.integers(0, 99, (3, 2))
        inner = data.createGroup("model").createGroup("deep")
        inner.note = "below"
        inner.createDimension("station", 3)
        names = inner.createVariable("name", str, ("station",))
        names[:] = numpy.array(["one", "", "drei"], object)
        inner.createVariable("code", "u8", ("station",))[:] = [1, 2, 3]
        inner.createVariable("letter", "S1", ("station",))[:] = numpy.array(list("xyz"), "S1")
    with h5py.File(seed("netcdf4", "old.h5"), "w", libver="earliest") as data:
        data.create_dataset("b", data=field(), chunks=(2, 3), compression="gzip", shuffle=True)
        data.create_dataset("compact", data=numpy.arange(6, dtype=">i4"))
        data.create_dataset("scalar", data=numpy.float64(2.5))
        data.create_dataset("s", data=numpy.array([b"ab", b"cde"]))
        data["b"].attrs["units"] = "K"
        data.create_group("g").create_dataset("empty", shape=(0, 3), maxshape=(None, 3), chunks=(1, 3), dtype="i2")
    with h5py.File(seed("netcdf4", "new.h5"), "w", libver="latest") as data:
        data.create_dataset("fixed", data=field(8, 8), chunks=(2, 2))
        data.create_dataset("single", data=field(4, 4), chunks=(4, 4), compression="gzip")
        data.create_dataset("extensible", data=field(5, 4), chunks=(2, 4), maxshape=(None, 4), shuffle=True, compression="gzip", fletcher32=True)
        data.create_dataset("tree", data=field(5, 5), chunks=(2, 2), maxshape=(None, None))
        data.create_dataset("blank", shape=(4, 4), chunks=(2, 2), dtype="f8", fillvalue=9.0)
        data.attrs["words"] = ["a", "bc"]
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    for version in ("earliest", "latest"):
        with h5py.File(seed("netcdf4", f"compact_{version}.h5"), "w", libver=version) as data:
            values = numpy.arange(5, dtype="u2")
            space = h5py.h5s.create_simple((5,))
            h5py.h5d.create(data.id, b"c", h5py.h5t.NATIVE_UINT16, space, compact).write(h5py.h5s.ALL, h5py.h5s.ALL, values)
            for n in range(9 if version == "latest" else 0):
                data.attrs[f"a{n}"] = n


def grib_message(sample: str, values: numpy.ndarray, **keys) -> bytes:
    message = eccodes.codes_grib_new_from_samples(sample)
    height, width = values.shape
    for key, value in {"Ni": width, "Nj": height, "iDirectionIncrementInDegrees": 1, "jDirectionIncrementInDegrees": 1}.items():
        eccodes.codes_set(message, key, value)
    eccodes.codes_set(message, "latitudeOfFirstGridPointInDegrees", float(height - 1))
    eccodes.codes_set(message, "latitudeOfLastGridPointInDegrees", 0.0)
    eccodes.codes_set(message, "longitudeOfFirstGridPointInDegrees", 0.0)
    eccodes.codes_set(message, "longitudeOfLastGridPointInDegrees", float(width - 1))
    bitmap = keys.pop("bitmap", False)
    for key, value in keys.items():
        eccodes.codes_set(message, key, value)
    values = values.astype("f8").copy()
    if bitmap:
        eccodes.codes_set(message, "missingValue", 9999.0)
        eccodes.codes_set(message, "bitmapPresent", 1)
        values.flat[::7] = 9999
    eccodes.codes_set_values(message, values.ravel())
    out = eccodes.codes_get_message(message)
    eccodes.codes_release(message)
    return out


def grib() -> None:
    first, second = "regular_ll_sfc_grib1", "regular_ll_pl_grib2"
    values = field(7, 11)
    messages = {
        "1_simple": grib_message(first, values),
        "1_bitmap": grib_message(first, values, bitmap=True),
        "1_constant": grib_message(first, values * 0 + 3),
    }
    packings = ("grid_simple", "grid_complex", "grid_complex_spatial_differencing", "grid_ieee", "grid_jpeg", "grid_ccsds")
    for packing in packings:
        for bitmap in (False, True):
            made = grib_message(second, values, packingType=packing, bitsPerValue=12, bitmap=bitmap)
            messages[f"2_{packing.removeprefix('grid_')}{'_bitmap' if bitmap else ''}"] = made
    series = [grib_message(second, field(3, 4), level=level, step=step) for level in (500, 850) for step in (0, 6)]
    messages["2_levels_and_steps"] = b"".join(series)
    messages["1_times"] = b"".join(grib_message(first, field(3, 4), dataDate=20200101 + day) for day in range(3))
    messages["2_bulletin"] = b"\x01\r\r\n123\r\r\nHTXA50 ECMF 010000\r\r\n" + series[0] + b"\r\r\n\x03"
    members = [grib_message(second, field(3, 4), productDefinitionTemplateNumber=1, perturbationNumber=n) for n in (1, 2)]
    messages["2_members"] = b"".join(members)
    messages["2_accumulated"] = grib_message(second, field(3, 4), productDefinitionTemplateNumber=8)
    for name, message in messages.items():
        seed("grib", f"{name}.grib").write_bytes(message)
    # Constant, so that no point takes a byte.
    for name, sample, keys in (
        ("1_reduced", "reduced_gg_pl_32_grib1", {}),
        ("2_reduced", "reduced_gg_pl_32_grib2", {}),
        ("2_gaussian", "regular_gg_pl_grib2", {}),
        ("2_rotated", "rotated_ll_pl_grib2", {}),
        ("2_polar", "polar_stereographic_pl_grib2", {}),
        ("1_polar", "polar_stereographic_pl_grib1", {}),
        ("2_lambert", second, {"gridType": "lambert", "Nx": 4, "Ny": 3, "DxInMetres": 1000, "DyInMetres": 1000, "Latin1InDegrees": 40, "Latin2InDegrees": 50}),
        ("2_mercator", second, {"gridType": "mercator", "Ni": 4, "Nj": 3, "DiInMetres": 1000, "DjInMetres": 1000}),
        ("1_lambert", first, {"gridType": "lambert", "Nx": 4, "Ny": 3, "DxInMetres": 1000, "DyInMetres": 1000, "Latin1InDegrees": 40, "Latin2InDegrees": 50}),
        ("2_rows_and_columns", second, {"Ni": 4, "Nj": 3, "jPointsAreConsecutive": 1, "alternativeRowScanning": 1}),
    ):
        message = eccodes.codes_grib_new_from_samples(sample)
        for key, value in keys.items():
            eccodes.codes_set(message, key, value)
        values = numpy.arange(12.0) if keys else numpy.full(eccodes.codes_get(message, "numberOfDataPoints"), 3.0)
        eccodes.codes_set_values(message, values)
        seed("grib", f"{name}.grib").write_bytes(eccodes.codes_get_message(message))
        eccodes.codes_release(message)
    # eccodes writes no PNG as small as this.
    plain = messages["2_simple"]
    sections = [plain[:16]]
    while (at := sum(map(len, sections))) < len(plain) - 4:
        sections.append(plain[at : at + int.from_bytes(plain[at : at + 4], "big")])
    for bits, kind in ((8, "u1"), (16, "u2")):
        picture = io.BytesIO()
        Image.fromarray(((field(7, 11) - 260) * 4).astype(kind)).save(picture, "PNG")
        body = picture.getvalue()
        fifth = next(s for s in sections if s[4] == 5 and len(s) == 21)
        fifth = fifth[:9] + (41).to_bytes(2, "big") + fifth[11:19] + bytes([bits]) + fifth[20:]
        packed = [fifth if len(s) == 21 and s[4] == 5 else (5 + len(body)).to_bytes(4, "big") + b"\7" + body if s[4] == 7 and s != sections[0] else s for s in sections]
        message = b"".join(packed) + b"7777"
        seed("grib", f"2_png_{bits}.grib").write_bytes(message[:8] + len(message).to_bytes(8, "big") + message[16:])


def tiff() -> None:
    def write(name: str, values: numpy.ndarray, **options) -> None:
        tifffile.imwrite(seed("tiff", f"{name}.tif"), values, metadata=None, software=False, **options)

    small = (field(17, 18) * 10).astype("u2")
    write("strips", small, rowsperstrip=4)
    write("big_endian", small, byteorder=">", rowsperstrip=8)
    write("tiles", small, tile=(16, 16))
    write("bigtiff", small, bigtiff=True)
    write("bands", RANDOM.integers(0, 255, (3, 16, 16)).astype("u1"), photometric="rgb", planarconfig="separate")
    write("interleaved", RANDOM.integers(0, 255, (8, 9, 3)).astype("u1"), photometric="rgb")
    for kind in ("lzw", "zlib", "packbits"):
        write(kind, small, compression=kind, rowsperstrip=8)
        write(f"{kind}_tiles", small, compression=kind, tile=(16, 16))
    write("lzw_difference", small, compression="lzw", predictor=2)
    write("zlib_difference_rgb", RANDOM.integers(0, 9, (8, 9, 3)).astype("u1"), photometric="rgb", compression="zlib", predictor=2)
    write("float_difference", field(8, 9), compression="zlib", predictor=3)
    write("double_difference", field(8, 9).astype("f8"), compression="lzw", predictor=3, byteorder=">", tile=(16, 16))
    write("wide_integers", small.astype("i8")[:4, :5], compression="zlib", predictor=2)
    tags = [
        (33550, "d", 3, (0.5, 0.25, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, 10.0, 50.0, 0.0), True),
        (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326), True),
        (42113, "s", 0, "-9999", True),
        (42112, "s", 0, "<GDALMetadata></GDALMetadata>", True),
    ]
    write("geo", field(4, 5), extratags=tags, description="height")
    with tifffile.TiffWriter(seed("tiff", "pages.tif")) as file:
        for n in range(3):
            file.write(small[: 4 + n, :5], metadata=None, software=False, subfiletype=1 if n == 2 else 0)


def picture() -> None:
    rgb = RANDOM.integers(0, 40, (9, 12, 3)).astype("u1") + numpy.arange(12, dtype="u1")[:, None] * 9
    gray = rgb[:, :, 0]
    image = Image.fromarray(rgb)
    alpha = Image.fromarray(numpy.dstack([rgb, gray * 5]), "RGBA")
    pictures = {
        "rgb.png": (image, {}),
        "rgba.png": (alpha, {}),
        "gray.png": (Image.fromarray(gray), {}),
        "gray_alpha.png": (Image.merge("LA", [Image.fromarray(gray), Image.fromarray(gray)]), {}),
        "deep.png": (Image.fromarray(gray.astype("u2") * 257), {}),
        "palette.png": (image.quantize(7), {"bits": 4}),
        "bits.png": (Image.fromarray(gray > 30).convert("1"), {}),
        "transparent.png": (image.quantize(7), {"transparency": 2}),
        "palette.gif": (image.quantize(30), {}),
        "transparent.gif": (image.quantize(30), {"transparency": 3}),
        "interlaced.gif": (image.quantize(16), {"interlace": True}),
        "baseline.jpg": (image, {"quality": 80}),
        "progressive.jpg": (image, {"quality": 60, "progressive": True}),
        "subsampled.jpg": (image, {"subsampling": 2}),
        "gray.jpg": (Image.fromarray(gray), {}),
        "cmyk.jpg": (image.convert("CMYK"), {}),
        "restarts.jpg": (image, {"restart_marker_blocks": 1}),
        "lossy.webp": (image, {"quality": 50}),
        "lossy_alpha.webp": (alpha, {"quality": 40}),
        "lossless.webp": (image, {"lossless": True}),
        "lossless_alpha.webp": (alpha, {"lossless": True}),
        "palette.webp": (image.quantize(4).convert("RGB"), {"lossless": True}),
    }
    for name, (made, options) in pictures.items():
        made.save(seed("picture", name), **options)


def npy_npz() -> None:
    def npy(name: str, values: numpy.ndarray, **options) -> None:
        numpy.save(seed("npy_npz", f"{name}.npy"), values, **options)

    npy("float", field(3, 4))
    npy("fortran", numpy.asfortranarray(field(3, 4).astype("f8")))
    npy("big", numpy.arange(6, dtype=">i4").reshape(2, 3))
    npy("scalar", numpy.array(5, "u2"))
    npy("empty", numpy.zeros((0, 3), "i8"))
    npy("text", numpy.array([b"a", b"b"], "S1"))
    with open(seed("npy_npz", "version_2.npy"), "wb") as file:
        numpy.lib.format.write_array(file, numpy.arange(3, dtype="u1"), version=(2, 0))
    numpy.savez(seed("npy_npz", "stored.npz"), a=field(2, 3), b=numpy.arange(4, dtype="i2"), c=numpy.float64(1))
    numpy.savez_compressed(seed("npy_npz", "deflated.npz"), a=field(4, 6), b=numpy.zeros(40, "u1"))


def csv() -> None:
    tables = {
        "comma": "1,2.5,3\n4,,6.25\n7,NaN,9\n",
        "german": "lat;10,5;20,5\n1,5;3,25;4\n2,5;5;6,75\n",
        "tab": "# a comment\nyear\tvalue\n2000\t1.50\n2001\t-2.25\n2002\tNA\n",
        "spaces": "  1.0  2.0  3.0\n -1.5e3  2.0  -\n",
        "long": "lat,lon,t,u\n" + "".join(f"{lat},{lon},{lat * lon / 4},{lat - lon}\n" for lat in (10, 20) for lon in (0, 5, 10)),
        "times": "time,lat,lon,t\n" + "".join(f"{t},{lat},{lon},{t + lat + lon}.0\n" for t in (0, 6) for lat in (1, 2) for lon in (3, 4)),
        "labels": 'name,a,b\nx,1,2\n"y z",3,4\n',
        "wide": "1,20000000000,0.1,1e300\r\n2,3,0.30000000000000004,1\r\n",
    }
    for name, text in tables.items():
        seed("csv", f"{name}.csv").write_bytes(text.encode())


def crowded() -> dict[str, tuple[bytes, bytes, bytes]]:
    """What stands before the entries of a list in an index, one of them, and what stands behind."""
    file = b"\xa6\x00\x60\x01\x00\x02\x00\x03\x80\x04\x80\x05\x80"
    certificate = b"\xa6\x00\x00\x01\xfb" + bytes(8) + b"\x02\xfb" + bytes(8) + b"\x03\xfb" + bytes(8) + b"\x04\x00\x05\x00"
    section = b"\xa1\x05" + certificate
    head, variable = b"\xa1\x00\x81\xa6\x00\x61v\x01\x00\x02\x00", b"\x05\x81\xa6\x00\x61v\x01\x08"
    end = b"\x06\x81" + section
    rest = variable + b"\x02\x80\x03\x80\x04\x80" + end
    return {
        "files": (b"\xa1\x00", file, b""),
        "dimensions": (head + b"\x03", b"\x83\x60\x01\xf4", b"\x04\x80" + rest),
        "attributes": (head + b"\x03\x80\x04", b"\x83\x60\x01\x40", rest),
        "dimensions_of_variable": (head + b"\x03\x80\x04\x80" + variable + b"\x02", b"\x00", b"\x03\x80\x04\x80" + end),
        "attributes_of_variable": (head + b"\x03\x80\x04\x80" + variable + b"\x02\x80\x03", b"\x83\x60\x01\x40", b"\x04\x80" + end),
        "patterns_of_variable": (head + b"\x03\x80\x04\x80" + variable + b"\x02\x80\x03\x80\x04", b"\x00", end),
        "sections_of_variable": (head + b"\x03\x80\x04\x80" + variable + b"\x02\x80\x03\x80\x04\x80\x06", b"\xa2\x00\x01\x05" + certificate, b""),
        "models": (b"\xa2\x00\x80\x04", b"\x83\x01\x02\x03", b""),
    }


def archive() -> None:
    names = "bounded_missing bounded_series constant explicit_missing file lossless_decimals lossless_packed lossless_truncated layered_row layered_series network_row pointwise ranks repeats scalar sparse text picture_palette picture_bounded uint8 int16 stream tiles_sizes fast_series max_series".split()
    page = (ROOT / "docs" / "format.md").read_text()
    words = re.search(r"```words\n(.*?)\n```", page, re.DOTALL)[1].replace("\n", "")
    words = re.sub(r"\\n|\\x(..)", lambda found: chr(int(found[1], 16)) if found[1] else "\n", words).encode("latin1")
    for name in names:
        data = (ROOT / "tests" / "vectors" / "v1.0" / f"{name}.dca").read_bytes()
        # The index in plain, so that what it says can be changed; its checksums are put right by the target.
        at = int.from_bytes(data[-12:-4], "little")
        start = next(i for i in range(at + 2, len(data)) if data[i] < 0x80) + 3
        kind, body = data[start], data[start + 1 : -16]
        if kind > 0:
            body = zlib.decompressobj(-15, zdict=words if kind == 2 else b"").decompress(body)
        length = len(body) + 1
        varint = b""
        while length >= 0x80:
            varint, length = varint + bytes([length & 0x7F | 0x80]), length >> 7
        seed("archive", f"{name}.dca").write_bytes(data[:at] + b"\xdc\5" + varint + bytes([length]) + bytes(2) + b"\0" + body + bytes(4) + data[-12:])
    words = b"ocean air temperature of the wind 1234 " * 8
    seed("archive", "file_text").write_bytes(b"f" + words)
    seed("archive", "file_noise").write_bytes(b"f" + RANDOM.bytes(300))
    for number, kind in enumerate("i1 u1 i2 u2 i4 u4 i8 u8 f4 f8".split()):
        for bound in (0, 1 + 4 * 30, 2 + 4 * 12, 3 + 4 * 12):
            if bound == 0 or number in (2, 8, 9):
                values = (field(7, 8) - 240).astype(kind)
                seed("archive", f"numbers_{kind}_{bound}").write_bytes(b"n" + bytes([number, bound, 8]) + values.tobytes())
    # Lists in the index that are longer than the limits: of files, dimensions, attributes; dimensions, attributes, patterns and sections of a variable; models.
    for name, (before, entry, after) in crowded().items():
        for times in (3, 5000):
            count = cbor2.dumps([None] * times)[: -times]
            runs = [(1, before + count), (times, entry), (1, after)]
            seed("archive", f"list_{name}_{times}").write_bytes(b"l" + b"".join(n.to_bytes(2, "little") + bytes([len(run)]) + run for n, run in runs))
    # Payloads of first chunks of variables, with their type and shape.
    for name in names:
        if name == "file":
            continue
        data = seed("archive", f"{name}.dca").read_bytes()
        at = int.from_bytes(data[-12:-4], "little")
        body = next(i for i in range(at + 2, len(data)) if data[i] < 0x80) + 4
        file = cbor2.loads(data[body:-16])[0][0]
        variable = file[5][0]
        section = variable[6][0]
        offset, rest = read_varint(section[2])
        length, _ = read_varint(rest)
        frame = data[offset // 2 : offset // 2 + length]
        shape = [file[3][dimension][1] for dimension in variable.get(2, [])]
        tile = section[1][4:] if 1 in section else [math.prod(shape[:-2]), *[1, 1, *shape][-2:]]
        if max(tile) < 256:
            payload = frame[6 + (8 if frame[1] & 1 else 0) + (4 if frame[1] & 2 else 0) : -4]
            seed("archive", f"chunk_{name}").write_bytes(b"c" + bytes([variable.get(1, 0), *tile]) + payload)


def read_varint(data: bytes) -> tuple[int, bytes]:
    """The varint at the front, and what is behind it."""
    end = next(i for i, byte in enumerate(data) if byte < 0x80) + 1
    return sum((byte & 0x7F) << 7 * i for i, byte in enumerate(data[:end])), data[end:]


MAKERS = {make.__name__: make for make in (netcdf3, netcdf4, grib, tiff, picture, npy_npz, csv, archive)}
for target in sys.argv[1:] or MAKERS:
    shutil.rmtree(SEEDS / target, ignore_errors=True)
    MAKERS[target]()
print(sum(f.stat().st_size for f in SEEDS.rglob("*") if f.is_file()), "bytes")
