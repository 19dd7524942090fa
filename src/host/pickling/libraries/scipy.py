# scipy.sparse: class, dtype, shape and entries. Order of entries, duplicates (they mean their sum) and the width of
# index arrays are left out; zeros that are stored are entries.
import numpy as np

MOST_SMALL = 2**31 - 1


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
    REDUCERS["scipy.sparse." + kind + "_matrix"] = function
    REDUCERS["scipy.sparse." + kind + "_array"] = function
