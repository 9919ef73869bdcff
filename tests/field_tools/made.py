"""Files as meshes, models, satellites and stations give them, in which most variables are no measurements; and what a bound may do to them.

Used by the tests of this folder and by `npm run bench -- truth`.
"""

import netCDF4
import numpy as np
import xarray as xr

FLAGS = {"good": 0, "conditionally_usable": 1, "out_of_range": 2, "no_value": 3}


def wave(*shape, seed=0):
    """Smooth numbers from −1 to 1 with a little noise."""
    noise = np.random.default_rng(seed).normal(size=shape)
    index = np.indices(shape)
    return (np.sin(index[-1] / 7 + seed) * np.cos(index[-2] / 5) * np.cos(index[0] / 9) + 0.02 * noise) / 1.1


def rain(*shape, seed=0):
    """Mostly dry."""
    return np.maximum(wave(*shape, seed=seed) - 0.6, 0) * 20


class Writer:
    """A NetCDF file, variable by variable."""

    def __init__(self, path, dimensions, **attributes):
        self.file = netCDF4.Dataset(path, "w")
        self.file.setncatts(attributes)
        for name, length in dimensions.items():
            self.file.createDimension(name, length)

    def add(self, name, kind, dimensions, values, fill_value=None, **attributes):
        """Values as they are stored."""
        variable = self.file.createVariable(name, kind, tuple(dimensions.split()), fill_value=fill_value)
        variable.set_auto_maskandscale(False)
        variable.setncatts(attributes)
        variable[...] = values

    def close(self):
        self.file.close()


# -------------------------------------------------------------------------------------------------------------------------- UGRID 1.0


def ugrid(path):
    """Triangles as a coastal model has them: everything of the mesh is integers and places, levels and currents are on its faces and nodes."""
    rows, columns, times = 18, 25, 6
    quads = [(row * columns + column, row * columns + column + 1, (row + 1) * columns + column) for row in range(rows - 1) for column in range(columns - 1)]
    faces = np.array([triangle for a, b, c in quads for triangle in ((a, b, c), (b, c + 1, c))], "i4")
    edges = np.unique(np.sort(np.concatenate([faces[:, pair] for pair in ((0, 1), (1, 2), (2, 0))])), axis=0).astype("i4")
    nodes = rows * columns
    y, x = 53 + np.repeat(np.arange(rows), columns) * 0.05, 4 + np.tile(np.arange(columns), rows) * 0.08
    middle = {"x": x[faces].mean(1), "y": y[faces].mean(1)}
    neighbours = np.roll(np.arange(len(faces)), 1)[:, None] + np.array([[0, 1, 2]])
    file = Writer(path, {"node": nodes, "face": len(faces), "edge": len(edges), "three": 3, "two": 2, "time": None}, Conventions="CF-1.8 UGRID-1.0")
    file.add(
        "mesh2d", "i4", "", 0, cf_role="mesh_topology", topology_dimension=np.int32(2), node_coordinates="mesh2d_node_x mesh2d_node_y", face_coordinates="mesh2d_face_x mesh2d_face_y",
        face_node_connectivity="mesh2d_face_nodes", edge_node_connectivity="mesh2d_edge_nodes", face_face_connectivity="mesh2d_face_links", face_dimension="face", edge_dimension="edge",
    )  # fmt: skip
    file.add("mesh2d_node_x", "f8", "node", x, units="degrees_east", standard_name="longitude", mesh="mesh2d", location="node")
    file.add("mesh2d_node_y", "f8", "node", y, units="degrees_north", standard_name="latitude", mesh="mesh2d", location="node")
    file.add("mesh2d_face_x", "f8", "face", middle["x"], units="degrees_east", standard_name="longitude", bounds="mesh2d_face_x_bnd")
    file.add("mesh2d_face_y", "f8", "face", middle["y"], units="degrees_north", standard_name="latitude")
    file.add("mesh2d_face_x_bnd", "f8", "face three", x[faces])
    file.add("mesh2d_face_nodes", "i4", "face three", faces + 1, fill_value=-999, cf_role="face_node_connectivity", start_index=np.int32(1))
    file.add("mesh2d_edge_nodes", "i4", "edge two", edges + 1, cf_role="edge_node_connectivity", start_index=np.int32(1))
    file.add("mesh2d_face_links", "i4", "face three", neighbours % len(faces) + 1)
    file.add("mesh2d_edge_type", "i4", "edge", np.arange(len(edges)) % 4, mesh="mesh2d", location="edge", flag_values=np.arange(4, dtype="i4"), flag_meanings="internal open closed boundary")
    file.add("mesh2d_flowelem_ba", "f8", "face", 1.2e7 + 1e5 * wave(len(faces), 1)[:, 0], units="m2", standard_name="cell_area", mesh="mesh2d", location="face")
    file.add("time", "f8", "time", np.arange(times) * 600.0, units="seconds since 2001-01-01 00:00:00", standard_name="time")
    on = {"mesh": "mesh2d", "location": "face", "coordinates": "mesh2d_face_x mesh2d_face_y"}
    file.add("mesh2d_s1", "f8", "time face", 300 * wave(times, len(faces)), units="cm", standard_name="sea_surface_height", **on)
    file.add("mesh2d_ucx", "f8", "time face", 90 * wave(times, len(faces), seed=1), fill_value=-999.0, units="cm s-1", standard_name="sea_water_x_velocity", **on)
    file.add("mesh2d_tem1", "f4", "time node", 12 + 9 * wave(times, nodes, seed=2), units="degC", standard_name="sea_water_temperature", mesh="mesh2d", location="node")
    file.close()
    return {"mesh2d_s1", "mesh2d_ucx", "mesh2d_tem1"}


