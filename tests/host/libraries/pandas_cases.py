import datetime

import numpy as np
import pandas as pd
from check import Case

ULP = 1 + 2.0**-52
NEWEST = tuple(int(part) for part in pd.__version__.split(".")[:2])


def same_frame(a, b):
    pd.testing.assert_frame_equal(a, b)


def same_series(a, b):
    pd.testing.assert_series_equal(a, b)


def same_index(a, b):
    pd.testing.assert_index_equal(a, b, exact=True)
    return getattr(a, "freq", None) == getattr(b, "freq", None)


def same_array(a, b):
    pd.testing.assert_extension_array_equal(a, b)


class Labelled(pd.DataFrame):
    """A project's own frame, with something of its own."""

    _metadata = ["label"]

    @property
    def _constructor(self):
        return Labelled


Labelled.__module__ = "pandas_cases"


def labelled(label, **columns):
    frame = Labelled(columns)
    frame.label = label
    return frame


def grown(columns):
    """Column by column: one block for each."""
    frame = pd.DataFrame(index=range(len(next(iter(columns.values())))))
    for name, values in columns.items():
        frame[name] = values
    return frame


def base(**changes):
    columns = {
        "a": np.arange(4.0) / 3,
        "b": np.arange(4),
        "c": np.array(["x", "y", None, "z"], dtype=object),
        "d": np.arange(4.0) * 2,
        "e": np.arange(4),
    }
    columns.update(changes)
    return pd.DataFrame(columns)


def replaced(values, index, value):
    values = values.copy()
    values[index] = value
    return values


def frames():
    frame = base()
    used = base()
    used["a"], used.iloc[0], used.sort_values("a"), used.loc[1, "b"], used.groupby("b").sum(numeric_only=True)
    inserted = base().drop(columns="a")
    inserted.insert(0, "a", np.arange(4.0) / 3)
    yield Case(
        "frame", frame, equal=same_frame,
        same=[base(), frame.copy(), grown({k: frame[k].to_numpy() for k in frame}), used, inserted, frame[list("abcde")],
              frame[list("edcba")][list("abcde")]],
        close=[base(a=np.arange(4.0) / 3 * ULP), base(a=replaced(np.arange(4.0) / 3, 1, 1 / 3 * ULP))],
        different=[base(a=np.arange(4.0)), base(b=replaced(np.arange(4), 2, 7)), base(b=np.arange(4, dtype=np.int32)),
                   frame.rename(columns={"a": "A"}), frame.rename(index={1: 9}), frame[list("bacde")], frame.iloc[:3],
                   frame.iloc[::-1], base(c=np.array(["x", "y", "", "z"], dtype=object)), frame["a"],
                   frame.rename_axis(columns="name"), frame.rename_axis(index="name"), frame.to_dict()])
    # Floats are compared with tolerance in sums of groups, too.
    keys = np.arange(40) % 3
    sums = pd.DataFrame({"k": keys, "v": np.arange(40) / 7}).groupby("k").agg(["sum", "mean"])
    yield Case("group results", sums, equal=same_frame, close=[sums * ULP], different=[sums * 1.1, sums.iloc[:2]])
    wide = np.random.default_rng(0).normal(size=(5, 100))
    columns = [f"c{i}" for i in range(100)]
    yield Case(
        "wide", pd.DataFrame(wide, columns=columns), equal=same_frame,
        same=[pd.DataFrame(np.asfortranarray(wide), columns=columns),
              pd.concat([pd.DataFrame(wide[:, [i]], columns=[columns[i]]) for i in range(100)], axis=1)],
        close=[pd.DataFrame(wide * ULP, columns=columns)],
        different=[pd.DataFrame(wide, columns=columns[:99] + ["x"]), pd.DataFrame(wide.astype("f4"), columns=columns)])
    double = pd.DataFrame(np.arange(6.0).reshape(2, 3), columns=["a", "a", 1])
    yield Case("labels twice", double, equal=same_frame,
               different=[pd.DataFrame(np.arange(6.0).reshape(2, 3), columns=["a", 1, "a"]), double.iloc[:, [0, 1]]])
    yield Case("no columns", pd.DataFrame(index=[1, 2]), equal=same_frame,
               different=[pd.DataFrame(index=[1, 3]), pd.DataFrame(columns=[1, 2])])
    yield Case("nothing", pd.DataFrame(), equal=same_frame, different=[pd.DataFrame(index=[1, 2])])
    tall = frame.set_index(["b", "c"])
    yield Case("frame with a MultiIndex", tall, equal=same_frame, different=[tall.swaplevel(), frame.set_index(["b", "e"])])
    crossed = pd.DataFrame({("x", 1): [1.5], ("y", 2): [2.5]})
    yield Case("MultiIndex of columns", crossed, equal=same_frame, different=[pd.DataFrame({("x", 1): [1.5], ("y", 3): [2.5]})])
    # Objects that a constructor would take for something better.
    odd = pd.DataFrame({"t": pd.Series([pd.Timestamp("2020"), pd.Timestamp("2021")], dtype=object),
                        "i": pd.Series([1, 2], dtype=object), "s": pd.Series(["x", "y"], dtype=object)})
    yield Case("objects", odd, equal=same_frame,
               different=[odd.astype({"t": "M8[ns]"}), odd.astype({"i": "int64"}), odd.iloc[::-1]])
    repeated = odd.set_axis(["r", "r"])
    yield Case("objects under the same label", repeated, equal=same_frame, different=[odd, repeated.iloc[::-1]])
    noted = base()
    noted.attrs["unit"] = "m"
    renamed = base()
    renamed.attrs["unit"] = "km"
    more = grown({k: frame[k].to_numpy() for k in frame})
    more.attrs["unit"] = "m"
    yield Case("attrs", noted, equal=lambda a, b: same_frame(a, b) or a.attrs == b.attrs, same=[more], different=[renamed, base()])
    if hasattr(frame, "set_flags"):
        flagged = base().set_flags(allows_duplicate_labels=False)
        yield Case("flags", flagged, equal=lambda a, b: same_frame(a, b) or a.flags == b.flags, different=[base()])
    yield Case("a frame of one's own", labelled("x", a=np.arange(3.0), b=np.arange(3)), own=["pandas_cases"],
               equal=lambda a, b: same_frame(a, b) or a.label == b.label,
               different=[labelled("y", a=np.arange(3.0), b=np.arange(3)), labelled("x", a=np.arange(3.0), b=np.ones(3)),
                          pd.DataFrame({"a": np.arange(3.0), "b": np.arange(3)})])


