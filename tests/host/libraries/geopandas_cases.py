import geopandas
import numpy as np
from check import Case
from shapely.geometry import Point

ULP = 1 + 2.0**-52


def frame(factor=1.0, crs=None):
    return geopandas.GeoDataFrame({"v": np.arange(3.0), "n": [1, 2, 3]}, geometry=[Point(i / 3 * factor, 1) for i in range(3)], crs=crs)


def cases():
    loose = frame()[["v", "geometry"]].copy()
    loose.insert(1, "n", [1, 2, 3])
    yield Case("GeoDataFrame", frame(), own=["pandas", "shapely"], same=[loose[["v", "n", "geometry"]]], different=[frame(2)],
               equal=lambda a, b: a.equals(b) and a.geometry.name == b.geometry.name)
    yield Case("GeoSeries", frame().geometry, own=["pandas", "shapely"], different=[frame(2).geometry], equal=lambda a, b: a.equals(b))
