# scipy.sparse: class, dtype, shape and entries. Order of entries, duplicates (they mean their sum) and the width of
# index arrays are left out; zeros that are stored are entries.
import numpy as np

MOST_SMALL = 2**31 - 1


# What an instance keeps beside its entries, and what only says what was found out about them.
KEPT = {"data", "indices", "indptr", "row", "col", "coords", "offsets", "rows", "_dict", "_shape", "dtype",
        "maxprint", "_has_canonical_format", "_has_sorted_indices", "has_canonical_format"}


def sparse(function):
    """With attributes that somebody has added."""
    def reducer(matrix):
        made = function(matrix)
        more = {name: value for name, value in vars(matrix).items() if name not in KEPT}
        return with_attributes(Call(*flat(made)), more) if more else made
    return reducer


def flat(reduction):
    return (reduction[0], *reduction[1])


def derived(matrix):
    """Of a class of its own: as it pickles itself, without what was only found out about its entries."""
    return without(matrix, "_has_canonical_format", "_has_sorted_indices")


def shape_of(matrix):
    return tuple(int(length) for length in matrix.shape)


def narrow(indices, matrix):
    """Index arrays are as wide as the shape and the number of entries ask for."""
    small = max(max(shape_of(matrix), default=0), matrix.nnz) <= MOST_SMALL
    return np.asarray(indices).astype(np.int32 if small else np.int64, copy=False)


def compressed(matrix):
    """csr, csc, bsr"""
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    blocks = int(matrix.indptr[-1])
    data, indices = matrix.data[:blocks], matrix.indices[:blocks]
    return reduced(Call(type(matrix), (data, narrow(indices, matrix), narrow(matrix.indptr, matrix)), shape_of(matrix)))


def entries(matrix):
    """Data and coordinates of a coo matrix, by rows, each place once."""
    coordinates = getattr(matrix, "coords", None)
    if coordinates is None:
        coordinates = (matrix.row, matrix.col)
    coordinates = tuple(narrow(each, matrix) for each in coordinates)
    order = np.lexsort(coordinates[::-1])
    if (order[1:] < order[:-1]).any():
        data = matrix.data[order]
        coordinates = tuple(each[order] for each in coordinates)
    else:
        data = matrix.data
    first = np.zeros(len(data), dtype=bool)
    first[:1] = True
    for each in coordinates:
        first[1:] |= each[1:] != each[:-1]
    if not first.all():
        data = np.add.reduceat(data, np.flatnonzero(first), dtype=data.dtype)
        coordinates = tuple(each[first] for each in coordinates)
    return data, coordinates


def coo(matrix):
    data, coordinates = entries(matrix)
    return reduced(Call(type(matrix), (data, coordinates), shape_of(matrix)))


def dok(matrix):
    return reduced(method("todok", matrix.tocoo()))


def lil(matrix):
    return reduced(method("tolil", matrix.tocsr()))


def dia(matrix):
    """The data of a diagonal beyond the matrix's edge says nothing; so does the width of the data."""
    rows, columns = shape_of(matrix)
    order = np.argsort(matrix.offsets)
    offsets = np.asarray(matrix.offsets)[order]
    width = min(columns, max((rows + int(offset) for offset in offsets), default=0))
    data = np.zeros((len(offsets), max(width, 0)), dtype=matrix.data.dtype)
    for row, offset in enumerate(offsets):
        begin, end = max(0, int(offset)), min(columns, rows + int(offset), matrix.data.shape[1])
        if begin < end:
            data[row, begin:end] = matrix.data[order[row], begin:end]
    return reduced(Call(type(matrix), (data, offsets.astype(np.int32)), (rows, columns)))


REDUCERS = {}
for kind, function in (("csr", compressed), ("csc", compressed), ("bsr", compressed), ("coo", coo), ("dok", dok),
                       ("lil", lil), ("dia", dia)):
    REDUCERS["scipy.sparse." + kind + "_matrix"] = sparse(function)
    REDUCERS["scipy.sparse." + kind + "_array"] = sparse(function)


# Search trees: the points, and how they are asked. Their nodes refer to each other by addresses.


def tree(obj):
    call = Call(type(obj), np.asarray(obj.data), obj.leafsize, boxsize=obj.boxsize)
    more = {name: value for name, value in getattr(obj, "__dict__", {}).items() if not name.startswith("_")}
    return with_attributes(call, more)


# What qhull computed; what is computed when it is asked for counts as not asked for.


def qhull(obj):
    function, arguments, state = without(obj)
    for name in ("_transform", "_vertex_to_simplex", "_vertex_neighbor_vertices", "_ridge_dict"):
        if name in state:
            state[name] = None
    if "_vertices" in state and obj.ndim != 2:
        state["_vertices"] = None
    return function, arguments, state


# Distributions. numpy's one generator of random numbers that everything shares is no part of them.


def distribution(obj):
    function, arguments, state = obj.__reduce_ex__(2)[:3]
    if not isinstance(state, dict) or state.get("_random_state") is not np.random.mtrand._rand:
        return NotImplemented
    state = dict(state)
    state["_random_state"] = Call(sys.modules["scipy._lib._util"].check_random_state, None)
    return function, arguments, state


REDUCERS["scipy.spatial.KDTree"] = REDUCERS["scipy.spatial.cKDTree"] = tree
for kind in ("Delaunay", "ConvexHull", "Voronoi", "HalfspaceIntersection"):
    REDUCERS["scipy.spatial." + kind] = qhull
SUBCLASS_REDUCERS = {
    "scipy.stats._distn_infrastructure.rv_generic": distribution,
    "scipy.sparse._compressed._cs_matrix": derived,
    "scipy.sparse.compressed._cs_matrix": derived,
}
