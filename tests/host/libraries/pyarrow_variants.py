import pyarrow as pa
from properties import Variants


def table(a=(1, 2), metadata=None, of_field=None, nullable=True, kind=pa.int64(), name="a"):
    return pa.table([pa.array(a, kind)], pa.schema([pa.field(name, kind, nullable, of_field)], metadata))


def variants():
    for what, make in (("Table", table), ("RecordBatch", lambda **how: table(**how).to_batches()[0]), ("Schema", lambda **how: table(**how).schema)):
        yield Variants(what, make, {"a": (1, 2), "metadata": None, "of_field": None, "nullable": True, "kind": pa.int64(), "name": "a"},
                       a=[(1, 3)], metadata=[{"note": "1"}], of_field=[{"note": "1"}], nullable=[False], kind=[pa.int8(), pa.float64()], name=["b"])
    yield Variants("dictionary", lambda ordered: pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["x", "y"]), ordered=ordered), {"ordered": False}, ordered=[True])
    yield Variants("nested", lambda kind: pa.array([{"a": 1}], kind), {"kind": pa.struct([("a", pa.int64())])},
                   kind=[pa.struct([("a", pa.int32())]), pa.struct([pa.field("a", pa.int64(), False)])])
