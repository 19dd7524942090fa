# astropy: quantities as arrays with a unit, times as whole days and the rest of a day, coordinates as their
# representation's components. Caches are left out.
import numpy as np
import astropy.units
import astropy.utils.masked


KEPT = {"info", "cache", "location", "representation_info", "SCALES"}


def added(obj):
    """Attributes that somebody has added."""
    return {name: value for name, value in vars(obj).items() if not name.startswith("_") and name not in KEPT}


def described(obj, call, **attributes):
    """With the attributes that it was given, and what its `info` says of it, as far as somebody has said it."""
    attributes.update(added(obj))
    info = vars(obj).get("info")
    said = {}
    if info is not None:
        names = set(info.attr_names) - set(info.attrs_from_parent) - {"parent_table", "indices", "serialize_method"}
        said = {name: getattr(info, name) for name in names & set(info._attrs)}
        said = {name: value for name, value in said.items() if value is not None and not (name == "meta" and not value)}
    if not said:
        return with_attributes(call, attributes)
    function, arguments = with_attributes(call, attributes)
    return with_attributes(call if not attributes else Call(function, *arguments), said, of="info")


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
    return described(obj, Call(type(obj), array_of(obj), obj.unit, obj.dtype))


def angle(obj):
    return described(obj, Call(type(obj), array_of(obj), obj.unit, dtype=obj.dtype))


def longitude(obj):
    return described(obj, Call(type(obj), array_of(obj), obj.unit, dtype=obj.dtype, wrap_angle=obj.wrap_angle))


def location(obj):
    call = Call(type(obj).from_geocentric, obj.x, obj.y, obj.z)
    return described(obj, call, **({} if obj.ellipsoid == default_ellipsoid(obj) else {"ellipsoid": obj.ellipsoid}))


def default_ellipsoid(obj):
    return type(obj).from_geocentric(0, 0, 0, unit="m").ellipsoid


def masked(obj):
    """Its class is made when it is first needed, and has no name that could be imported."""
    values, mask = obj.unmasked, obj.mask
    if mask.dtype.names is None and mask.any():
        values = values.copy()
        values[mask] = 0
    return reduced(Call(astropy.utils.masked.Masked, values, mask))


# Times


def days(values):
    """Whole days as integers: they are exact, and no relative tolerance is applied to them."""
    with np.errstate(invalid="ignore"):
        whole = np.asarray(values).astype(np.int64)
    return whole if np.array_equal(whole, values) else np.asarray(values)


def parts(obj):
    """Whole days and the rest of a day; what lies under a mask is no time."""
    jd1, jd2 = obj._time.jd1, obj._time.jd2
    if type(jd1) is np.ndarray and type(jd2) is np.ndarray:
        return days(jd1), jd2
    mask = np.broadcast_to(jd1.mask | jd2.mask, jd1.shape)
    kind = astropy.utils.masked.Masked
    return Call(kind, days(jd1.filled(0)), mask), Call(kind, np.where(mask, 0, jd2.unmasked), mask)


def time(obj):
    more = {}
    if getattr(obj, "location", None) is not None:
        more["location"] = obj.location
    value = Call(type(obj), *parts(obj), format="jd", scale=obj.scale, **more)
    how = {"precision": obj.precision, "in_subfmt": obj.in_subfmt, "out_subfmt": obj.out_subfmt}
    if type(obj).__name__ == "TimeDelta":
        usual = {"precision": 3, "in_subfmt": "*", "out_subfmt": "*"}
        how = {name: value for name, value in how.items() if value != usual[name]}
    corrections = {name: getattr(obj, name) for name in ("delta_ut1_utc", "delta_tdb_tt") if was_given(obj, name)}
    return described(obj, Call(type(obj), value, format=obj.format, **how), **corrections)


def was_given(obj, name):
    """Was this correction given, or only looked up when it was asked for? Nothing is downloaded to find out."""
    given = vars(obj).get("_" + name)
    if given is None:
        return False
    iers = sys.modules.get("astropy.utils.iers")
    if name == "delta_ut1_utc" and (iers is None or iers.IERS_Auto.iers_table is None):
        return True
    fresh = obj.copy()
    del fresh.__dict__["_" + name]
    try:
        with iers.conf.set_temp("auto_max_age", None):
            return not np.array_equal(getattr(fresh, name), given)
    except Exception:  # it cannot be looked up for such a time
        return True


# Coordinates


def representation(obj):
    parts = [getattr(obj, name) for name in obj.components]
    more = {}
    if getattr(obj, "differentials", None):
        more["differentials"] = dict(obj.differentials)
    return described(obj, Call(type(obj), *parts, copy=False, **more))


def frame(obj):
    names = list(obj.frame_attributes) if hasattr(obj, "frame_attributes") else list(obj.get_frame_attr_names())
    more = {name: getattr(obj, name) for name in names if not obj.is_frame_attr_default(name)}
    data = (obj.data,) if obj.has_data else ()
    kinds = {"representation_type": obj.representation_type}
    if "s" in getattr(obj.data if obj.has_data else None, "differentials", {}):
        kinds["differential_type"] = obj.differential_type
    return with_attributes(Call(type(obj), *data, **kinds, **more), added(obj))


def sky_coord(obj):
    more = {}
    for name in obj._extra_frameattr_names:
        value = getattr(obj, name, None)
        if value is not None:
            more[name] = value
    return described(obj, Call(type(obj), obj.frame, **more))


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
    "astropy.utils.masked.core.MaskedNDArray": masked,
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
