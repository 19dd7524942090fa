# astropy: quantities as arrays with a unit, times as whole days and the rest of a day, coordinates as their
# representation's components. Caches, and `info` outside of a table's columns, are left out.
import numpy as np
import astropy.units


def array_of(quantity):
    return quantity.view(np.ndarray)


# Units: as text where it means the same to everybody.


def unit(obj):
    text = obj.to_string()
    bases = getattr(obj, "bases", [obj])
    if all(getattr(astropy.units, str(base), None) == base for base in bases):
        try:
            if astropy.units.Unit(text) == obj:
                return astropy.units.Unit, (text,)
        except (TypeError, ValueError):
            pass
    return NotImplemented


# Quantities


def quantity(obj):
    return type(obj), (array_of(obj), obj.unit, obj.dtype)


def angle(obj):
    return reduced(Call(type(obj), array_of(obj), obj.unit, dtype=obj.dtype))


def longitude(obj):
    return reduced(Call(type(obj), array_of(obj), obj.unit, dtype=obj.dtype, wrap_angle=obj.wrap_angle))


def location(obj):
    return reduced(Call(type(obj).from_geocentric, obj.x, obj.y, obj.z))


# Times


def is_masked(values):
    return not type(values) is np.ndarray


def days(values):
    """Whole days as integers: they are exact, and no relative tolerance is applied to them."""
    with np.errstate(invalid="ignore"):
        whole = np.asarray(values).astype(np.int64)
    return whole if np.array_equal(whole, values) else np.asarray(values)


def time(obj):
    jd1, jd2 = obj._time.jd1, obj._time.jd2
    if is_masked(jd1) or is_masked(jd2):
        return NotImplemented
    more = {}
    if getattr(obj, "location", None) is not None:
        more["location"] = obj.location
    value = Call(type(obj), days(jd1), np.asarray(jd2), format="jd", scale=obj.scale, **more)
    how = {"format": obj.format, "precision": obj.precision, "in_subfmt": obj.in_subfmt, "out_subfmt": obj.out_subfmt}
    if type(obj).__name__ == "TimeDelta":
        how = {"format": obj.format}
    return reduced(Call(type(obj), value, **how))


# Coordinates


def representation(obj):
    parts = [getattr(obj, name) for name in obj.components]
    more = {}
    if getattr(obj, "differentials", None):
        more["differentials"] = dict(obj.differentials)
    return reduced(Call(type(obj), *parts, copy=False, **more))


def frame(obj):
    names = list(obj.frame_attributes) if hasattr(obj, "frame_attributes") else list(obj.get_frame_attr_names())
    more = {name: getattr(obj, name) for name in names if not obj.is_frame_attr_default(name)}
    data = (obj.data,) if obj.has_data else ()
    kinds = {"representation_type": obj.representation_type}
    if "s" in getattr(obj.data if obj.has_data else None, "differentials", {}):
        kinds["differential_type"] = obj.differential_type
    return reduced(Call(type(obj), *data, **kinds, **more))


def sky_coord(obj):
    more = {}
    for name in obj._extra_frameattr_names:
        value = getattr(obj, name, None)
        if value is not None:
            more[name] = value
    return reduced(Call(type(obj), obj.frame, **more))


# Tables


def column(obj):
    how = {name: getattr(obj, name) for name in ("unit", "format", "description") if getattr(obj, name) is not None}
    if obj.meta:
        how["meta"] = dict(obj.meta)
    data = obj.data if hasattr(obj, "mask") else array_of(obj)
    return reduced(Call(type(obj), data, obj.name, **how))


def table(obj):
    names = list(obj.colnames)
    data = {name: obj.columns[name] for name in names}
    return reduced(Call(type(obj), data, names=names, meta=dict(obj.meta), copy=False))


SUBCLASS_REDUCERS = {
    "astropy.units.core.UnitBase": unit,
    "astropy.coordinates.baseframe.BaseCoordinateFrame": frame,
}
REDUCERS = {
    "astropy.units.quantity.Quantity": quantity,
    "astropy.coordinates.angles.Angle": angle,
    "astropy.coordinates.Angle": angle,
    "astropy.coordinates.Latitude": angle,
    "astropy.coordinates.Distance": angle,
    "astropy.coordinates.Longitude": longitude,
    "astropy.coordinates.EarthLocation": location,
    "astropy.time.Time": time,
    "astropy.time.TimeDelta": time,
    "astropy.coordinates.SkyCoord": sky_coord,
    "astropy.table.Table": table,
    "astropy.table.QTable": table,
    "astropy.table.Column": column,
    "astropy.table.MaskedColumn": column,
}
for name in ("Cartesian", "Spherical", "UnitSpherical", "Cylindrical", "PhysicsSpherical"):
    REDUCERS["astropy.coordinates." + name + "Representation"] = representation
    REDUCERS["astropy.coordinates." + name + "Differential"] = representation
for name in ("SphericalCosLatDifferential", "UnitSphericalCosLatDifferential", "RadialDifferential", "RadialRepresentation"):
    REDUCERS["astropy.coordinates." + name] = representation
