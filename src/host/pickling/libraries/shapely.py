# shapely: the type and the coordinates as arrays. Preparation and other caches are left out.
import numpy as np


get_coordinates = getattr(sys.modules["shapely"], "get_coordinates", None)


def array(line):
    if get_coordinates is None:
        return np.array(line.coords, dtype=float)
    return get_coordinates(line, include_z=line.has_z)


def build(geometry):
    if getattr(geometry, "has_m", False):
        return None
    kind, own = geometry.geom_type, type(geometry)
    if geometry.is_empty:
        return None if getattr(geometry, "geoms", ()) else Call(own)
    if kind == "Point":
        return Call(own, array(geometry)[0])
    if kind in ("LineString", "LinearRing"):
        return Call(own, array(geometry))
    if kind == "Polygon":
        return Call(own, array(geometry.exterior), [array(ring) for ring in geometry.interiors])
    return Call(own, list(geometry.geoms))


def geometry(obj):
    call = build(obj)
    if call is None:
        return NotImplemented
    module = sys.modules["shapely"]
    srid = module.get_srid(obj) if hasattr(module, "get_srid") else module.geos.lgeos.GEOSGetSRID(obj._geom)
    if srid:
        if not hasattr(module, "set_srid"):
            return NotImplemented
        call = Call(module.set_srid, call, int(srid))
    return reduced(call)


def prepared(obj):
    return {"prepared": obj.context}


REDUCERS = {"shapely.prepared.PreparedGeometry": prepared}
for kind in ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
             "GeometryCollection"):
    REDUCERS["shapely.geometry." + kind] = geometry
