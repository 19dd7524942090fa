# pyarrow: type, values and nulls. How a column is chunked, offsets into larger buffers, what lies under a null and the
# numbering of a dictionary are left out.
import numpy as np
import pyarrow as pa


def as_integers(array):
    """Dates and times as the integers that they are; None for other types."""
    if pa.types.is_temporal(array.type) and not str(array.type).endswith("interval"):
        return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
    return None


def array(obj):
    if isinstance(obj, pa.ExtensionArray):
        return reduced(Call(pa.ExtensionArray.from_storage, obj.type, obj.storage))
    kind = obj.type
    integers = as_integers(obj)
    if integers is not None:
        return reduced(method("cast", Call(pa.array, *numbers(integers)), kind))
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return reduced(Call(pa.array, *numbers(obj)))
    return reduced(Call(pa.array, obj.to_pylist(), kind))


def numbers(array):
    """Arguments of pyarrow.array."""
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False), array.type
    mask = array.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_float16(array.type):
        data = np.array([0 if value is None else value for value in array.to_pylist()], dtype=np.float16)
    else:
        zero = False if pa.types.is_boolean(array.type) else 0
        data = array.fill_null(pa.scalar(zero, array.type)).to_numpy(zero_copy_only=False)
    return data, array.type, mask


def combined(chunked):
    if chunked.num_chunks == 1:
        return chunked.chunk(0)
    if chunked.num_chunks == 0:
        return pa.array([], chunked.type)
    return pa.concat_arrays(chunked.chunks)


def chunked_array(obj):
    return reduced(Call(pa.chunked_array, [combined(obj)], obj.type))


def by_name(names, columns):
    return dict(zip(names, columns)) if len(set(names)) == len(names) else columns


def table(obj):
    columns = [combined(column) for column in obj.columns]
    return reduced(Call(pa.table, by_name(obj.column_names, columns), schema=obj.schema))


def record_batch(obj):
    columns = by_name(obj.schema.names, [obj.column(i) for i in range(obj.num_columns)])
    if isinstance(columns, dict) and not hasattr(pa.RecordBatch, "from_pydict"):
        return NotImplemented
    return reduced(Call(pa.record_batch, columns, schema=obj.schema))


SUBCLASS_REDUCERS = {"pyarrow.lib.Array": array}
REDUCERS = {
    "pyarrow.lib.ChunkedArray": chunked_array,
    "pyarrow.lib.Table": table,
    "pyarrow.lib.RecordBatch": record_batch,
}
