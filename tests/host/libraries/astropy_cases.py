import astropy.units as u
import numpy as np
from astropy.coordinates import (Angle, CartesianRepresentation, EarthLocation, FK5, Galactic, ICRS, Latitude, Longitude, SkyCoord,
                                 SphericalRepresentation)
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.time import Time, TimeDelta
from astropy.utils.masked import Masked
from check import Case

ULP = 1 + 2.0**-52
VALUES = np.arange(4) / 3


def same_quantity(a, b):
    return a.unit == b.unit and a.dtype == b.dtype and (a == b).all()


def same_time(a, b):
    return (np.all(a == b) and a.format == b.format and a.scale == b.scale and a.precision == b.precision
            and np.all(a._time.jd1 == b._time.jd1) and np.all(a._time.jd2 == b._time.jd2) and str(a) == str(b))


def same_coordinates(a, b):
    return a.is_equivalent_frame(b) and repr(a) == repr(b) and np.all(a.spherical.lon == b.spherical.lon)


def same_table(a, b):
    return (a.colnames == b.colnames and a.meta == b.meta and str(a) == str(b)
            and all(type(a[name]) is type(b[name]) and np.all(a[name] == b[name]) for name in a.colnames))


def used(value):
    repr(value), value.shape, hash(getattr(value, "unit", None))
    return value


