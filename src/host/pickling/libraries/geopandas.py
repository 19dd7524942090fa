# geopandas: geometries by their coordinates, as shapely's are, with their frame of reference. Frames and series are
# pandas' own; their pickles have which column holds the geometry.
import numpy as np


def plain(values):
    """All of one type, none missing or empty, without an SRID: arrays of coordinates say it all."""
    shapely = sys.modules["shapely"]
    kinds = shapely.get_type_id(values)
    return (hasattr(shapely, "to_ragged_array") and len(values) and (kinds == kinds[0]).all() and kinds[0] in (0, 1, 3)
            and not shapely.is_empty(values).any() and not shapely.get_srid(values).any()
            and (shapely.has_z(values) == shapely.has_z(values[0])).all())


def geometries(values):
    shapely = sys.modules["shapely"]
    if not plain(values):
        return values
    kind, coordinates, offsets = shapely.to_ragged_array(values, include_z=bool(shapely.has_z(values[0])))
    return Call(shapely.from_ragged_array, kind, coordinates, offsets)


def array(obj):
    return type(obj), (geometries(np.asarray(obj)), obj.crs)


REDUCERS = {"geopandas.array.GeometryArray": array}
