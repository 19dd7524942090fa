import copy

import numpy as np
import scipy.sparse as sp
import scipy.spatial as spatial
import scipy.stats as stats
from check import Case

ULP = 1 + 2.0**-52
DENSE = np.array([[0, 1 / 3, 0, 2], [0, 0, 0, 0], [5, 0, 7, 0]])


def equal(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.format == b.format and (a.toarray() == b.toarray()).all()


def unsorted(matrix):
    """The entries of every row backwards."""
    matrix = matrix.copy()
    for i in range(len(matrix.indptr) - 1):
        row = slice(matrix.indptr[i], matrix.indptr[i + 1])
        matrix.indices[row] = matrix.indices[row][::-1].copy()
        matrix.data[row] = matrix.data[row][::-1].copy()
    matrix.has_sorted_indices = False
    return matrix


def wide(matrix):
    matrix = matrix.copy()
    matrix.indices, matrix.indptr = matrix.indices.astype("i8"), matrix.indptr.astype("i8")
    return matrix


def with_spare_room(matrix):
    matrix = matrix.copy()
    matrix.indices = np.append(matrix.indices, 0).astype(matrix.indices.dtype)
    matrix.data = np.append(matrix.data, matrix.data[:1], axis=0)
    return matrix


def family(kind):
    def make(form, dense=DENSE, **how):
        return getattr(sp, f"{form}_{kind}")(dense, **how)

    changed = DENSE.copy()
    changed[0, 1] = 9
    moved = DENSE * ULP
    gone = DENSE.copy()
    gone[2, 2] = 0
    for form in ("csr", "csc", "coo", "dok", "lil", "dia"):
        value = make(form)
        other = "array" if kind == "matrix" else "matrix"
        different = [make(form, changed), make(form, gone), make(form, DENSE.astype("f4")), make(form, DENSE[:, :3]),
                     make("csr" if form != "csr" else "csc"), DENSE]
        if hasattr(sp, f"{form}_{other}"):
            different.append(getattr(sp, f"{form}_{other}")(DENSE))
        same = [value.copy(), value.tocsc().asformat(form), value.tocoo().asformat(form)]
        if form in ("csr", "csc"):
            same += [unsorted(value), wide(value), with_spare_room(value)]
        if form == "coo":
            back = slice(None, None, -1)
            constructor = getattr(sp, f"coo_{kind}")
            same += [constructor((value.data[back], (value.row[back], value.col[back])), shape=value.shape),
                     constructor((value.data, (value.row.astype("i8"), value.col.astype("i8"))), shape=value.shape)]
        if form == "dia":
            padded = value.copy()
            padded.data = np.c_[padded.data, np.full(len(padded.data), 99.0)]
            turned = getattr(sp, f"dia_{kind}")((value.data[::-1], value.offsets[::-1]), shape=value.shape)
            same += [padded, turned]
        yield Case(f"{form}_{kind}", value, same=same, close=[make(form, moved)], different=different, equal=equal)
        if form != "dia" and form != "dok":
            yield Case(f"{form}_{kind} of nothing", make(form, np.zeros((2, 3))), different=[make(form, np.zeros((3, 2)))], equal=equal)
    blocks = np.kron(np.array([[0, 1 / 3], [2, 1]]), np.ones((2, 2)))
    value = make("bsr", blocks, blocksize=(2, 2))
    backwards = value.copy()
    backwards.indices[1:3], backwards.data[1:3] = backwards.indices[2:0:-1].copy(), backwards.data[2:0:-1].copy()
    backwards.has_sorted_indices = False
    yield Case(f"bsr_{kind}", value, same=[value.copy(), backwards, wide(value), with_spare_room(value)],
               close=[value * ULP], different=[make("bsr", blocks, blocksize=(1, 1)), value * 2, make("bsr", blocks.astype("f4"), blocksize=(2, 2))],
               equal=equal)
    # Twice at one place means the sum.
    twice = getattr(sp, f"csr_{kind}")((np.array([1.0, 2.0, 5.0]), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    once = getattr(sp, f"csr_{kind}")(np.array([[0, 3.0], [5, 0]]))
    yield Case(f"csr_{kind} with duplicates", twice, same=[once], different=[once * 2], equal=equal)
    assert twice.nnz == 3  # a snapshot leaves the value as it was
    pairs = getattr(sp, f"coo_{kind}")((np.array([5.0, 1.0, 2.0]), (np.array([1, 0, 0]), np.array([0, 1, 1]))), shape=(2, 2))
    yield Case(f"coo_{kind} with duplicates", pairs, same=[once.tocoo()], different=[(once * 2).tocoo()], equal=equal)
    # A zero that is stored is an entry.
    zero = once.copy()
    zero.data[0] = 0
    dropped = zero.copy()
    dropped.eliminate_zeros()
    yield Case(f"csr_{kind} with a zero", zero, different=[dropped], equal=equal)
    yield Case(f"bool csr_{kind}", make("csr", DENSE != 0), different=[make("csr", (DENSE != 0).astype("i1"))], equal=equal)


def used(value, *asks):
    for ask in asks:
        getattr(value, ask) if isinstance(ask, str) else ask(value)
    return value


def trees():
    points = np.random.default_rng(3).random((40, 2))
    for kind in (spatial.KDTree, spatial.cKDTree):
        yield Case(kind.__name__, kind(points), equal=lambda a, b: (a.query(points[:3] + 0.1)[1] == b.query(points[:3] + 0.1)[1]).all(),
                   same=[kind(points.copy()), used(kind(points), "tree" if kind is spatial.cKDTree else "data", lambda it: it.query(points, 2)), copy.deepcopy(kind(points))],
                   close=[kind(points * ULP)], different=[kind(points + 1), kind(points, leafsize=3), kind(points, boxsize=2.0)])
    for kind, asks in ((spatial.Delaunay, ("transform", "vertex_to_simplex", "vertex_neighbor_vertices", "convex_hull")), (spatial.ConvexHull, ("vertices",)),
                       (spatial.Voronoi, ("ridge_dict",))):
        for data in (points, np.c_[points, points[::-1, 0]]):
            yield Case(f"{kind.__name__} of {data.shape[1]} dimensions", kind(data), equal=lambda a, b: (a.points == b.points).all(), same=[used(kind(data), *asks)],
                       close=[kind(data * ULP)], different=[kind(data + 1)])


def same_distribution(a, b):
    """A copy draws from a generator of its own."""
    return a.args == b.args and a.cdf(1) == b.cdf(1) and a.random_state is b.random_state


def distributions():
    for name, make in {"norm": lambda loc: stats.norm(loc, 2), "gamma": lambda loc: stats.gamma(2, loc), "poisson": lambda loc: stats.poisson(3, loc)}.items():
        drawn = used(make(1 / 3), lambda it: it.rvs(5), lambda it: it.mean(), lambda it: it.cdf(1), lambda it: it.ppf(0.5), lambda it: it.stats("mvsk"), lambda it: it.entropy())
        yield Case(f"frozen {name}", make(1 / 3), itself=True, equal=same_distribution, same=[drawn], close=[make(1 / 3 * ULP)], different=[make(1.0)])


def cases():
    yield from trees()
    yield from distributions()
    yield from family("matrix")
    if hasattr(sp, "csr_array"):
        yield from family("array")
    values = np.array([0, 1 / 3, 0, 2])
    try:
        line = sp.coo_array(values)
    except (AttributeError, ValueError):
        return
    if line.ndim == 1:
        yield Case("coo_array of one dimension", line, close=[sp.coo_array(values * ULP)], different=[sp.coo_array(values[1:])], equal=equal)
