# skimage: what a region is. Its properties are computed when they are asked for, and then kept: caches.


def region(obj):
    if not all(hasattr(obj, name) for name in ("_label_image", "_intensity_image", "_cache_active", "_cache")):
        return NotImplemented
    more = {"extra_properties": list(obj._extra_properties.values())} if getattr(obj, "_extra_properties", None) else {}
    for name in ("spacing", "offset"):
        if hasattr(obj, "_" + name):
            more[name] = getattr(obj, "_" + name)
    call = Call(type(obj), obj.slice, obj.label, obj._label_image, obj._intensity_image, obj._cache_active, **more)
    return reduced(call)


REDUCERS = {"skimage.measure._regionprops.RegionProperties": region}
