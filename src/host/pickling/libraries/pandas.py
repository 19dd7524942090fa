# pandas: frames as columns, indexes and arrays by what they hold. Blocks and their order, caches, unused levels of a
# MultiIndex, chunks and what lies under a mask are left out.
import numpy as np
import pandas as pd

OBJECT = np.dtype(object)
# Frames of one numeric dtype with more columns than this are written as one matrix.
MOST_COLUMNS = 64


def plain(array):
    """A numpy array where there is nothing more to it."""
    if isinstance(array, np.ndarray):
        return array
    if type(array).__name__ in ("NumpyExtensionArray", "PandasArray"):
        return array.to_numpy()
    if type(array).__name__ in ("DatetimeArray", "TimedeltaArray") and isinstance(array.dtype, np.dtype):
        return np.asarray(array)
    return array


def dtype_to_say(values):
    """Constructors look into arrays of objects for something better, unless they are told not to."""
    return values.dtype if values.dtype == OBJECT else None


# Arrays


def categorical(array):
    return reduced(Call(pd.Categorical.from_codes, array.codes, array.categories, array.ordered))


def masked(array):
    data, mask = array._data, array._mask
    if mask.any():
        data = data.copy()
        data[mask] = 0
    return reduced(Call(type(array), data, mask))


def string(array):
    return reduced(Call(pd.array, array.to_numpy(dtype=object, na_value=None).tolist(), array.dtype))


def string_dtype(dtype):
    missing = getattr(dtype, "na_value", None)
    if isinstance(missing, float):
        return reduced(Call(type(dtype), dtype.storage, marker(missing)))
    return NotImplemented


def arrow(array):
    return reduced(Call(type(array), array.__arrow_array__()))


def datetime_values(values):
    """For a DatetimeArray or a DatetimeIndex: a DatetimeIndex, or what one can be made of."""
    utc = np.asarray(values.asi8).view(np.dtype("M8[" + unit_of(values) + "]"))
    if values.tz is None:
        return utc
    return method("tz_convert", method("tz_localize", Call(pd.DatetimeIndex, utc), "UTC"), values.tz)


def unit_of(values):
    return getattr(values.dtype, "unit", None) or np.datetime_data(values.dtype)[0]


def datetime_array(array):
    return reduced(Call(operator.attrgetter("array"), Call(pd.DatetimeIndex, datetime_values(array))))


def timedelta_array(array):
    return reduced(Call(operator.attrgetter("array"), Call(pd.TimedeltaIndex, np.asarray(array))))


def period_array(array):
    return reduced(Call(pd.arrays.PeriodArray, array.asi8, dtype=array.dtype))


def interval_array(array):
    return reduced(Call(pd.arrays.IntervalArray.from_arrays, unnamed(array.left), unnamed(array.right), array.closed))


def unnamed(index):
    return index if index.name is None else index.rename(None)


def sparse_array(array):
    index = array.sp_index.to_int_index()
    return reduced(Call(pd.arrays.SparseArray, array.sp_values, index, fill_value=marker(array.fill_value),
                        dtype=array.dtype))


def sparse_dtype(dtype):
    return reduced(Call(type(dtype), dtype.subtype, marker(dtype.fill_value)))


def marker(value):
    """Which NaN marks what is missing is no number that was computed: it must not be compared as one."""
    return Call(float, "nan") if isinstance(value, float) and value != value else value


# Indexes


def index(obj):
    values = plain(obj.array)
    if values.dtype == OBJECT:
        return reduced(Call(type(obj), values, OBJECT, False, obj.name, False))
    return reduced(Call(type(obj), values, None, False, obj.name))


def range_index(obj):
    return reduced(Call(pd.RangeIndex, obj.start, obj.stop, obj.step, None, False, obj.name))


def keywords(obj, **more):
    out = {key: value for key, value in more.items() if value is not None}
    if obj.name is not None:
        out["name"] = obj.name
    return out


def datetime_index(obj):
    return reduced(Call(pd.DatetimeIndex, datetime_values(obj), **keywords(obj, freq=obj.freq)))


def timedelta_index(obj):
    return reduced(Call(pd.TimedeltaIndex, np.asarray(obj), **keywords(obj, freq=obj.freq)))


def period_index(obj):
    return reduced(Call(pd.PeriodIndex, obj.array, **keywords(obj)))


def categorical_index(obj):
    return reduced(Call(pd.CategoricalIndex, obj.array, **keywords(obj)))


def interval_index(obj):
    return reduced(Call(pd.IntervalIndex, obj.array, **keywords(obj)))


def multi_index(obj):
    levels = [plain(obj.get_level_values(i).array) for i in range(obj.nlevels)]
    return reduced(Call(pd.MultiIndex.from_arrays, levels, None, list(obj.names)))


# Series and frames


