# dask: a graph of work that was not done. Computing it here could take any time and memory; a project that wants it
# done gives a reducer of its own (docs/reducers.md).


def collection(obj):
    about = {"type": type(obj).__module__ + "." + type(obj).__qualname__}
    for name in ("shape", "dtype", "chunks", "columns", "divisions"):
        if hasattr(obj, name):
            about[name] = str(getattr(obj, name))
    return Uncheckable("dask has not computed it", **about)


SUBCLASS_REDUCERS = {
    "dask.array.core.Array": collection,
    "dask.bag.core.Bag": collection,
    "dask.bag.core.Item": collection,
    "dask.delayed.Delayed": collection,
    "dask.dataframe.core._Frame": collection,
    "dask.dataframe.core.Scalar": collection,
    "dask.dataframe.dask_expr._collection.FrameBase": collection,
    "dask.dataframe.dask_expr._collection.Scalar": collection,
    "dask_expr._collection.FrameBase": collection,
}