def all_series():
    values = np.arange(5) / 3
    plain = pd.Series(values, name="v")
    used = pd.Series(values, name="v")
    used.index.get_loc(2), used.index.is_unique
    yield Case("series", plain, equal=same_series,
               same=[pd.DataFrame({"v": values})["v"], pd.DataFrame(np.c_[values, values], columns=["v", "w"])["v"], used],
               close=[plain * ULP],
               different=[plain.rename("w"), plain.rename(None), plain.astype("f4"), plain.iloc[1:], plain.to_frame(), plain.index,
                          plain.set_axis(list("abcde")), plain.set_axis(np.arange(5)), values, plain.replace(1 / 3, np.nan)])
    yield Case("nothing in a series", pd.Series([], dtype="f8"), equal=same_series, different=[pd.Series([], dtype="i8")])
    yield Case("objects in a series", pd.Series([1, "a", None, 2.5], dtype=object), equal=same_series,
               different=[pd.Series([1, "a", None, 2.25], dtype=object), pd.Series([1, "a", np.nan, 2.5], dtype=object)])
    yield Case("tuples as labels", pd.Series([1, 2], index=pd.Index([("a", 1), ("b", 2)], tupleize_cols=False)),
               equal=same_series, different=[pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))])
    yield Case("complex", pd.Series([1j, 2.0]), equal=same_series, close=[pd.Series([1j, 2.0]) * ULP], different=[pd.Series([1j, 2.1])])


