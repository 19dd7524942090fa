import astropy.units as u
import numpy as np
from astropy.coordinates import Angle, CartesianRepresentation, Distance, EarthLocation, FK5, Latitude, Longitude, SkyCoord, SphericalRepresentation
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.time import Time, TimeDelta
from astropy.utils import iers
from properties import Variants

iers.conf.auto_download = False

# Caches that have names without an underscore.
LOSSES = {"cache", "representation_info"}
HERE = EarthLocation.from_geodetic(10 * u.deg, 50 * u.deg)


def with_attributes(value, info=None, **attributes):
    for name, each in attributes.items():
        if each is not None:
            setattr(value, name, each)
    for name, each in (info or {}).items():
        setattr(value.info, name, each)
    return value


def time(delta_ut1_utc=None, delta_tdb_tt=None, info=None, **how):
    return with_attributes(Time(**how), info, delta_ut1_utc=delta_ut1_utc, delta_tdb_tt=delta_tdb_tt)


def quantity(kind=u.Quantity, info=None, **how):
    return with_attributes(kind(**how), info)


def location(ellipsoid=None, info=None, height=100.0):
    return with_attributes(EarthLocation.from_geodetic(10 * u.deg, 50 * u.deg, height * u.m), info, ellipsoid=ellipsoid)


def table(kind, masked=False, meta=None, names=("a", "b"), unit="m", description=None, format=None, of_column=None, masking=None):
    a = np.array([1.5, 2.5]) * u.m
    made = kind([a.to_value(unit) * u.Unit(unit), ["x", "y"]], names=names, masked=masked, meta=meta)
    info = made[names[0]].info
    info.description, info.format = description, format
    info.meta = of_column
    return made


def variants():
    infos = [{"name": "n"}, {"description": "d"}, {"meta": {"note": 1}}, {"format": ".3f"}]
    yield Variants("Time", time, {"val": [2459000.25, 2459001.0], "format": "jd", "scale": "utc", "precision": 3, "in_subfmt": "*", "out_subfmt": "*",
                                  "location": None, "delta_ut1_utc": None, "delta_tdb_tt": None, "info": None},
                   val=[[2459000.25, 2459002.0]], scale=["tai", "tdb"], precision=[6], out_subfmt=["float"], in_subfmt=["float"], location=[HERE],
                   delta_ut1_utc=[[0.1, 0.2]], delta_tdb_tt=[[0.1, 0.2]], info=infos)
    yield Variants("TimeDelta", lambda info, **how: with_attributes(TimeDelta(**how), info),
                   {"val": [1.5, 2.5], "format": "sec", "scale": None, "precision": None, "in_subfmt": None, "out_subfmt": None, "info": None},
                   val=[[1.5, 3.5]], format=["jd"], scale=["tai", "tdb"], precision=[6], out_subfmt=["float"], info=infos)
    yield Variants("EarthLocation", location, {"ellipsoid": None, "info": None, "height": 100.0}, ellipsoid=["GRS80"], info=infos, height=[101.0])
    yield Variants("Quantity", quantity, {"value": [1.5, 2.5], "unit": u.m, "dtype": None, "info": None}, unit=[u.km], dtype=["f4"], value=[[1.5, 3.5]], info=infos)
    for kind in (Angle, Latitude, Distance):
        yield Variants(kind.__name__, lambda info, kind=kind, **how: quantity(kind, info, **how), {"unit": u.pc if kind is Distance else u.deg, "info": None,
                       "angle" if kind is not Distance else "value": [1.5, 2.5]}, unit=[u.kpc if kind is Distance else u.rad][:kind is not Latitude], info=infos)
    yield Variants("Longitude", lambda info, **how: quantity(Longitude, info, **how), {"angle": [1.5, 2.5], "unit": u.deg, "wrap_angle": 360 * u.deg, "info": None},
                   unit=[u.rad], wrap_angle=[180 * u.deg], info=infos)
    sky = {"ra": [10.0, 20.0] * u.deg, "dec": [1.0, 2.0] * u.deg, "frame": "icrs", "distance": None, "obstime": None, "equinox": None, "location": None, "info": None,
           "representation_type": None}

    def sky_coord(info, **how):
        return with_attributes(SkyCoord(**{name: value for name, value in how.items() if value is not None}), info)

    yield Variants("SkyCoord", sky_coord, sky, frame=["fk5", "fk4"], distance=[[1.0, 2.0] * u.pc], obstime=["J2001"], equinox=["J1975"], location=[HERE],
                   info=[infos[0], infos[1], infos[2]], ra=[[10.0, 21.0] * u.deg])
    yield Variants("FK5", FK5, {"ra": 1 * u.deg, "dec": 2 * u.deg, "equinox": "J2000", "representation_type": SphericalRepresentation},
                   equinox=["J1975"], dec=[3 * u.deg])
    yield Variants("CartesianRepresentation", CartesianRepresentation, {"x": 1 * u.m, "y": 2 * u.m, "z": 3 * u.m}, x=[2 * u.m, 1 * u.km])
    for kind in (Table, QTable):
        yield Variants(kind.__name__, lambda kind=kind, **how: table(kind, **how),
                       {"meta": None, "names": ("a", "b"), "unit": "m", "description": None, "format": None, "of_column": None, "masked": False},
                       meta=[{"note": 1}], names=[("a", "c")], unit=["km"], description=["d"], format=[".3f"], of_column=[{"note": 1}], masked=[True])
    for kind in (Column, MaskedColumn):
        yield Variants(kind.__name__, kind, {"data": [1.5, 2.5], "name": "a", "dtype": None, "unit": None, "format": None, "description": None, "meta": None},
                       data=[[1.5, 3.5]], name=["b", None], dtype=["f4"], unit=["m"], format=[".3f"], description=["d"], meta=[{"note": 1}])
    yield Variants("MaskedColumn with a mask", MaskedColumn, {"data": [1.5, 2.5], "mask": [False, True], "fill_value": None}, mask=[[True, False], False], fill_value=[7.0])
    yield Variants("unit", u.Unit, {"s": "m s-1"}, s=["km s-1", "m s-2", "10 m"])