def cases():
    yield Case("Quantity", VALUES * u.m, equal=same_quantity, same=[used(VALUES * u.m), u.Quantity(list(VALUES), "m")],
               close=[VALUES * ULP * u.m], different=[VALUES * u.km, VALUES.astype("f4") * u.m, VALUES[1:] * u.m, VALUES, Angle(VALUES, "deg")])
    yield Case("Quantity of integers", u.Quantity([1, 2], "s", dtype=int), equal=same_quantity, different=[[1, 2] * u.s])
    yield Case("scalar Quantity", 1.5 * u.m / u.s**2, equal=same_quantity, same=[1.5 * (u.m / (u.s * u.s))], close=[1.5 * ULP * u.m / u.s**2],
               different=[1.5 * u.m / u.s, 2.5 * u.m / u.s**2])
    units = [u.m, u.km / u.h, u.Jy * u.beam**-1, u.dimensionless_unscaled, u.Unit("10 m"), u.erg**0.5]
    fresh = [u.Unit("m"), u.Unit("km") / u.Unit("h"), u.Jy / u.beam, u.m / u.m, 10 * u.m, u.erg**0.5]
    for each in fresh:
        hash(each), each.to_string(), each.decompose()
    yield Case("units", units, same=[fresh[:3] + [u.dimensionless_unscaled, u.Unit(10 * u.m), fresh[5]]], different=[units[::-1], units[1:]])
    yield Case("Angle", Angle(VALUES, "deg"), equal=same_quantity, close=[Angle(VALUES * ULP, "deg")], different=[Angle(VALUES, "rad"), Latitude(VALUES, "deg")])
    yield Case("Latitude", Latitude(VALUES, "deg"), equal=same_quantity, different=[Longitude(VALUES, "deg"), Latitude(VALUES + 1, "deg")])
    yield Case("Longitude", Longitude(VALUES, "deg"), equal=lambda a, b: same_quantity(a, b) and a.wrap_angle == b.wrap_angle,
               close=[Longitude(VALUES * ULP, "deg")], different=[Longitude(VALUES, "deg", wrap_angle=180 * u.deg)])

    times = Time(["2020-01-01T00:00:00", "2021-06-01T12:34:56.789"], scale="utc")
    looked_at = Time(["2020-01-01T00:00:00", "2021-06-01T12:34:56.789"], scale="utc")
    looked_at.jd, looked_at.tai, looked_at.mjd, looked_at.iso, str(looked_at)
    yield Case("Time", times, equal=same_time, same=[looked_at, times.copy()],
               close=[times + TimeDelta(1e-7, format="sec")],
               # A day is little of a Julian date; it is not within any tolerance.
               different=[times + TimeDelta(1, format="jd"), times + TimeDelta(1, format="sec"), times.tai, times[:1], Time(times, format="jd")])
    yield Case("one Time", Time(2459000.25, format="jd", scale="tt"), equal=same_time,
               different=[Time(2459000.75, format="jd", scale="tt"), Time(2459001.25, format="jd", scale="tt"), Time(2459000.25, format="jd", scale="tdb")])
    here = EarthLocation.from_geodetic(10 * u.deg, 50 * u.deg, 100 * u.m)
    there = EarthLocation.from_geodetic(11 * u.deg, 50 * u.deg, 100 * u.m)
    yield Case("Time at a place", Time("2020-01-01", location=here), equal=same_time, different=[Time("2020-01-01"), Time("2020-01-01", location=there)])
    yield Case("TimeDelta", TimeDelta(VALUES, format="sec"), equal=lambda a, b: np.all(a == b) and a.format == b.format,
               different=[TimeDelta(VALUES + 1, format="sec"), TimeDelta(VALUES, format="jd")])
    yield Case("EarthLocation", here, equal=lambda a, b: (a == b).all(), different=[there])

    sky = SkyCoord([10, 20] * u.deg, [1 / 3, -2] * u.deg)
    asked = SkyCoord([10, 20] * u.deg, [1 / 3, -2] * u.deg)
    asked.galactic, asked.cartesian, asked.separation(asked), repr(asked)
    yield Case("SkyCoord", sky, equal=same_coordinates, same=[asked, SkyCoord(ra=[10, 20], dec=[1 / 3, -2], unit="deg")],
               close=[SkyCoord([10, 20] * u.deg, [1 / 3 * ULP, -2] * u.deg)],
               different=[SkyCoord([10, 20] * u.deg, [0.5, -2] * u.deg), SkyCoord([10, 20] * u.deg, [1 / 3, -2] * u.deg, frame="galactic"),
                          SkyCoord([10, 20] * u.deg, [1 / 3, -2] * u.deg, frame="fk5"), sky[:1], SkyCoord([10, 20] * u.deg, [1 / 3, -2] * u.deg, distance=3 * u.pc),
                          SkyCoord([10, 20] * u.deg, [1 / 3, -2] * u.deg, obstime=times[0]), sky.frame])
    yield Case("SkyCoord with distance", SkyCoord([10] * u.deg, [5] * u.deg, distance=[1 / 3] * u.pc), equal=same_coordinates,
               close=[SkyCoord([10] * u.deg, [5] * u.deg, distance=[1 / 3 * ULP] * u.pc)], different=[SkyCoord([10] * u.deg, [5] * u.deg, distance=[0.5] * u.pc)])
    moving = dict(pm_ra_cosdec=[1] * u.mas / u.yr, pm_dec=[2] * u.mas / u.yr)
    yield Case("SkyCoord that moves", SkyCoord([10] * u.deg, [5] * u.deg, **moving), equal=same_coordinates,
               different=[SkyCoord([10] * u.deg, [5] * u.deg), SkyCoord([10] * u.deg, [5] * u.deg, pm_ra_cosdec=[1] * u.mas / u.yr, pm_dec=[3] * u.mas / u.yr)])
    yield Case("SkyCoord with obstime", SkyCoord([10] * u.deg, [5] * u.deg, obstime="J2001"), equal=same_coordinates,
               different=[SkyCoord([10] * u.deg, [5] * u.deg, obstime="J2002")])
    yield Case("frame", FK5(1 * u.deg, 2 * u.deg, equinox="J1975"), equal=lambda a, b: repr(a) == repr(b),
               different=[FK5(1 * u.deg, 2 * u.deg), ICRS(1 * u.deg, 2 * u.deg), FK5(1 * u.deg, 3 * u.deg, equinox="J1975")])
    yield Case("frame without data", Galactic(), equal=lambda a, b: repr(a) == repr(b), different=[ICRS()])
    yield Case("representation", CartesianRepresentation(VALUES * u.m, VALUES * u.m, VALUES * u.m), equal=lambda a, b: (a.xyz == b.xyz).all(),
               close=[CartesianRepresentation(VALUES * ULP * u.m, VALUES * u.m, VALUES * u.m)],
               different=[CartesianRepresentation(VALUES * u.m, VALUES * u.m, VALUES * u.km)])

    def table(kind=Table, factor=1.0, name="a", note="n", unit="m"):
        columns = {name: Column(VALUES * factor, unit=unit, description="d"), "s": list("wxyz"), "q": VALUES * u.s, "t": Time(2459000 + VALUES, format="jd")}
        return kind(columns, meta={"note": note})

    looked_at = table()
    str(looked_at), looked_at["a"].quantity, looked_at[1], looked_at.info
    yield Case("Table", table(), equal=same_table, same=[looked_at, table().copy()], close=[table(factor=ULP)],
               different=[table(factor=2), table(name="b"), table(note="m"), table(unit="km"), table(QTable), table()[:3], table()["s", "a", "q", "t"]])
    yield Case("QTable", table(QTable), equal=same_table, close=[table(QTable, factor=ULP)], different=[table(), table(QTable, factor=2)])
    gaps = Table({"m": MaskedColumn([1.5, 2.5, 3.5], mask=[False, True, False])})
    hidden = Table({"m": MaskedColumn([1.5, 99, 3.5], mask=[False, True, False])})
    yield Case("masked Table", gaps, equal=lambda a, b: str(a) == str(b), same=[hidden], different=[Table({"m": MaskedColumn([1.5, 2.5, 3.5], mask=[False, False, True])})])
    yield Case("Column", Column(VALUES, name="c", unit="m", meta={"k": 1}), equal=lambda a, b: a.attrs_equal(b) and (a == b).all(),
               close=[Column(VALUES * ULP, name="c", unit="m", meta={"k": 1})], different=[Column(VALUES, name="d", unit="m", meta={"k": 1}), Column(VALUES, name="c")])
    def hidden_under(value, factor=1.0, unit=u.m, mask=(False, True, False)):
        return Masked([1 / 3 * factor, value, 3.0] * unit, mask=list(mask))

    yield Case("masked Quantity", hidden_under(2.0), equal=lambda a, b: str(a) == str(b), same=[hidden_under(9.0)], close=[hidden_under(2.0, ULP)],
               different=[hidden_under(2.0, 2), hidden_under(2.0, unit=u.km), hidden_under(2.0, mask=(False, False, True))])
    holes = Time([2459000.25, 2459001.0, 2459002.0], format="jd")
    holes[1] = np.ma.masked
    other_holes = Time([2459000.25, 2459001.5, 2459002.0], format="jd")
    other_holes[1] = np.ma.masked
    yield Case("masked Time", holes, equal=lambda a, b: str(a) == str(b), same=[other_holes], different=[Time([2459000.25, 2459001.0, 2459002.0], format="jd")])
    yield Case("rows sorted", Table({"x": [3, 1, 2]}), equal=same_table, different=[Table({"x": [1, 2, 3]})])