def indexes():
    yield Case("RangeIndex", pd.RangeIndex(5), equal=same_index, same=[pd.RangeIndex(0, 5, 1)],
               different=[pd.Index(np.arange(5)), pd.RangeIndex(6), pd.RangeIndex(5, name="x"), pd.RangeIndex(1, 6)])
    numbers = pd.Index(np.array([3, 1, 2]))
    used = pd.Index(np.array([3, 1, 2]))
    used.get_loc(1), used.is_unique, used.get_indexer([1, 2])
    yield Case("Index", numbers, equal=same_index, same=[used, pd.Index([3, 1, 2])],
               different=[pd.Index([3, 1, 4]), pd.Index([3.0, 1.0, 2.0]), numbers.rename("x"), numbers[:2]])
    floats = pd.Index([1 / 3, 2.0, np.nan])
    yield Case("floats", floats, equal=same_index, close=[pd.Index([1 / 3 * ULP, 2.0])[[0, 1]]][:0],
               different=[pd.Index([1 / 3, 2.5, np.nan])])
    yield Case("floats that move", floats[:2], equal=same_index, close=[floats[:2] * ULP])
    yield Case("text", pd.Index(["a", "b"]), equal=same_index, different=[pd.Index(["a", "c"]), pd.Index(["a", None])])
    yield Case("text as objects", pd.Index(np.array(["a", "b"], dtype=object), dtype=object), equal=same_index,
               different=[pd.Index(["a", "c"], dtype=object)])
    yield Case("bool", pd.Index([True, False]), equal=same_index, different=[pd.Index([True, True])])
    days = pd.date_range("2020-01-01", periods=4, freq="D", name="day")
    loose = pd.DatetimeIndex(list(days), name="day")
    yield Case("DatetimeIndex", days, equal=same_index, same=[pd.date_range("2020-01-01", "2020-01-04", name="day")],
               different=[loose, days.rename("x"), days + pd.Timedelta(1), days.tz_localize("UTC"), days[:3]])
    yield Case("DatetimeIndex without freq", loose.insert(1, pd.NaT), equal=same_index, different=[loose, loose.insert(2, pd.NaT)])
    # Across a change of the clock.
    local = pd.date_range("2020-03-28", periods=4, freq="D", tz="Europe/Berlin")
    yield Case("time zone", local, equal=same_index,
               different=[pd.date_range("2020-03-28", periods=4, freq="D", tz="Europe/Paris"), local.tz_convert("UTC"),
                          pd.date_range("2020-03-28", periods=4, freq="D"), pd.DatetimeIndex(list(local))])
    yield Case("UTC", days.tz_localize("UTC"), equal=same_index, different=[days, days.tz_localize("Asia/Tokyo")])
    deltas = pd.timedelta_range("1s", periods=3, freq="s", name="d")
    yield Case("TimedeltaIndex", deltas, equal=same_index, different=[deltas.rename("e"), deltas * 2, pd.TimedeltaIndex(list(deltas), name="d")])
    months = pd.period_range("2020-01", periods=3, freq="M", name="m")
    yield Case("PeriodIndex", months, equal=same_index,
               different=[months.rename("x"), months + 1, months.asfreq("D"), months.insert(1, pd.NaT)])
    letters = pd.CategoricalIndex(["a", "b", "a"], name="c")
    yield Case("CategoricalIndex", letters, equal=same_index,
               different=[letters.rename("x"), letters[1:], letters.set_categories(["b", "a"]), letters.as_ordered(),
                          letters.add_categories("z"), pd.CategoricalIndex(["a", "b", "b"], name="c")])
    bins = pd.IntervalIndex.from_breaks([0, 1 / 3, 2], name="bin")
    yield Case("IntervalIndex", bins, equal=same_index, close=[pd.IntervalIndex.from_breaks([0, 1 / 3 * ULP, 2], name="bin")],
               different=[bins.rename("x"), pd.IntervalIndex.from_breaks([0, 1, 2], name="bin"),
                          pd.IntervalIndex.from_breaks([0, 1 / 3, 2], name="bin", closed="left")])
    pairs = pd.MultiIndex.from_product([["b", "a"], [2, 1]], names=["x", "y"])
    shuffled = pd.MultiIndex(levels=[["a", "b", "unused"], [1, 2, 99]], codes=[[1, 1, 0, 0], [1, 0, 1, 0]], names=["x", "y"])
    yield Case("MultiIndex", pairs, equal=same_index,
               same=[shuffled, pd.MultiIndex.from_tuples(list(pairs), names=["x", "y"]),
                     pd.MultiIndex.from_product([["b", "a", "c"], [2, 1]], names=["x", "y"])[:4]],
               different=[pairs[::-1], pairs.rename(["x", "z"]), pairs.swaplevel(), pairs[:3],
                          pairs.set_levels([2.0, 1.0], level=1), pd.Index(list(pairs), tupleize_cols=False)])
    edges = pd.MultiIndex.from_arrays([[1 / 3, 1 / 3, 2 / 3], ["a", "b", "a"]])
    yield Case("MultiIndex of floats", edges, equal=same_index,
               close=[pd.MultiIndex.from_arrays([[1 / 3, 1 / 3 * ULP, 2 / 3], ["a", "b", "a"]])])
    gaps = pd.MultiIndex.from_arrays([["a", None, "b"], pd.to_datetime(["2020", None, "2021"])])
    yield Case("MultiIndex with gaps", gaps, equal=same_index, different=[gaps[[1, 0, 2]]])


