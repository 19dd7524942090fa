import geopandas
import numpy as np
from check import Case
from shapely.geometry import LineString, Point

ULP = 1 + 2.0**-52


def frame(factor=1.0, crs=None):
    return geopandas.GeoDataFrame({"v": np.arange(3.0), "n": [1, 2, 3]}, geometry=[Point(i / 3 * factor, 1) for i in range(3)], crs=crs)


def series(factor=1.0, crs=None, third=Point(1, 2)):
    return geopandas.GeoSeries([Point(1 / 3 * factor, 1), LineString([(0, 0), (1 / 3, 2)]), third], crs=crs)


def equal(a, b):
    return a.equals(b) and a.crs == b.crs and getattr(a, "geometry", a).name == getattr(b, "geometry", b).name


def cases():
    loose = frame()[["v", "geometry"]].copy()
    loose.insert(1, "n", [1, 2, 3])
    looked_at = frame()
    looked_at.sindex, looked_at.area, looked_at.total_bounds, repr(looked_at), looked_at.geometry.centroid
    own = ["pandas", "shapely", "pyproj"]
    two = frame().assign(other=frame(2).geometry)
    yield Case("GeoDataFrame", frame(), own=own, same=[loose[["v", "n", "geometry"]], looked_at], close=[frame(ULP)], equal=equal,
               different=[frame(2), frame(crs="EPSG:4326"), frame().rename_geometry("shape")])
    yield Case("GeoDataFrame with two geometries", two, own=own, equal=equal, different=[two.set_geometry("other")])
    yield Case("GeoSeries", frame().geometry, own=own, close=[frame(ULP).geometry], equal=equal, different=[frame(2).geometry, frame(crs="EPSG:4326").geometry])
    yield Case("GeoSeries of several types", series(), own=own, close=[series(ULP)], equal=equal, different=[series(2), series(third=None), series(third=Point()), series(crs=3857)])
    yield Case("GeoSeries with a frame of reference", series(crs=4326), own=own, close=[series(ULP, crs=4326)], equal=equal, different=[series(crs=3857), series()])
