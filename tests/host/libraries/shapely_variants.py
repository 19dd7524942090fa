import shapely
from properties import Variants
from shapely import geometry as g

SQUARE = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
IN_SPACE = [(0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 1.0)]
HOLE = [(0.1, 0.2), (0.1, 0.8), (0.5, 0.8)]


def variants():
    def with_srid(make):
        return lambda srid, **how: shapely.set_srid(make(**how), srid)

    yield Variants("Point", with_srid(lambda at: g.Point(at)), {"at": (1.0, 2.0), "srid": 0}, at=[(1.0, 3.0), (1.0, 2.0, 0.0)], srid=[4326])
    for kind in (g.LineString, g.LinearRing, g.MultiPoint):
        yield Variants(kind.__name__, with_srid(lambda at, kind=kind: kind(at)), {"at": SQUARE, "srid": 0}, at=[SQUARE[::-1], IN_SPACE], srid=[4326])
    yield Variants("Polygon", with_srid(g.Polygon), {"shell": SQUARE, "holes": None, "srid": 0}, shell=[IN_SPACE, SQUARE[::-1]], holes=[[HOLE]], srid=[1])
    yield Variants("GeometryCollection", with_srid(lambda parts: g.GeometryCollection(parts)), {"parts": [g.Point(1, 2), g.LineString(SQUARE)], "srid": 0},
                   parts=[[g.Point(1, 2)], [g.LineString(SQUARE), g.Point(1, 2)]], srid=[3857])
