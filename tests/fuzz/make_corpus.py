"""Makes the pickles that the reader's tests and the fuzzers start from.

    make_corpus.py tree FOLDER           what tests/corpus holds: values/ (one each, by the Python that runs this, which
                                         needs numpy), hostile/ and npy/
    make_corpus.py pairs CORPUS FOLDER   inputs for fuzz_compare, from the files of a corpus

tests/corpus/zoo is made by tests/support/pickle_zoo.py, once with each Python and each numpy; tests/corpus/found holds
what the fuzzers found, and is added to by hand.
"""
import itertools
import pathlib
import pickle
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import pickle_zoo  # noqa: E402


def text(body):
    return b"X" + struct.pack("<I", len(body)) + body


def bytes8(length, body=b""):
    return b"\x8e" + struct.pack("<Q", length) + body


def long1(number):
    encoded = pickle.encode_long(number)
    return b"\x8a" + bytes([len(encoded)]) + encoded


def calls():
    """Each way to name a function and each opcode that could call it."""
    functions = {
        "system": (b"os", b"system", text(b"touch /tmp/called")),
        "eval": (b"builtins", b"eval", text(b"1/0")),
        "popen": (b"subprocess", b"Popen", text(b"id")),
    }
    for name, (module, function, argument) in functions.items():
        find = b"c" + module + b"\n" + function + b"\n"
        stack = text(module) + text(function) + b"\x93"
        yield name + "-reduce", find + argument + b"\x85R."
        yield name + "-stack-global", b"\x80\x04" + stack + argument + b"\x85R."
        yield name + "-newobj", b"\x80\x02" + find + argument + b"\x85\x81."
        yield name + "-newobj-ex", b"\x80\x04" + stack + argument + b"\x85}" + text(b"k") + b"Ns\x92."
        yield name + "-inst", b"(" + argument + b"i" + module + b"\n" + function + b"\n."
        yield name + "-obj", b"(" + find + argument + b"o."
        yield name + "-build", find + argument + b"b."
        yield name + "-build-object", find + b")R" + argument + b"b."


def lengths():
    huge = b"\xff" * 8
    for name, opcode in (("binunicode8", b"\x8d"), ("binbytes8", b"\x8e"), ("frame", b"\x95"), ("bytearray8", b"\x96")):
        yield "length-" + name, b"\x80\x05" + opcode + huge + b"."
        yield "length-half-" + name, b"\x80\x05" + opcode + struct.pack("<Q", 2**63) + b"."
    for name, opcode in (("binunicode", b"X"), ("binbytes", b"B"), ("long4", b"\x8b"), ("binstring", b"T")):
        yield "length-" + name, b"\x80\x03" + opcode + b"\xff\xff\xff\x7f."
        yield "length-negative-" + name, b"\x80\x03" + opcode + b"\xff\xff\xff\xff."
    yield "memo-far", b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff."
    yield "memo-text", b"Np18446744073709551615\ng18446744073709551615\n."
    yield "memo-absent", b"h\x05."
    yield "digits", b"L" + b"9" * 3000 + b"L\n."


