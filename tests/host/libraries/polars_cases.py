import datetime
import decimal

import numpy as np
import polars as pl
from check import Case

ULP = 1 + 2.0**-52
NEWEST = tuple(int(part) for part in pl.__version__.split(".")[:2])


def same_series(a, b):
    return a.name == b.name and a.dtype == b.dtype and a.to_list() == b.to_list()


def same_frame(a, b):
    return a.columns == b.columns and a.schema == b.schema and a.rows() == b.rows()


def typed(name, values, dtype, other, *, moved=None):
    series = pl.Series("v", values, dtype)
    chunks = pl.concat([series[:1], series[1:]], rechunk=False)
    yield Case(name, series, equal=same_series, same=[pl.Series("v", values, dtype), chunks, series.clone()],
               close=[pl.Series("v", moved, dtype)] if moved else [],
               different=[pl.Series("v", other, dtype), series[1:], series.rename("w"), pl.DataFrame([series])])


def cases():
    third = 1 / 3
    day, moment = datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.timezone.utc)
    naive = datetime.datetime(2020, 1, 1, 12)
    hour = datetime.timedelta(hours=1)
    yield from typed("Float64", [third, None, 2.0], pl.Float64, [third, 0.0, 2.0], moved=[third * ULP, None, 2.0])
    yield from typed("Float64 without nulls", [third, 2.0], pl.Float64, [third, 2.5], moved=[third * ULP, 2.0])
    yield from typed("Float32", [0.5, 2.0], pl.Float32, [0.5, 3.0], moved=[0.5, 2.0000002])
    yield from typed("Int64", [1, None, 2**60], pl.Int64, [1, 0, 2**60])
    yield from typed("UInt8", [1, 2, 255], pl.UInt8, [1, 2, 254])
    yield from typed("Boolean", [True, None, False], pl.Boolean, [True, False, False])
    yield from typed("Utf8", ["a", None, "b"], pl.Utf8, ["a", "", "b"])
    if NEWEST >= (0, 20):
        yield from typed("Binary", [b"a", None, b"b"], pl.Binary, [b"a", b"", b"b"])
    yield from typed("Date", [day, None], pl.Date, [day, day])
    yield from typed("Datetime", [naive, None], pl.Datetime("us"), [naive, naive])
    yield from typed("Duration", [hour, None], pl.Duration("ms"), [hour, hour])
    yield from typed("Time", [datetime.time(1), None], pl.Time, [datetime.time(2), None])
    yield from typed("Categorical", ["a", None, "b", "a"], pl.Categorical, ["a", None, "b", "b"])
    yield from typed("List", [[third], None, [1.0, 2.0]], pl.List(pl.Float64), [[third], [], [1.0, 2.0]], moved=[[third * ULP], None, [1.0, 2.0]])
    yield from typed("Struct", [{"a": 1, "b": "x"}, {"a": 2, "b": None}], pl.Struct({"a": pl.Int64, "b": pl.Utf8}),
                     [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])
    yield from typed("Int64 of nothing", [None, None], pl.Int64, [None, 1])
    if NEWEST >= (0, 20):
        zone = pl.Series("v", [naive, None], pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin")
        yield Case("time zone", zone, equal=same_series, different=[pl.Series("v", [naive, None], pl.Datetime("us")), zone.dt.convert_time_zone("UTC")])

    def frame(factor=1.0, name="x"):
        return pl.DataFrame({name: np.arange(4) / 3 * factor, "s": ["a", None, "c", "d"], "i": [1, 2, None, 4]})

    whole = frame()
    chunks = pl.concat([whole[:1], whole[1:3], whole[3:]], rechunk=False)
    yield Case("DataFrame", whole, equal=same_frame, same=[chunks, chunks.rechunk(), whole.clone(), whole.lazy().collect()], close=[frame(ULP)],
               different=[frame(2), frame(name="y"), whole[1:], whole.select(["x", "i"]), whole.with_columns(pl.col("i").cast(pl.Int32)),
                          whole.select(["s", "x", "i"]), whole["x"]])
    yield Case("DataFrame of nothing", pl.DataFrame(), equal=same_frame, different=[whole])
    yield Case("no rows", whole[:0], equal=same_frame, different=[whole, frame(name="y")[:0]])
    yield Case("LazyFrame", whole.lazy(), described=True)
