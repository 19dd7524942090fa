# polars: name, type, values and nulls of each column. Chunks and what lies under a null are left out. A LazyFrame
# is work that was not done.
import polars as pl

NUMBERS = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "Boolean"}
INTEGERS = {"Date": pl.Int32, "Datetime": pl.Int64, "Duration": pl.Int64, "Time": pl.Int64}


def kind_of(dtype):
    return dtype.__name__ if isinstance(dtype, type) else type(dtype).__name__


def numbers(values, dtype):
    if not values.null_count():
        return Call(pl.Series, values.name, values.to_numpy(), dtype)
    zero = False if kind_of(dtype) == "Boolean" else 0
    nulls = values.is_null()
    filled = Call(pl.Series, values.name, values.fill_null(zero).to_numpy(), dtype)
    gaps = Call(pl.Series.set, filled, Call(pl.Series, "", nulls.to_numpy()), None)
    return Call(pl.Series.alias, gaps, values.name)  # older versions lose the name


def series(obj):
    kind = kind_of(obj.dtype)
    if kind in NUMBERS:
        return reduced(numbers(obj, obj.dtype))
    if kind in INTEGERS:
        return reduced(method("cast", numbers(obj.to_physical(), INTEGERS[kind]), obj.dtype))
    if kind in ("Categorical", "Enum"):
        return reduced(method("cast", Call(pl.Series, obj.name, obj.to_list(), pl.Utf8), obj.dtype))
    return reduced(Call(pl.Series, obj.name, obj.to_list(), obj.dtype))


def frame(obj):
    columns = {column.name: column for column in obj.get_columns()}
    return reduced(Call(pl.DataFrame, columns, list(columns)))


def lazy_frame(obj):
    return Uncheckable("polars has not computed it")


REDUCERS = {"polars.DataFrame": frame, "polars.Series": series, "polars.LazyFrame": lazy_frame}