# ------------------------------------------------------------------------------------------------------------------------------- CMIP


def cmip(path):
    """Temperature near the surface and on hybrid levels, with their coefficients, bounds, cell areas and a basin mask."""
    times, levels, rows, columns = 4, 8, 24, 36
    file = Writer(path, {"time": None, "lev": levels, "lat": rows, "lon": columns, "bnds": 2}, Conventions="CF-1.7 CMIP-6.2", table_id="Amon", frequency="mon")
    edges = lambda middles, half: np.stack([middles - half, middles + half], -1)  # noqa: E731
    time, lat, lon, lev = 15.5 + 30 * np.arange(times), np.linspace(-86.25, 86.25, rows), np.arange(columns) * 10.0 + 5, (np.arange(levels) + 0.5) / levels
    file.add("time", "f8", "time", time, units="days since 1850-01-01", calendar="noleap", standard_name="time", axis="T", bounds="time_bnds")
    file.add("time_bnds", "f8", "time bnds", edges(time, 15.0))
    file.add("lat", "f8", "lat", lat, units="degrees_north", standard_name="latitude", axis="Y", bounds="lat_bnds")
    file.add("lat_bnds", "f8", "lat bnds", edges(lat, 3.75))
    file.add("lon", "f8", "lon", lon, units="degrees_east", standard_name="longitude", axis="X", bounds="lon_bnds")
    file.add("lon_bnds", "f8", "lon bnds", edges(lon, 5.0))
    hybrid = {"standard_name": "atmosphere_hybrid_sigma_pressure_coordinate", "units": "1", "positive": "down", "axis": "Z"}
    file.add("lev", "f8", "lev", lev, bounds="lev_bnds", formula="p = ap + b*ps", formula_terms="ap: ap b: b ps: ps", **hybrid)
    file.add("lev_bnds", "f8", "lev bnds", edges(lev, 0.5 / levels), formula="p = ap + b*ps", formula_terms="ap: ap_bnds b: b_bnds ps: ps", standard_name=hybrid["standard_name"], units="1")
    for name, values in (("ap", 9e3 * np.sin(np.pi * lev)), ("b", lev**2)):
        units = {"units": "Pa"} if name == "ap" else {}
        file.add(name, "f8", "lev", values, long_name=f"vertical coordinate formula term: {name}(k)", **units)
        file.add(f"{name}_bnds", "f8", "lev bnds", edges(values, 0.01), long_name=f"vertical coordinate formula term: {name}(k+1/2)", **units)
    file.add("height", "f8", "", 2.0, units="m", standard_name="height", positive="up", axis="Z")
    file.add("areacella", "f4", "lat lon", 1e10 * np.repeat(np.cos(np.radians(lat)), columns).reshape(rows, columns), units="m2", standard_name="cell_area")
    file.add("basin", "i4", "lat lon", (np.arange(rows * columns) // 100).reshape(rows, columns), standard_name="region", flag_values=np.arange(9, dtype="i4"), flag_meanings=" ".join("abcdefghi"))
    known = {"cell_methods": "area: time: mean", "cell_measures": "area: areacella", "missing_value": np.float32(1e20), "fill_value": np.float32(1e20)}
    file.add("ps", "f4", "time lat lon", 98_000 + 5_000 * wave(times, rows, columns), units="Pa", standard_name="surface_air_pressure", **known)
    file.add("tas", "f4", "time lat lon", 285 + 25 * wave(times, rows, columns, seed=1), units="K", standard_name="air_temperature", coordinates="height", **known)
    file.add("ta", "f4", "time lev lat lon", 250 + 40 * wave(times, levels, rows, columns, seed=2), units="K", standard_name="air_temperature", **known)
    hole = rain(times, rows, columns, seed=3)
    hole *= 5
    hole[:, 4:7, 9:14] = 1e20
    file.add("prw", "f4", "time lat lon", hole, units="kg m-2", standard_name="atmosphere_mass_content_of_water_vapor", **(known | {"fill_value": np.float32(1e20)}))
    file.close()
    return {"ps", "tas", "ta", "prw"}


# -------------------------------------------------------------------------------------------------------------------------------- WRF


def wrf(path):
    """As WRF writes: no CF, staggered grids, places by time, classes and masks as float32, times as text."""
    times, levels, rows, columns = 3, 6, 20, 28
    sizes = {"Time": None, "DateStrLen": 19, "west_east": columns, "south_north": rows, "bottom_top": levels}
    sizes |= {f"{name}_stag": sizes[name] + 1 for name in ("west_east", "south_north", "bottom_top")}
    file = Writer(path, sizes, TITLE=" OUTPUT FROM WRF V4.4 MODEL", MAP_PROJ=np.int32(1), CEN_LAT=np.float32(47), MMINLU="MODIFIED_IGBP_MODIS_NOAH", DX=np.float32(12000))

    def add(name, values, units="", description="", stagger=""):
        values = np.asarray(values)
        places = {"X": "XLONG_U XLAT_U XTIME", "Y": "XLONG_V XLAT_V XTIME"}.get(stagger, "XLONG XLAT XTIME")
        width, height, depth = (name + "_stag" * (stagger == axis) for name, axis in (("west_east", "X"), ("south_north", "Y"), ("bottom_top", "Z")))
        layout = {1: "", 2: depth, 3: f"{height} {width}", 4: f"{depth} {height} {width}"}[values.ndim]
        order = {1: "0  ", 2: "Z  ", 3: "XY ", 4: "XYZ"}[values.ndim]
        told = {"coordinates": places} if values.ndim > 2 else {}
        whole = values.dtype.kind == "i"
        file.add(name, "i4" if whole else "f4", f"Time {layout}", values, FieldType=np.int32(106 if whole else 104), MemoryOrder=order, description=description, units=units, stagger=stagger, **told)

    file.add("Times", "S1", "Time DateStrLen", np.array([list(f"2005-08-28_{hour:02d}:00:00") for hour in range(times)], "S1"))
    lat, lon = 40 + np.arange(rows + 1) * 0.11, 5 + np.arange(columns + 1) * 0.16
    for stagger in ("", "U", "V"):
        down, across = lat[: rows + (stagger == "V")], lon[: columns + (stagger == "U")]
        suffix, on = (f"_{stagger}" if stagger else ""), {"U": "X", "V": "Y"}.get(stagger, "")
        shape = (times, len(down), len(across))
        add(f"XLAT{suffix}", np.broadcast_to(down[:, None], shape), "degree_north", "LATITUDE, SOUTH IS NEGATIVE", on)
        add(f"XLONG{suffix}", np.broadcast_to(across, shape), "degree_east", "LONGITUDE, WEST IS NEGATIVE", on)
        add(f"MAPFAC_{stagger or 'M'}", 1 + 0.02 * wave(*shape), "", "Map scale factor", on)
    add("XTIME", np.arange(times) * 60.0, "minutes since 2005-08-28 00:00:00", "minutes since 2005-08-28 00:00:00")
    add("ITIMESTEP", np.arange(times) * 60)
    add("ZNU", np.broadcast_to(np.linspace(0.99, 0.01, levels), (times, levels)), "", "eta values on half (mass) levels")
    add("ZNW", np.broadcast_to(np.linspace(1, 0, levels + 1), (times, levels + 1)), "", "eta values on full (w) levels", "Z")
    plane = (times, rows, columns)
    land = np.broadcast_to(wave(rows, columns, seed=9) > -0.2, plane)
    kinds = np.broadcast_to(np.arange(rows * columns).reshape(rows, columns) // 35 % 17, plane)
    add("LU_INDEX", (kinds + 1).astype("f8"), "", "LAND USE CATEGORY")
    add("IVGTYP", kinds + 1, "", "DOMINANT VEGETATION CATEGORY")
    add("ISLTYP", kinds % 16 + 1, "", "DOMINANT SOIL CATEGORY")
    add("LANDMASK", land.astype("f8"), "", "LAND MASK (1 FOR LAND, 0 FOR WATER)")
    add("LAKEMASK", (land & (kinds == 3)).astype("f8"), "", "LAKE MASK (1 FOR LAKE, 0 FOR NON-LAKE)")
    add("XLAND", 2.0 - land, "", "LAND MASK (1 FOR LAND, 2 FOR WATER)")
    add("SINALPHA", 0.1 * wave(*plane, seed=8), "", "Local sine of map rotation")
    add("COSALPHA", np.sqrt(1 - (0.1 * wave(*plane, seed=8)) ** 2), "", "Local cosine of map rotation")
    full = (times, levels, rows, columns)
    add("T", 5 + 60 * wave(*full), "K", "perturbation potential temperature theta-t0")
    add("P", 1_500 * wave(*full, seed=1), "Pa", "perturbation pressure")
    add("QVAPOR", np.maximum(0.009 * wave(*full, seed=2), 0) * 1_000, "g kg-1", "Water vapor mixing ratio")
    add("PH", 4_000 * wave(times, levels + 1, rows, columns, seed=3), "m2 s-2", "perturbation geopotential", "Z")
    add("U", 45 * wave(times, levels, rows, columns + 1, seed=4), "m s-1", "x-wind component", "X")
    add("V", 45 * wave(times, levels, rows + 1, columns, seed=5), "m s-1", "y-wind component", "Y")
    add("T2", 285 + 20 * wave(*plane, seed=6), "K", "TEMP at 2 M")
    add("PSFC", 95_000 + 6_000 * wave(*plane, seed=7), "Pa", "SFC PRESSURE")
    add("RAINNC", 5 * rain(*plane, seed=10), "mm", "ACCUMULATED TOTAL GRID SCALE PRECIPITATION")
    add("HGT", np.broadcast_to(np.maximum(900 * wave(rows, columns, seed=11), 0), plane), "m", "Terrain Height")
    file.close()
    return {"T", "P", "QVAPOR", "PH", "U", "V", "T2", "PSFC", "RAINNC", "HGT"}


# ------------------------------------------------------------------------------------------------------------------------------- GOES


def goes(path):
    """Cloud tops as GOES-R packs them: 16 bits that are meant without sign, more than half of them above 32,767, and quality flags beside them."""
    rows, columns = 48, 60
    file = Writer(path, {"y": rows, "x": columns, "number_of_time_bounds": 2}, Conventions="CF-1.7", platform_ID="G16", title="ABI L2 Cloud Top Height")
    on = {"coordinates": "t y x", "grid_mapping": "goes_imager_projection", "cell_methods": "t: point area: point", "ancillary_variables": "DQF"}
    stored = np.rint(32_000 + 31_000 * wave(rows, columns)).astype("u2")
    stored[5:9, 20:40] = 0xFFFF
    height = stored.view("i2")
    packed = {"_Unsigned": "true", "fill_value": np.int16(-1), "valid_range": np.array([0, -6], "i2")}
    file.add("HT", "i2", "y x", height, scale_factor=np.float32(0.3052037), add_offset=np.float32(0), units="m", standard_name="geopotential_height", **packed, **on)
    warm = np.where(stored == 0xFFFF, 0xFFFF, np.rint(41_000 + 20_000 * wave(rows, columns, seed=3)).astype("u2")).astype("u2").view("i2")
    file.add("TEMP", "i2", "y x", warm, scale_factor=np.float32(0.00244163), add_offset=np.float32(180), units="K", standard_name="air_temperature", **packed, **on)
    quality = np.where(stored == 0xFFFF, 3, np.arange(rows * columns).reshape(rows, columns) % 50 == 0).astype("u1").view("i1")
    flags = {"flag_values": np.array(list(FLAGS.values()), "i1"), "flag_meanings": " ".join(FLAGS)}
    file.add("DQF", "i1", "y x", quality, fill_value=np.int8(-1), _Unsigned="true", units="1", standard_name="status_flag", **flags)
    phase = (np.arange(rows * columns).reshape(rows, columns) // 97 % 6).astype("i1")
    file.add("Phase", "i1", "y x", phase, fill_value=np.int8(-1), _Unsigned="true", flag_values=np.arange(6, dtype="i1"), flag_meanings="clear_sky liquid super_cooled mixed ice unknown")
    file.add("y", "i2", "y", np.arange(rows), scale_factor=np.float32(-5.6e-5), add_offset=np.float32(0.128212), units="rad", axis="Y", standard_name="projection_y_coordinate")
    file.add("x", "i2", "x", np.arange(columns), scale_factor=np.float32(5.6e-5), add_offset=np.float32(-0.101332), units="rad", axis="X", standard_name="projection_x_coordinate")
    file.add("t", "f8", "", 623_000_000.5, units="seconds since 2000-01-01 12:00:00", standard_name="time", axis="T", bounds="time_bounds")
    file.add("time_bounds", "f8", "number_of_time_bounds", [623_000_000.0, 623_000_001.0])
    file.add("goes_imager_projection", "i4", "", -2147483647, grid_mapping_name="geostationary", perspective_point_height=35_786_023.0, sweep_angle_axis="x")
    file.add("nominal_satellite_subpoint_lat", "f4", "", 0.0, fill_value=np.float32(-999), units="degrees_north", standard_name="latitude")
    file.add("nominal_satellite_subpoint_lon", "f4", "", -75.0, fill_value=np.float32(-999), units="degrees_east", standard_name="longitude")
    file.close()
    return {"HT", "TEMP"}


# --------------------------------------------------------------------------------------------------------------------------- Stations


def stations(path):
    """Reports of stations in one list: numbers and names of stations, counts, links from report to report, codes, dates written as numbers."""
    places, each = 12, 40
    reports = places * each
    file = Writer(path, {"station": places, "recNum": reports, "id_len": 5}, Conventions="CF-1.8", featureType="timeSeries")
    owner = np.arange(reports) % places
    at = np.arange(reports) // places
    file.add("wmoId", "i4", "station", 10_000 + 137 * np.arange(places), long_name="numeric WMO identification", fill_value=-2147483647, valid_range=np.array([1, 89999], "i4"))
    file.add("station_id", "S1", "station id_len", np.array([list(f"{10_000 + 137 * number}") for number in range(places)], "S1"), cf_role="timeseries_id")
    file.add("lat", "f4", "station", 47 + 0.7 * np.arange(places), units="degrees_north", standard_name="latitude")
    file.add("lon", "f4", "station", 6 + 0.9 * np.arange(places), units="degree_east", standard_name="longitude")
    file.add("alt", "f4", "station", 20.0 + 31 * np.arange(places), units="m", standard_name="height", positive="up", axis="Z")
    file.add("row_size", "i4", "station", np.full(places, each), sample_dimension="recNum", long_name="number of observations for this station")
    file.add("numChildren", "i4", "station", np.full(places, each), long_name="number of children")
    file.add("lastChild", "i4", "station", reports - places + np.arange(places), long_name="last record in linked list")
    file.add("prevChild", "i4", "recNum", np.arange(reports) - places, long_name="previous record in linked list")
    file.add("parent_index", "i4", "recNum", owner, instance_dimension="station", long_name="index of the station")
    file.add("stationIndex", "i2", "recNum", owner, long_name="station of this record")
    file.add("time", "f8", "recNum", 3600.0 * at, units="seconds since 2004-06-01", standard_name="time")
    file.add("date", "i4", "recNum", 20_040_601 + at // 24, long_name="YYYYMMDD")
    file.add("present_weather", "i2", "recNum", (np.arange(reports) * 7 % 100), long_name="present weather code, WMO table 4677")
    file.add("temperature_qc", "i1", "recNum", (np.arange(reports) % 9 == 0), long_name="quality of temperature", flag_values=np.array([0, 1], "i1"), flag_meanings="good doubtful")
    here = {"coordinates": "time lat lon alt"}
    series = lambda seed: wave(each, places, seed=seed).reshape(-1)  # noqa: E731
    warm = 290 + 30 * series(1)
    warm[::17] = -9999
    file.add("air_temperature", "f4", "recNum", warm, fill_value=np.float32(-9999), units="K", standard_name="air_temperature", ancillary_variables="temperature_qc", **here)
    file.add("rainfall_amount", "f4", "recNum", 6 * rain(each, places, seed=2).reshape(-1), units="kg m-2", standard_name="precipitation_amount", **here)
    file.add("wind_from_direction", "i2", "recNum", np.rint(180 + 170 * series(3)), units="degree", standard_name="wind_from_direction", **here)
    file.close()
    return {"air_temperature", "rainfall_amount", "wind_from_direction"}


MADE = [ugrid, cmip, wrf, goes, stations]
"""Each writes a file and names its measurements."""


# ----------------------------------------------------------------------------------------------------------------- What became of them


def stored(path):
    """Every variable as it is stored, with its attributes."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        file.set_auto_chartostring(False)
        return {name: (np.asarray(variable[...]), {key: variable.getncattr(key) for key in variable.ncattrs()}) for name, variable in file.variables.items()}


def physical(values, attributes):
    """Numbers in the variable's unit, NaN where missing, by what CF and `_Unsigned` say; no library's word is taken."""
    fill = attributes.get("_FillValue")
    missing = np.zeros(values.shape, bool) if fill is None else values == fill
    if attributes.get("_Unsigned") == "true":
        values = values.view(f"u{values.itemsize}")
    scaled = values.astype("f8") * float(attributes.get("scale_factor", 1)) + float(attributes.get("add_offset", 0))
    return np.where(missing, np.nan, scaled)


def moved(before, after, measurements):
    """Names of variables that are no measurements and came back with other bits."""
    return [name for name in before if name not in measurements and before[name][0].tobytes() != after[name][0].tobytes()]


def errors(before, after, measurements):
    """Largest error and range of each measurement, in its unit; no number where missing values changed."""
    told = {}
    for name in measurements:
        source, decoded = (physical(*variables[name]) for variables in (before, after))
        same = bool((np.isnan(source) == np.isnan(decoded)).all())
        told[name] = (float(np.nanmax(np.abs(decoded - source))) if same else np.nan, float(np.nanmax(source) - np.nanmin(source)))
    return told


def masks_differ(before, after):
    """Names of variables of which xarray, decoding by CF, finds other values missing, or other types or sizes."""
    with xr.open_dataset(before) as theirs, xr.open_dataset(after) as ours:
        same = lambda name: theirs[name].dtype == ours[name].dtype and bool((theirs[name].isnull().values == ours[name].isnull().values).all())  # noqa: E731
        return [name for name in theirs.variables if not same(name)]