def arrays():
    letters = pd.Categorical(["b", "a", None, "b"], categories=["a", "b"], ordered=True)
    yield Case("Categorical", letters, equal=same_array,
               different=[pd.Categorical(["b", "a", "a", "b"], categories=["a", "b"], ordered=True), letters.as_unordered(),
                          pd.Categorical(["b", "a", None, "b"], categories=["b", "a"], ordered=True)])
    bins = pd.cut(np.arange(5) / 3, 2)
    yield Case("bins", bins, equal=same_array, close=[pd.cut(np.arange(5) / 3 * ULP, 2)][:0], different=[pd.cut(np.arange(5) / 2, 2)])
    for dtype, other in (("Int64", "Int32"), ("UInt8", "Int8"), ("Float64", "Float32"), ("boolean", "Int8")):
        if dtype == "Float64" and NEWEST < (1, 2):
            continue
        values = pd.array([1, 0, None, 1], dtype=dtype)
        hidden = pd.array([1, 0, 1, 1], dtype=dtype)
        hidden[2] = pd.NA
        yield Case(dtype, values, equal=same_array, same=[hidden, values.copy()],
                   different=[values.astype(other), pd.array([1, 0, 0, 1], dtype=dtype), pd.array([1, 1, None, 1], dtype=dtype)])
    if NEWEST >= (1, 2):
        third = pd.array([1 / 3, None], dtype="Float64")
        yield Case("Float64 that moves", third, equal=same_array, close=[third * ULP])
    strings = pd.array(["x", None, "y"], dtype="string")
    yield Case("string", strings, equal=same_array, different=[pd.array(["x", "", "y"], dtype="string"), np.array(["x", None, "y"])])
    try:
        import pyarrow as pa
    except ImportError:
        pa = None
    if pa is not None and NEWEST >= (1, 5):
        chunked = pd.concat([pd.Series(["x"], dtype="string[pyarrow]"), pd.Series([None, "y"], dtype="string[pyarrow]")]).array
        strings = pd.array(["x", None, "y"], dtype="string[pyarrow]")
        yield Case("string[pyarrow]", strings, equal=same_array, same=[chunked],
                   different=[pd.array(["x", None, "z"], dtype="string[pyarrow]"), pd.array(["x", None, "y"], dtype="string[python]")])
        doubles = pd.array([1 / 3, None, 2.0], dtype=pd.ArrowDtype(pa.float64()))
        halves = pd.concat([pd.Series(doubles[:1]), pd.Series(doubles[1:])]).array
        yield Case("arrow", doubles, equal=same_array, same=[halves], close=[doubles * ULP], own=["pyarrow"],
                   different=[pd.array([1 / 3, 0, 2.0], dtype=pd.ArrowDtype(pa.float64()))])
    moments = pd.array(pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin"))
    yield Case("datetimes", moments, equal=same_array, different=[moments + pd.Timedelta(1), moments.tz_convert("UTC")])
    yield Case("naive datetimes", pd.array(pd.to_datetime(["2020", None])), equal=same_array, different=[pd.array(pd.to_datetime(["2020", "2021"]))])
    yield Case("timedeltas", pd.array(pd.to_timedelta([1, None], unit="s")), equal=same_array, different=[pd.array(pd.to_timedelta([2, None], unit="s"))])
    yield Case("periods", pd.array(pd.period_range("2020", periods=2, freq="D")), equal=same_array, different=[pd.array(pd.period_range("2020", periods=2, freq="M"))])
    yield Case("intervals", pd.arrays.IntervalArray.from_breaks([0, 1, 2]), equal=same_array, different=[pd.arrays.IntervalArray.from_breaks([0, 1, 2.5])])
    dense = np.array([0, 0, 1 / 3, 0, 2])
    sparse = pd.arrays.SparseArray(dense, fill_value=0)
    yield Case("sparse", sparse, equal=same_array, same=[pd.arrays.SparseArray(dense, fill_value=0, kind="block")],
               close=[pd.arrays.SparseArray(dense * ULP, fill_value=0)],
               different=[pd.arrays.SparseArray(dense, fill_value=np.nan), pd.arrays.SparseArray(dense[::-1], fill_value=0)])
    frame = pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "s": pd.array(["x", None], dtype="string"), "c": pd.Categorical(["u", "v"]),
                          "t": pd.date_range("2020", periods=2, tz="UTC"), "n": pd.date_range("2020", periods=2),
                          "d": pd.to_timedelta([1, 2]), "p": pd.period_range("2020", periods=2, freq="D"), "v": pd.interval_range(0, 2),
                          "z": pd.arrays.SparseArray([0, 1])})
    yield Case("a frame of all", frame, equal=same_frame, same=[grown({k: frame[k].array for k in frame})],
               different=[frame.astype({"c": object}), frame.assign(i=pd.array([1, 2], dtype="Int64")), frame.assign(n=frame.t)])


