import datetime
import decimal

import numpy as np
import pyarrow as pa
from check import Case

ULP = 1 + 2.0**-52


def equal(a, b):
    if hasattr(a, "type") and a.type != b.type:
        return False
    return a.equals(b)


def typed(name, values, kind, other, *, moved=None):
    array = pa.array(values, kind)
    padded = pa.array([values[-1]] + values + values[:1], kind)
    yield Case(f"array of {name}", array, equal=equal, same=[pa.array(list(values), kind), padded.slice(1, len(values))],
               close=[pa.array(moved, kind)] if moved else [], different=[pa.array(other, kind), array.slice(1), pa.chunked_array([array])])
    chunked = pa.chunked_array([pa.array(values[:1], kind), pa.array([], kind), pa.array(values[1:], kind)])
    yield Case(f"chunks of {name}", chunked, equal=equal, same=[pa.chunked_array([array])],
               different=[pa.chunked_array([pa.array(other, kind)]), array])


def cases():
    third = 1 / 3
    yield from typed("double", [third, None, 2.0], pa.float64(), [third, 0.0, 2.0], moved=[third * ULP, None, 2.0])
    yield from typed("float", [0.5, 1.0, 2.0], pa.float32(), [0.5, 1.0, 3.0], moved=[0.5, 1.0, 2.0000002])
    yield from typed("int64", [1, None, 2**60], pa.int64(), [1, 0, 2**60])
    yield from typed("uint8", [1, 2, 3], pa.uint8(), [1, 2, 4])
    yield from typed("bool", [True, None, False], pa.bool_(), [True, False, False])
    yield from typed("string", ["a", None, "b"], pa.string(), ["a", "", "b"])
    yield from typed("binary", [b"a", None, b"b"], pa.binary(), [b"a", b"", b"b"])
    yield from typed("timestamp", [1, None, 3], pa.timestamp("us", "UTC"), [1, 2, 3])
    yield from typed("date", [1, None, 3], pa.date32(), [1, 2, 3])
    yield from typed("duration", [1, None, 3], pa.duration("s"), [1, 2, 3])
    yield from typed("time", [1, None, 3], pa.time64("us"), [1, 2, 3])
    yield from typed("decimal", [decimal.Decimal("1.5"), None, decimal.Decimal(2)], pa.decimal128(5, 2), [decimal.Decimal("1.5"), None, decimal.Decimal(3)])
    yield from typed("list", [[third], None, [1.0, 2.0]], pa.list_(pa.float64()), [[third], [], [1.0, 2.0]], moved=[[third * ULP], None, [1.0, 2.0]])
    yield from typed("struct", [{"a": 1}, None, {"a": 2}], pa.struct([("a", pa.int64())]), [{"a": 1}, None, {"a": 3}])
    letters = pa.array(["a", "b", None, "a"]).dictionary_encode()
    renumbered = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1], pa.int32()), pa.array(["b", "a", "unused"]))
    yield Case("dictionary", letters, equal=lambda a, b: a.to_pylist() == b.to_pylist() and a.type == b.type, same=[renumbered],
               different=[pa.array(["a", "b", None, "b"]).dictionary_encode(), letters.cast(pa.string())])
    # What lies under a null is not a value.
    hidden = pa.Array.from_buffers(pa.float64(), 3, [pa.array([1.0, None, 2.0]).buffers()[0], pa.py_buffer(np.array([1.0, 77.0, 2.0]))])
    yield Case("under a null", pa.array([1.0, None, 2.0]), equal=equal, same=[hidden])
    yield Case("nulls", pa.nulls(3), equal=equal, different=[pa.nulls(2)])
    yield Case("no chunks", pa.chunked_array([], pa.int64()), equal=equal, different=[pa.chunked_array([], pa.int32())])

    def table(factor=1.0, name="x", note=b"1"):
        columns = [pa.array(np.arange(4) / 3 * factor), pa.array(["a", None, "c", "d"]), pa.array([1, 2, None, 4], pa.int16())]
        schema = pa.schema([pa.field(name, pa.float64(), nullable=False), ("s", pa.string()), ("i", pa.int16())], metadata={b"note": note})
        return pa.Table.from_arrays(columns, schema=schema)

    whole = table()
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 2), whole.slice(3)])
    yield Case("Table", whole, equal=lambda a, b: a.equals(b, check_metadata=True), same=[pieces, pieces.combine_chunks()], close=[table(ULP)],
               different=[table(2), table(name="y"), table(note=b"2"), whole.select(["s", "x", "i"]), whole.slice(1), whole.to_batches()[0]])
    yield Case("Table with names twice", whole.rename_columns(["a", "a", "b"]), equal=equal, different=[whole.rename_columns(["a", "b", "a"])])
    yield Case("Table without columns", pa.table({}), equal=equal, different=[whole])
    batch = whole.to_batches()[0]
    yield Case("RecordBatch", batch, equal=equal, same=[table().to_batches()[0]], close=[table(ULP).to_batches()[0]], different=[batch.slice(1), whole])
    yield Case("Schema", whole.schema, itself=True, equal=lambda a, b: a.equals(b, check_metadata=True), different=[table(name="y").schema, table(note=b"2").schema])
    yield Case("scalars and types", [pa.scalar(1.5), pa.scalar("x"), pa.int8(), pa.field("a", pa.int8())],
               different=[[pa.scalar(2.5), pa.scalar("x"), pa.int8(), pa.field("a", pa.int8())]])
