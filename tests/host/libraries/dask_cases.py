import dask.array
import numpy as np
from check import Case


def cases():
    yield Case("array", dask.array.from_array(np.arange(6), chunks=2), described=True)
    try:
        import xarray
    except ImportError:
        return
    yield Case("in xarray", xarray.DataArray(dask.array.from_array(np.arange(6), chunks=2)), described=True)
