import numpy as np
import xarray as xr
from properties import Variants

ARRAYS = True
LOSSES = {"encoding"}


def stacked(attrs=None, of_x=None, of_level=None, names=("x", "y"), dim="z", name=None):
    made = xr.DataArray(np.arange(6.0).reshape(2, 3), [("x", [1, 2]), ("y", list("abc"))], attrs=attrs, name=name)
    made = made.stack({dim: names})
    made[dim].attrs.update(of_x or {})
    made["x"].attrs.update(of_level or {})
    return made


def array(attrs=None, of_x=None, of_other=None, dims=("x", "y"), name=None, dtype=float, x=(1, 2)):
    coords = {dims[0]: (dims[0], list(x), of_x), "other": (dims[0], [5, 6], of_other)}
    return xr.DataArray(np.arange(6).reshape(2, 3).astype(dtype), coords, dims, name, attrs)


def dataset(attrs=None, of_a=None, of_x=None, names=("a", "b")):
    return xr.Dataset({names[0]: ("x", [1.5, 2.5], of_a), names[1]: ("y", [1, 2, 3])}, {"x": ("x", [1, 2], of_x)}, attrs)


def variants():
    note = [{"note": 1}]
    # Attributes that an index's coordinate has are set in place.
    yield Variants("stacked", stacked, {"attrs": None, "of_x": None, "of_level": None, "names": ("x", "y"), "dim": "z", "name": None},
                   attrs=note, of_x=note, of_level=note, names=[("y", "x")], dim=["w"], name=["n"])
    yield Variants("stacked Dataset", lambda **how: stacked(**how).to_dataset(name="v"), {"of_x": None, "of_level": None}, of_x=note, of_level=note)
    yield Variants("DataArray", array, {"attrs": None, "of_x": None, "of_other": None, "dims": ("x", "y"), "name": None, "dtype": float, "x": (1, 2)},
                   attrs=note, of_x=note, of_other=note, dims=[("x", "z"), ("w", "y")], name=["n"], dtype=["f4", int], x=[(1, 3), (1.0, 2.0), ("1", "2")])
    yield Variants("Dataset", dataset, {"attrs": None, "of_a": None, "of_x": None, "names": ("a", "b")}, attrs=note, of_a=note, of_x=note, names=[("a", "c")])
    yield Variants("Variable", lambda **how: xr.Variable(**how), {"dims": ("x",), "data": [1.5, 2.5], "attrs": None}, dims=[("y",)], data=[[1.5, 3.5], [1, 2]], attrs=note)
    yield Variants("groupby", lambda key: array().groupby(key), {"key": "x"}, key=["other"])
