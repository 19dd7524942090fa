# xarray: variables with their dimensions, data and attributes; coordinates; names. Caches are left out, and so is
# `encoding`: it says how a file was or will be written, not what was computed. Data in a file is read; data in dask's
# graphs is not computed (see dask.py); where there is no other, nothing of the object can be checked.


def indexes_of(obj):
    """Dimension -> pandas.MultiIndex, where all other indexes are what a constructor makes of the coordinates; else
    None."""
    several = {}
    indexes = obj.xindexes if hasattr(obj, "xindexes") else obj.indexes
    wanted = {name for name, coordinate in obj.coords.items() if coordinate.dims == (name,)}
    for name, index in indexes.items():
        if type(index).__name__ == "PandasMultiIndex":
            several[index.dim] = index.index
            wanted.add(name)
        elif type(index).__name__ == "PandasIndex":
            if index.dim != name:
                return None
        elif not type(index).__module__.startswith("pandas.") or index.nlevels > 1:
            return None
    if set(indexes) != wanted or several and not hasattr(sys.modules["xarray"], "Coordinates"):
        return None
    return several


def is_lazy(variable):
    """Are the data a graph of work? Asking loads nothing."""
    return hasattr(variable._data, "__dask_graph__")


def lazy(obj):
    return Uncheckable("dask has not computed its data", dims=str(dict(obj.sizes)))


def variable(obj):
    if is_lazy(obj):
        return lazy(obj)
    if getattr(obj.to_index() if obj.dims and type(obj).__name__ == "IndexVariable" else None, "nlevels", 1) > 1:
        return NotImplemented
    return type(obj), (obj.dims, obj.data, dict(obj.attrs))


def base_variable(obj):
    """Of a coordinate: without what its index keeps."""
    xarray = sys.modules["xarray"]
    return Call(xarray.Variable, obj.dims, obj.variable.data, dict(obj.attrs))


def coordinates_of(obj, several):
    indexes = obj.xindexes if several else ()
    left_out = {name for name in indexes if type(indexes[name]).__name__ == "PandasMultiIndex"}
    return {name: base_variable(coordinate) for name, coordinate in obj.coords.items() if name not in left_out}


def with_indexes(obj, several, call):
    for dimension, index in several.items():
        call = Call(type(obj).assign_coords, call, levels_of(obj, dimension, index))
    return reduced(call)


def levels_of(obj, dimension, index):
    """The coordinates that a pandas.MultiIndex makes, with their attributes."""
    xarray = sys.modules["xarray"]
    attributes = {name: dict(obj.coords[name].attrs) for name in (dimension, *index.names)}
    if not any(attributes.values()):
        return Call(xarray.Coordinates.from_pandas_multiindex, index, dimension)
    kept = obj.xindexes[dimension]
    said = {name: Call(xarray.Variable, (dimension,), obj.coords[name].values[:0], attrs)
            for name, attrs in attributes.items()}
    made = Call(type(kept), index, dimension)
    return Call(xarray.Coordinates, Call(type(kept).create_variables, made, said), dict.fromkeys(said, made))


def data_array(obj):
    if is_lazy(obj.variable):
        return lazy(obj)
    several = indexes_of(obj)
    if several is None:
        return NotImplemented
    return with_indexes(obj, several, Call(type(obj), obj.variable, coordinates_of(obj, several), None, obj.name))


def dataset(obj):
    if obj.data_vars and all(is_lazy(variable.variable) for variable in obj.data_vars.values()):
        return lazy(obj)
    several = indexes_of(obj)
    if several is None:
        return NotImplemented
    variables = {name: variable.variable for name, variable in obj.data_vars.items()}
    return with_indexes(obj, several, Call(type(obj), variables, coordinates_of(obj, several), dict(obj.attrs)))


REDUCERS = {
    "xarray.core.variable.Variable": variable,
    "xarray.core.variable.IndexVariable": variable,
    "xarray.core.dataarray.DataArray": data_array,
    "xarray.core.dataset.Dataset": dataset,
}
