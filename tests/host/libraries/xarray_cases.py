import os
import tempfile

import numpy as np
import pandas as pd
import xarray as xr
from check import Case

ULP = 1 + 2.0**-52


def equal(a, b):
    return a.identical(b)


def array(values=None, name="v", dims=("x", "t"), x=(1.0, 2.0), units="m", **coordinates):
    values = np.arange(6.0).reshape(2, 3) / 7 if values is None else values
    coords = {dims[0]: list(x), dims[1]: pd.date_range("2020", periods=3), "label": (dims[0], ["p", "q"]), "scalar": 5}
    coords.update(coordinates)
    return xr.DataArray(values, coords, dims, name, {"units": units})


def used(value):
    value.sel(x=1.0), value.mean(), value.indexes, value.to_dict()
    return value


def cases():
    base = np.arange(6.0).reshape(2, 3) / 7
    value = array()
    noted = array()
    noted.encoding["dtype"] = "f4"
    yield Case("DataArray", value, equal=equal, own=["pandas"],
               same=[array(), used(array()), value.copy(deep=True), noted, array(np.asfortranarray(base)), value.T.T,
                     xr.Dataset({"v": array()})["v"]],
               close=[array(base * ULP), array(x=(1.0, 2.0 * ULP))],
               different=[array(base + 1), array(name="w"), array(dims=("y", "t")), array(x=(1.0, 3.0)), array(units="km"),
                          array(label=("x", ["p", "r"])), array(scalar=6), value.drop_vars("scalar"), array(base.astype("f4")),
                          value.T, value.isel(t=slice(2)), value.to_dataset(name="v"), value.variable])
    yield Case("bare DataArray", xr.DataArray(base), equal=equal, different=[xr.DataArray(base, dims=("a", "b")), base])
    yield Case("Variable", xr.Variable(("x", "y"), base, {"a": 1}), equal=equal, close=[xr.Variable(("x", "y"), base * ULP, {"a": 1})],
               different=[xr.Variable(("x", "z"), base, {"a": 1}), xr.Variable(("x", "y"), base, {"a": 2}), xr.Variable(("x", "y"), base)])
    yield Case("IndexVariable", xr.IndexVariable("x", [1, 2, 3]), equal=equal, different=[xr.Variable("x", [1, 2, 3]), xr.IndexVariable("x", [1, 2, 4])])

    def dataset(factor=1.0, title="t", extra="w"):
        return xr.Dataset({"v": (("x", "y"), base * factor), extra: ("x", [1, 2])}, {"x": [10, 20], "y": list("abc"), "z": 1.5},
                          {"title": title})

    reordered = xr.Dataset({"w": ("x", [1, 2]), "v": (("x", "y"), base)}, {"y": list("abc"), "z": 1.5, "x": [10, 20]}, {"title": "t"})
    yield Case("Dataset", dataset(), equal=equal, own=["pandas"], same=[dataset(), dataset().copy(deep=True), reordered],
               close=[dataset(ULP)], different=[dataset(2), dataset(title="u"), dataset(extra="u"), dataset().drop_vars("z"),
                                                dataset().isel(y=[0, 1]), dataset().reset_coords("z"), dataset().rename(x="X")])
    yield Case("empty Dataset", xr.Dataset(attrs={"a": 1}), equal=equal, different=[xr.Dataset(attrs={"a": 2})])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.nc")
        saved = dataset()[["v", "w"]].drop_vars("y")
        saved.to_netcdf(path, engine="scipy")
        with xr.open_dataset(path, engine="scipy") as read:
            yield Case("read from a file", read, equal=equal, own=["pandas"], same=[read.load()], different=[saved * 2])
    if not hasattr(xr, "Coordinates"):
        return
    stacked = dataset()[["v"]].stack(xy=("x", "y"))
    other = dataset(2)[["v"]].stack(xy=("x", "y"))
    yield Case("MultiIndex", stacked, equal=equal, own=["pandas", "xarray"], different=[other, stacked.reset_index("xy")])
    yield Case("MultiIndex of an array", stacked["v"], equal=equal, own=["pandas"], different=[other["v"]])
