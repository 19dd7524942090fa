"""Runs cases of `snapshot_test capture --dask` and `verify --dask` on the workers of a Dask cluster.

The program has these files in itself, and starts them with the Python that `dask_python` names: `driver` is a client of
the cluster, `worker` is what each worker gets.
"""