def arrays():
    dtype = b"cnumpy\ndtype\n" + text(b"f8") + b"\x89\x88\x87R(K\x03" + text(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    frombuffer = b"cnumpy.core.numeric\n_frombuffer\n"

    def array(shape, data, dtype=dtype, order=b"C"):
        return b"\x80\x05" + frombuffer + b"(" + data + dtype + b"(" + shape + b"t" + text(order) + b"tR."

    eight = b"C\x0812345678"
    yield "shape-overflow", array(long1(2**63 - 1) + long1(2**63 - 1), eight)
    yield "shape-wraps", array(long1(2**61) + b"K\x08", b"C\0")
    yield "shape-zero", array(long1(2**63 - 1) + b"K\0", b"C\0")
    yield "shape-negative", array(b"J\xff\xff\xff\xff", eight)
    yield "shape-long", array(long1(2**70), eight)
    yield "shape-many", array(b"K\x01" * 65, eight)
    yield "shape-list", b"\x80\x05" + frombuffer + b"(" + eight + dtype + b"](K\x01e" + text(b"C") + b"tR."
    yield "order-unknown", array(b"K\x01", eight, order=b"Z")
    itemsize = b"cnumpy\ndtype\n" + text(b"V8") + b"\x89\x88\x87R(K\x03" + text(b"|") + b"NNN%sK\x01K\x00tb"
    yield "itemsize-huge", array(b"K\x01", eight, dtype=itemsize % long1(2**62))
    yield "itemsize-zero", array(b"K\x05", b"C\0", dtype=itemsize % b"K\0")
    yield "itemsize-zero-huge", array(long1(2**62), b"C\0", dtype=itemsize % b"K\0")
    yield "itemsize-negative", array(b"K\x01", eight, dtype=itemsize % b"J\xff\xff\xff\xff")
    field = (b"cnumpy\ndtype\n" + text(b"V8") + b"\x89\x88\x87R(K\x03" + text(b"|") + b"N" + text(b"a") + b"\x85}" +
             text(b"a") + dtype + b"%s\x86sK\x08K\x01K\x00tb")
    yield "field-outside", array(b"K\x01", eight, dtype=field % b"K\x01")
    yield "field-negative", array(b"K\x01", eight, dtype=field % b"J\xff\xff\xff\xff")
    yield "dtype-itself", (b"\x80\x05cnumpy\ndtype\n" + text(b"V8") + b"\x89\x88\x87Rq\x01(K\x03" + text(b"|") + b"h\x01K\x01\x85\x86" +
                           b"NNK\x08K\x01K\x00tb.")
    nested = dtype
    for size in range(12):
        nested = (b"cnumpy\ndtype\n" + text(b"V8") + b"\x89\x88\x87R(K\x03" + text(b"|") + nested + b"K\x01\x85\x86NN" +
                  b"K\x08K\x01K\x00tb")
    yield "dtype-nested", array(b"K\x01", eight, dtype=nested)


def sketches():
    """Arrays of which only a sketch is there (docs/sketches.md), some that contradict themselves."""
    frombuffer = b"cnumpy.core.numeric\n_frombuffer\n"
    f8 = b"cnumpy\ndtype\n" + text(b"f8") + b"\x89\x88\x87R(K\x03" + text(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    s5 = b"cnumpy\ndtype\n" + text(b"S5") + b"\x89\x88\x87R(K\x03" + text(b"|") + b"NNNK\x05K\x01K\x00tb"

    def array(count, data, dtype=f8):
        body = b"B" + struct.pack("<I", len(data)) + data
        return b"\x80\x05" + frombuffer + b"(" + body + dtype + b"(" + long1(count) + b"t" + text(b"C") + b"tR."

    def header(plain, version=1, block=4096):
        return b"STsketch" + struct.pack("<IIQQ", version, block, plain, 1234567)

    part = struct.pack("<IIIIQ6d", 1000, 0, 0, 0, 0, 0.5, 0.5, -1, 3, 0.25, -0.25)
    odd = struct.pack("<IIIIQ6d", 998, 1, 1, 0, 77, float("nan"), float("inf"), 3, -1, 1e308, -1e308)
    digest = struct.pack("<Q", 42)
    yield "sketch", array(1000, header(8000) + digest + part)
    yield "sketch-odd", array(1000, header(8000) + digest + odd)
    yield "sketch-texts", array(1000, header(5000) + digest, s5)
    yield "sketch-short", array(1000, header(8000) + digest + part[:-1])
    yield "sketch-long", array(1000, header(8000) + digest + part + b"\0")
    yield "sketch-version", array(1000, header(8000, version=2) + digest + part)
    yield "sketch-block", array(1000, header(8000, block=1) + digest + part)
    yield "sketch-other-size", array(1000, header(8008) + digest + part)
    yield "sketch-huge", array(2**59, header(2**62) + digest + part)
    yield "sketch-header", array(1000, header(8000))
    yield "sketch-half-header", array(1000, header(8000)[:20])


def structures():
    yield "deep-lists", b"]" * 3000 + b"a" * 2999 + b"."
    yield "deep-tuples", b")" + b"\x85" * 3000 + b"."
    yield "deep-dicts", b"}" + b"".join(b"N}" for _ in range(1000)) + b"s" * 1000 + b"."
    yield "deep-calls", b"ca\nb\n" + b")R" * 1000 + b"."
    yield "deep-marks", b"(" * 3000 + b"t" * 3000 + b"."
    yield "deep-states", b"ca\nb\n)\x81" * 500 + b"b" * 499 + b"."
    doubling = b"]q\0"
    for level in range(60):
        doubling += b"0](h" + bytes([level]) + b"h" + bytes([level]) + b"eq" + bytes([level + 1])
    yield "bomb-lists", doubling + b"."
    yield "bomb-tuples", b")" + b"2\x86" * 60 + b"."
    sets = b")q\0"
    for level in range(40):
        sets += b"0(h" + bytes([level]) + b"h" + bytes([level]) + b"\x85\x91q" + bytes([level + 1])
    yield "bomb-frozensets", b"\x80\x04" + sets + b"."
    dicts = b"}q\0"
    for level in range(60):
        dicts += b"0}(K\0h" + bytes([level]) + b"K\1h" + bytes([level]) + b"uq" + bytes([level + 1])
    yield "bomb-dicts", dicts + b"."
    calls = b"ca\nb\n)Rq\0"
    for level in range(60):
        calls += b"0ca\nb\n(h" + bytes([level]) + b"h" + bytes([level]) + b"tRq" + bytes([level + 1])
    yield "bomb-calls", calls + b"."
    yield "cycle-list", b"]q\0h\0a."
    yield "cycle-dict-key", b"}q\0h\0Ns."
    yield "cycle-set", b"\x80\x04\x8fq\0(h\0\x90."
    yield "cycle-two", b"]q\0]q\x01h\0ah\x01a0h\0h\x01\x86."
    yield "cycle-object", b"ca\nb\n)Rq\0h\0b."
    yield "cycle-tuple", b"]q\0h\0\x85ah\0."
    yield "duplicate-keys", b"}(K\1K\1K\1K\2u."
    yield "trailing", b"N.N."
    yield "no-stop", b"N"
    yield "empty-stop", b"."
    yield "mark-stop", b"N(."
    yield "mark-pop", b"N(0."
    yield "pop-mark", b"N(NN1."
    yield "protocol-6", b"\x80\x06N."
    yield "buffer", b"\x80\x05\x97."
    yield "buffer-readonly", b"\x80\x05\x98."
    yield "opcode-unknown", b"\xf0."
    yield "persid-text", b"P../../etc/passwd\n."
    yield "persid-value", b"K\1Q."
    yield "ext1", b"\x82\1)R."
    yield "ext2", b"\x83\1\1)R."
    yield "ext4", b"\x84\xff\xff\xff\x7f)R."
    yield "ext-zero", b"\x84\0\0\0\0."
    yield "string-quotes", b"S'a\\x4\n."
    yield "unicode-escape", b"V\\ud800\\U00110000\n."
    yield "unicode-invalid", b"X\x04\0\0\0\xff\xc0\x80\xed."
    yield "set-in-itself", b"\x80\x04\x8fq\0(K\1h\0\x90."
    yield "append-none", b"NNa."
    yield "encode-not-latin", b"c_codecs\nencode\n" + text("\u20ac".encode()) + text(b"latin1") + b"\x86R."
    yield "set-of-growing-list", b"c__builtin__\nset\n](K\1eq\0\x85Rh\0K\2a\x86."


def npy_files():
    """Files as numpy.save writes them, and such that contradict themselves."""

    def npy(header, data, version=1):
        header = header.encode("utf-8" if version == 3 else "latin-1")
        width = "<H" if version == 1 else "<I"
        return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(header)) + header + data

    def header(descr, shape, order="False"):
        return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }     \n" % (descr, order, shape)

    eight = b"12345678"
    yield "float64", npy(header("'<f8'", "(2,)"), eight * 2)
    yield "fortran", npy(header("'>i4'", "(1, 2)", "True"), eight)
    yield "version-2", npy(header("'|b1'", "(8,)"), eight, 2)
    yield "version-3", npy(header("[('\u00e4', '<f8')]", "(1,)"), eight, 3)
    yield "structure", npy(header("[('a', '<i2'), ('', '|V2'), (('t', 'b'), '<f2', (2,))]", "(1,)"), eight)
    yield "nested", npy(header("[('a', [('b', '<M8[25s]')])]", "(1,)"), eight)
    yield "text", npy(header("'<U1'", "(2,)"), b"a\0\0\0b\0\0\0")
    yield "objects", npy(header("'|O'", "(2,)"), pickle.dumps([1, "a"], 2))
    yield "no-dimensions", npy(header("'<f8'", "()"), eight)
    yield "overflow", npy(header("'<f8'", "(4611686018427387904, 4611686018427387904)"), eight)
    yield "short", npy(header("'<f8'", "(3,)"), eight)
    yield "negative", npy(header("'<f8'", "(-1,)"), eight)
    yield "deep", npy("[" * 500 + "]" * 500, b"")
    yield "length", b"\x93NUMPY\x02\0\xff\xff\xff\xff{}"


