import datetime

import polars as pl
from properties import Variants


def variants():
    yield Variants("Series", pl.Series, {"name": "a", "values": [1, 2, 3], "dtype": pl.Int64}, name=["b"], values=[[1, 2, None]], dtype=[pl.Int32, pl.Float64])
    moments = [datetime.datetime(2020, 1, 1), None]
    yield Variants("Datetime", lambda unit, zone: pl.Series("a", moments, pl.Datetime(unit, zone)), {"unit": "us", "zone": None}, unit=["ms", "ns"], zone=["UTC"])
    yield Variants("Enum", lambda categories: pl.Series("a", ["x", "y"], pl.Enum(categories)), {"categories": ["x", "y"]}, categories=[["y", "x"], ["x", "y", "z"]])
    yield Variants("Categorical", lambda ordering: pl.Series("a", ["x", "y"], pl.Categorical(ordering)), {"ordering": "physical"}, ordering=["lexical"])
    yield Variants("DataFrame", pl.DataFrame, {"data": {"a": [1, 2], "b": [0.5, 1.5]}, "schema": None}, data=[{"b": [0.5, 1.5], "a": [1, 2]}, {"a": [1, 2]}],
                   schema=[{"a": pl.Int8, "b": pl.Float32}, ["a"]][:1])