def scalars():
    yield Case("Timestamp", itself=True, value=pd.Timestamp("2020-01-01 12:00", tz="Europe/Berlin"),
               different=[pd.Timestamp("2020-01-01 12:00"), pd.Timestamp("2020-01-01 12:00", tz="UTC")])
    yield Case("Timedelta", itself=True, value=pd.Timedelta("1h"), same=[pd.Timedelta("60min")], different=[pd.Timedelta("2h")])
    yield Case("Period", itself=True, value=pd.Period("2020-01", "M"), different=[pd.Period("2020-02", "M"), pd.Period("2020-01-01", "D")])
    yield Case("Interval", itself=True, value=pd.Interval(0, 1), different=[pd.Interval(0, 2), pd.Interval(0, 1, closed="left")])
    yield Case("NaT", itself=True, value=pd.NaT, equal=lambda a, b: a is b, different=[pd.NA, None])
    yield Case("NA", itself=True, value=pd.NA, equal=lambda a, b: a is b, different=[pd.NaT, None, "NA"])
    used = pd.offsets.MonthEnd(2)
    used + pd.Timestamp("2020"), used.freqstr, hash(used)
    yield Case("offset", itself=True, value=pd.offsets.MonthEnd(2), same=[used], different=[pd.offsets.MonthEnd(3), pd.offsets.MonthBegin(2)])
    yield Case("dtypes", [pd.CategoricalDtype(["a"]), pd.DatetimeTZDtype("ns", "UTC"), pd.Int64Dtype(), pd.PeriodDtype("D")],
               different=[[pd.CategoricalDtype(["b"]), pd.DatetimeTZDtype("ns", "UTC"), pd.Int64Dtype(), pd.PeriodDtype("D")]])


def asked_for(data):
    """Groups and windows, before and after somebody looked at what they give."""
    moved = data.assign(b=data.b * ULP)
    asks = {
        "groups": lambda data: data.groupby("a"),
        "groups by several": lambda data: data.groupby(["a", "c"], sort=False),
        "groups by level": lambda data: data.groupby(level=0),
        "groups by an array": lambda data: data.groupby(np.array([1, 2, 2])),
        "groups by a category": lambda data: data.groupby(pd.Categorical(data.c), observed=True),
        "groups by months": lambda data: data.groupby(pd.Grouper(freq="MS")),
        "a column's groups": lambda data: data.groupby("a").b,
        "a window": lambda data: data[["b"]].rolling(2),
        "a window over groups": lambda data: data.groupby("a").b.rolling(2),
        "expanding": lambda data: data.b.expanding(1),
        "weighted": lambda data: data.b.ewm(1.5),
        "resampled": lambda data: data[["b"]].resample("2D"),
        "resampled groups": lambda data: data.groupby("a")[["b"]].resample("2D"),
    }
    for name, ask in asks.items():
        used = ask(data.copy())
        for look in (lambda: used.mean(), lambda: used.groups, lambda: used.ngroups, lambda: len(used), lambda: list(used), lambda: used.indices,
                     lambda: used.get_group(1), lambda: used.agg(["sum", "count"]), lambda: used.transform("mean"), lambda: repr(used), lambda: used.nth(0)):
            try:
                look()
            except Exception:
                pass
        yield Case(name, ask(data.copy()), own=["dateutil"], equal=lambda a, b: same_frame(pd.DataFrame(a.sum()), pd.DataFrame(b.sum())) if hasattr(a, "sum") else None,
                   same=[used], close=[ask(moved)], different=[ask(data.assign(b=data.b + 1)), ask(data.iloc[:2]) if name != "groups by an array" else ask(data.iloc[::-1])])


def looked_at():
    yield from asked_for(pd.DataFrame({"a": [1, 1, 2], "b": [1 / 3, 1.5, 2.5], "c": ["x", "y", "x"]}, index=pd.date_range("2020-01-01", periods=3)))
    gaps = pd.arrays.SparseArray([np.nan, 1 / 3, np.nan])
    for wrap in (lambda array: array, lambda array: pd.Series(array, name="s"), lambda array: pd.DataFrame({"s": array})):
        yield Case(f"sparse with gaps in {type(wrap(gaps)).__name__}", wrap(gaps), equal=lambda a, b: str(a) == str(b), close=[wrap(gaps * ULP)],
                   different=[wrap(gaps + 1), wrap(pd.arrays.SparseArray([np.nan, 1 / 3, np.nan], fill_value=1 / 3))])


def cases():
    for family in (looked_at, frames, all_series, indexes, arrays, scalars):
        yield from family()