HOSTILE = (calls, lengths, arrays, sketches, structures)


def make_tree(folder):
    values = folder / "values"
    hostile = folder / "hostile"
    npy = folder / "npy"
    for each in (values, hostile, npy):
        each.mkdir(parents=True, exist_ok=True)
    pickle_zoo.write_each(values, pickle_zoo.standard())
    pickle_zoo.write_each(values, {"numpy_" + name: value for name, value in pickle_zoo.numpy_values().items()})
    for source in HOSTILE:
        for name, pickled in source():
            (hostile / (name + ".pkl")).write_bytes(pickled)
    for name, content in npy_files():
        (npy / (name + ".npy")).write_bytes(content)


def make_pairs(corpus, folder):
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for part in ("values", "hostile", "found") for path in (corpus / part).glob("*.pkl")
                   if path.stat().st_size < 3000)
    groups = itertools.groupby(files, lambda path: path.stem.rsplit("-p", 1)[0])
    for number, (name, members) in enumerate(groups):
        members = [path.read_bytes() for path in members]
        first, last = members[0], members[-1]
        options = bytes([number * 37 & 255, number & 3])
        (folder / name).write_bytes(options + struct.pack("<I", len(first)) + first + last)
        (folder / (name + "-alone")).write_bytes(bytes(2) + struct.pack("<I", len(last)) + last)
        changed = bytes(byte ^ (1 if index == len(last) * 2 // 3 else 0) for index, byte in enumerate(last))
        (folder / (name + "-changed")).write_bytes(bytes(2) + struct.pack("<I", len(last)) + last + changed)
    for path in (corpus / "found").glob("compare-*"):
        (folder / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    if sys.argv[1:2] == ["tree"] and len(sys.argv) == 3:
        make_tree(pathlib.Path(sys.argv[2]))
    elif sys.argv[1:2] == ["pairs"] and len(sys.argv) == 4:
        make_pairs(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    else:
        sys.exit(__doc__)
