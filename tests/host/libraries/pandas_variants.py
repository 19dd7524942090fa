import datetime

import numpy as np
import pandas as pd
from properties import Variants

ARRAYS = True
# Attributes that somebody adds to an array; how far a MultiIndex is known to be sorted.
LOSSES = {"added_by_a_test", "sortorder"}
DAYS = pd.date_range("2020-01-01", periods=3)
LETTERS = ["a", "b", "a"]


def with_more(value, attrs=None, duplicates=True, name=None):
    value = value.set_flags(allows_duplicate_labels=duplicates)
    value.attrs.update(attrs or {})
    if name is not None:
        value.index.name = name
    return value


def variants():
    for values in ([1.5, 2.0, 3.0], LETTERS, DAYS, pd.Categorical(LETTERS), pd.array([1, None, 3]), pd.arrays.SparseArray([0.0, 1.5, 0.0])):
        kind = getattr(values, "dtype", type(values[0]).__name__)
        yield Variants(f"Series of {kind}", lambda values, index, name, **more: with_more(pd.Series(values, index, name=name), **more),
                       {"values": values, "index": [1, 2, 3], "name": None, "attrs": None, "duplicates": True},
                       index=[[1, 2, 4], ["1", "2", "3"], [1.0, 2.0, 3.0], DAYS], name=["n", 1, ("a", 1), datetime.date(2020, 1, 1)],
                       attrs=[{"note": 1}], duplicates=[False], values=[values[:2] + values[:1]] if isinstance(values, list) else [values[::-1]])
    frame = {"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": LETTERS}
    yield Variants("DataFrame", lambda data, index, columns, named, **more: with_more(pd.DataFrame(data, index).rename_axis(columns=named)[columns], **more),
                   {"data": frame, "index": [1, 2, 3], "columns": ["a", "b", "c"], "named": None, "attrs": None, "duplicates": True, "name": None},
                   data=[{**frame, "a": [1.0, 2.0, 3.0]}, {**frame, "c": pd.Categorical(LETTERS)}, {**frame, "a": pd.array([1, 2, 3])}],
                   index=[[1, 2, 4], DAYS], columns=[["b", "a", "c"], ["a"], []], named=["columns"], attrs=[{"note": 1}], duplicates=[False], name=["rows"])
    yield Variants("Categorical", pd.Categorical, {"values": LETTERS, "categories": ["a", "b"], "ordered": False},
                   categories=[["b", "a"], ["a", "b", "c"], ["a"]], ordered=[True], values=[["a", "b", None]])
    yield Variants("CategoricalIndex", pd.CategoricalIndex, {"data": LETTERS, "categories": ["a", "b"], "ordered": False, "name": None},
                   categories=[["b", "a"], ["a", "b", "c"]], ordered=[True], name=["n"])
    yield Variants("DatetimeIndex", pd.date_range, {"start": "2020-01-01", "periods": 3, "freq": "D", "tz": None, "name": None, "unit": "ns"},
                   start=["2021-01-01"], freq=["h", "W", "B"], tz=["UTC", "Europe/Berlin"], name=["n"], unit=["s"])
    yield Variants("DatetimeIndex by hand", pd.DatetimeIndex, {"data": list(DAYS), "freq": None, "name": None}, freq=["D"], name=["n"])
    yield Variants("TimedeltaIndex", pd.timedelta_range, {"start": "1h", "periods": 3, "freq": "h", "name": None, "unit": "ns"}, freq=["min"], name=["n"], unit=["s"])
    yield Variants("PeriodIndex", pd.period_range, {"start": "2020-01", "periods": 3, "freq": "M", "name": None}, freq=["D", "Q"], name=["n"])
    yield Variants("IntervalIndex", pd.interval_range, {"start": 0, "periods": 3, "closed": "right", "name": None}, closed=["left", "both"], name=["n"], start=[1, 0.5])
    yield Variants("RangeIndex", pd.RangeIndex, {"start": 0, "stop": 10, "step": 1, "name": None}, start=[1], stop=[9], step=[2], name=["n"])
    yield Variants("Index", pd.Index, {"data": [1, 2, 3], "dtype": None, "name": None}, dtype=["f8", "i4", object, "Int64", "float32"], name=["n"], data=[[1, 3, 2]])
    pairs = [("a", 1), ("a", 2), ("b", 1)]
    yield Variants("MultiIndex", pd.MultiIndex.from_tuples, {"tuples": pairs, "names": None}, tuples=[pairs[::-1], [(a, str(b)) for a, b in pairs]],
                   names=[["x", "y"], ["x", None], [("x", 1), "y"]])
    yield Variants("SparseArray", pd.arrays.SparseArray, {"data": [0.0, 1.5, 0.0], "fill_value": 0.0, "dtype": None}, fill_value=[np.nan, 1.5], dtype=["f4"])
    yield Variants("nullable", pd.array, {"data": [1, 2, None], "dtype": "Int64"}, dtype=["Float64", "Int32", "string", "boolean", object][:3], data=[[1, None, 2]])
    for dtype in ("int64[pyarrow]", "string[pyarrow]", "string[python]"):
        yield Variants(dtype, lambda data, dtype=dtype: pd.array(data, dtype), {"data": ["1", "2", None] if "string" in dtype else [1, 2, None]},
                       data=[["1", "3", None] if "string" in dtype else [1, 3, None]])
    data = pd.DataFrame({"a": [1, 1, 2], "b": [0.5, 1.5, 2.5], "c": LETTERS}, index=DAYS)
    yield Variants("groupby", lambda data, **how: data.groupby(**how), {"data": data, "by": "a", "sort": True, "as_index": True, "group_keys": True, "dropna": True},
                   data=[data * 2], by=["c", ["a", "c"], [1, 2, 2]], sort=[False], as_index=[False], group_keys=[False], dropna=[False])
    yield Variants("rolling", lambda data, **how: data[["b"]].rolling(**how), {"data": data, "window": 2, "min_periods": None, "center": False, "closed": None},
                   data=[data[::-1]], window=[3, "2D"], min_periods=[1], closed=["both"])
    yield Variants("resample", lambda data, **how: data[["b"]].resample(**how), {"data": data, "rule": "2D", "closed": None, "label": None, "origin": "start_day"},
                   rule=["3D"], closed=["right"], label=["right"])
