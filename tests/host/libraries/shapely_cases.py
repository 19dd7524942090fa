import numpy as np
import shapely
from check import Case
from shapely import geometry as g
from shapely.prepared import prep

ULP = 1 + 2.0**-52
RING = [(0, 0), (1 / 3, 0), (1, 1), (0, 1)]
HOLE = [(0.2, 0.5), (0.3, 0.5), (0.3, 0.6)]


def equal(a, b):
    return a.equals_exact(b, 0) and a.has_z == b.has_z and a.wkb == b.wkb


def scaled(points, factor):
    return [tuple(x * factor for x in point) for point in points]


def used(geometry):
    geometry.area, geometry.bounds, geometry.buffer(1).contains(geometry)
    if hasattr(shapely, "prepare"):
        shapely.prepare(geometry)
    return geometry


def cases():
    point = g.Point(1 / 3, 2)
    yield Case("Point", point, equal=equal, same=[used(g.Point(1 / 3, 2))], close=[g.Point(1 / 3 * ULP, 2)],
               different=[g.Point(0.3, 2), g.Point(1 / 3, 2, 0), g.Point(2, 1 / 3), g.MultiPoint([(1 / 3, 2)]), g.Point(), (1 / 3, 2)])
    yield Case("Point with z", g.Point(1, 2, 3), equal=equal, different=[g.Point(1, 2, 4), g.Point(1, 2)])
    line = g.LineString(RING)
    yield Case("LineString", line, equal=equal, same=[used(g.LineString(RING))], close=[g.LineString(scaled(RING, ULP))],
               different=[g.LineString(RING[::-1]), g.LineString(RING[:3]), g.LinearRing(RING)])
    yield Case("LineString with z", g.LineString([(0, 0, 1), (1, 1, 2)]), equal=equal, different=[g.LineString([(0, 0, 1), (1, 1, 3)])])
    yield Case("LinearRing", g.LinearRing(RING), equal=equal, close=[g.LinearRing(scaled(RING, ULP))], different=[g.LinearRing(RING[::-1])])
    area = g.Polygon(RING, [HOLE])
    yield Case("Polygon", area, equal=equal, same=[used(g.Polygon(RING, [HOLE]))], close=[g.Polygon(scaled(RING, ULP), [HOLE])],
               different=[g.Polygon(RING), g.Polygon(RING, [HOLE[::-1]]), g.Polygon(HOLE)])
    yield Case("MultiPoint", g.MultiPoint(RING), equal=equal, close=[g.MultiPoint(scaled(RING, ULP))], different=[g.MultiPoint(RING[1:])])
    lines = g.MultiLineString([RING, HOLE])
    yield Case("MultiLineString", lines, equal=equal, close=[g.MultiLineString([scaled(RING, ULP), HOLE])],
               different=[g.MultiLineString([HOLE, RING])])
    areas = g.MultiPolygon([area, g.Polygon([(5, 5), (6, 5), (6, 6)])])
    yield Case("MultiPolygon", areas, equal=equal, different=[g.MultiPolygon([area])])
    nested = g.GeometryCollection([point, area, g.GeometryCollection([line])])
    yield Case("GeometryCollection", nested, equal=equal,
               close=[g.GeometryCollection([g.Point(1 / 3 * ULP, 2), area, g.GeometryCollection([line])])],
               different=[g.GeometryCollection([point, area, line]), g.GeometryCollection([area, point])])
    empty = [g.Point(), g.LineString(), g.Polygon(), g.MultiPoint(), g.GeometryCollection()]
    yield Case("empty ones", empty, equal=lambda a, b: all(x.is_empty and type(x) is type(y) for x, y in zip(a, b)),
               different=[empty[1:] + empty[:1]])
    yield Case("many", np.array([point, line, None], dtype=object), equal=lambda a, b: a[0].equals(b[0]),
               different=[np.array([point, area, None], dtype=object)])
    # A prepared geometry stands for itself; its pickle is a description.
    yield Case("as dict values", {"a": point, "b": [area]}, equal=lambda a, b: a["b"][0].equals(b["b"][0]), different=[{"a": point, "b": [line]}])
    if hasattr(shapely, "set_srid"):
        yield Case("SRID", shapely.set_srid(point, 4326), equal=lambda a, b: equal(a, b) and shapely.get_srid(a) == 4326,
                   different=[point, shapely.set_srid(point, 3857)])
