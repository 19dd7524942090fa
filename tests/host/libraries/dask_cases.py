import dask.array
import numpy as np
from check import Case


def cases():
    yield Case("array", dask.array.from_array(np.arange(6), chunks=2), described=True)
    try:
        import xarray
    except ImportError:
        return
    lazy = dask.array.from_array(np.arange(6), chunks=2)
    yield Case("in a DataArray", xarray.DataArray(lazy), described=True)
    yield Case("in a Dataset", xarray.Dataset({"v": ("x", lazy)}, {"x": np.arange(6)}), described=True)
