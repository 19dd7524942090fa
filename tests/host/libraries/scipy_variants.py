import numpy as np
import scipy.interpolate as si
import scipy.sparse as sp
import scipy.spatial as spatial
import scipy.stats as stats
from properties import Variants

POINTS = np.random.default_rng(1).random((40, 2))
# How many entries repr() shows; what was found out about the entries' order; how a tree is built.
LOSSES = {"maxprint", "has_canonical_format", "has_sorted_indices", "KDTree.balanced_tree", "cKDTree.balanced_tree"}


def variants():
    for form in ("csr", "csc", "coo", "lil", "dia", "dok", "bsr"):
        for kind in ("matrix", "array"):
            if hasattr(sp, f"{form}_{kind}"):
                yield Variants(f"{form}_{kind}", getattr(sp, f"{form}_{kind}"), {"arg1": np.eye(4), "dtype": float, "shape": None},
                               dtype=["f4", complex, int], arg1=[np.eye(4) * 2, np.eye(5), np.zeros((4, 4))])
    for kind in ("KDTree", "cKDTree"):
        yield Variants(kind, getattr(spatial, kind), {"data": POINTS, "leafsize": 10, "boxsize": None, "balanced_tree": True, "compact_nodes": True},
                       data=[POINTS * 1.5], leafsize=[5], boxsize=[2.0], balanced_tree=[False], compact_nodes=[False])
    yield Variants("frozen norm", lambda **how: stats.norm(**how), {"loc": 0.0, "scale": 1.0}, loc=[1.0], scale=[2.0])
    yield Variants("frozen gamma", stats.gamma, {"a": 1.0, "loc": 0.0}, a=[2.0], loc=[2.0])
    yield Variants("Delaunay", lambda points, **how: spatial.Delaunay(points, **how), {"points": POINTS, "furthest_site": False},
                   points=[POINTS[::-1]], furthest_site=[True])
    yield Variants("ConvexHull", spatial.ConvexHull, {"points": POINTS}, points=[POINTS * 2])
    yield Variants("CubicSpline", si.CubicSpline, {"x": np.arange(5.0), "y": np.arange(5.0) ** 2, "bc_type": "not-a-knot", "extrapolate": True},
                   y=[np.arange(5.0) ** 3], bc_type=["natural"], extrapolate=[False])
    yield Variants("Rotation", lambda angles, **how: spatial.transform.Rotation.from_euler("xyz", angles, **how),
                   {"angles": [1.0, 2.0, 3.0], "degrees": False}, angles=[[1.0, 2.0, 2.5]], degrees=[True])