def with_metadata(obj, call):
    if getattr(obj, "flags", None) is not None and not obj.flags.allows_duplicate_labels:
        call = method("set_flags", call, allows_duplicate_labels=False)
    function, arguments = call.__reduce__()
    return function, arguments


def series(obj):
    if obj.attrs:
        return own(obj)
    values = plain(obj.array)
    return with_metadata(obj, Call(pd.Series, values, obj.index, dtype_to_say(values), obj.name))


def columns_of(frame):
    if hasattr(frame, "_iter_column_arrays"):
        arrays = list(frame._iter_column_arrays())
    else:
        arrays = [frame.iloc[:, i].array for i in range(frame.shape[1])]
    return [plain(array) for array in arrays]


def matrix_of(frame):
    if frame.shape[1] <= MOST_COLUMNS:
        return None
    dtype = frame.dtypes.iloc[0]
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biufc" or not (frame.dtypes == dtype).all():
        return None
    return frame.to_numpy()


def frame(obj):
    if obj.attrs:
        return own(obj)
    matrix = matrix_of(obj)
    if matrix is not None:
        return with_metadata(obj, Call(pd.DataFrame, matrix, obj.index, obj.columns))
    arrays = columns_of(obj)
    labels = list(obj.columns)
    if not (obj.columns.is_unique and all(type(label) is str for label in labels)):
        labels = range(len(arrays))
    columns = {}
    for label, values in zip(labels, arrays):
        if values.dtype == OBJECT:
            columns[label] = Call(pd.Series, values, obj.index, OBJECT)
        else:
            columns[label] = values
    data = Call(pd.DataFrame, columns, obj.index)
    return with_metadata(obj, Call(pd.DataFrame.set_axis, data, obj.columns, axis=1))


def own(obj):
    """As pandas pickles it, with the blocks consolidated and in an order that does not depend on their history. This
    keeps what a class of its own adds."""
    function, arguments, state = obj.__reduce_ex__(5)[:3]
    manager = obj._mgr.consolidate()
    if obj.ndim == 2:
        blocks = sorted(manager.blocks, key=lambda block: block.mgr_locs.as_array[0])
        manager = type(manager)(tuple(blocks), manager.axes)
    state = dict(state)
    assert state["_mgr"] is obj._mgr
    state["_mgr"] = manager
    return function, arguments, state


# Work that was prepared: groups, windows. What pandas keeps of what it was asked for is left out.


def prepared(obj):
    function, arguments, state = without(obj, "_cache")
    last = [name for name in state if name == "_gpr_index" or name.endswith("_deprecated")]
    return function, arguments, {**state, **dict.fromkeys(last)}


SUBCLASS_REDUCERS = {
    "pandas.core.base.SelectionMixin": prepared,
    "pandas.core.groupby.ops.BaseGrouper": prepared,
    "pandas.core.groupby.grouper.Grouping": prepared,
    "pandas.core.groupby.grouper.Grouper": prepared,
    "pandas.core.frame.DataFrame": own,
    "pandas.core.series.Series": own,
    "pandas.core.arrays.masked.BaseMaskedArray": masked,
    "pandas.core.arrays.string_.BaseStringArray": string,
    "pandas.core.arrays.string_.StringArray": string,
    "pandas.core.arrays.string_arrow.ArrowStringArray": string,
}

REDUCERS = {
    "pandas.core.frame.DataFrame": frame,
    "pandas.core.series.Series": series,
    "pandas.core.indexes.base.Index": index,
    "pandas.core.indexes.numeric.Int64Index": index,
    "pandas.core.indexes.numeric.UInt64Index": index,
    "pandas.core.indexes.numeric.Float64Index": index,
    "pandas.core.indexes.range.RangeIndex": range_index,
    "pandas.core.indexes.datetimes.DatetimeIndex": datetime_index,
    "pandas.core.indexes.timedeltas.TimedeltaIndex": timedelta_index,
    "pandas.core.indexes.period.PeriodIndex": period_index,
    "pandas.core.indexes.category.CategoricalIndex": categorical_index,
    "pandas.core.indexes.interval.IntervalIndex": interval_index,
    "pandas.core.indexes.multi.MultiIndex": multi_index,
    "pandas.core.arrays.string_.StringDtype": string_dtype,
    "pandas.core.arrays.categorical.Categorical": categorical,
    "pandas.core.arrays.arrow.array.ArrowExtensionArray": arrow,
    "pandas.core.arrays.datetimes.DatetimeArray": datetime_array,
    "pandas.core.arrays.timedeltas.TimedeltaArray": timedelta_array,
    "pandas.core.arrays.period.PeriodArray": period_array,
    "pandas.core.arrays.interval.IntervalArray": interval_array,
    "pandas.core.arrays.sparse.array.SparseArray": sparse_array,
    "pandas.core.arrays.sparse.dtype.SparseDtype": sparse_dtype,
    "pandas.core.dtypes.dtypes.SparseDtype": sparse_dtype,
}
