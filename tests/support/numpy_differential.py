"""The comparison against numpy's own answers, for random pairs of arrays.

Usage: numpy_differential.py COMPARE_PAIRS [PAIRS [SEED]]. Uses $SNAPSHOT_TEST_PYTHON where this interpreter has no numpy;
exits 77 (skipped) where neither has, or 1 if $SNAPSHOT_TEST_REQUIRE_ALL is set.

docs/comparison.md says where the rules are not numpy's: what has the same bits on both sides is equal, NaN or not;
float16 is calculated in float32, complex64 in complex128; arrays without dimensions as those with one.
"""
import os
import pickle
import subprocess
import sys
import tempfile
import warnings

from import_or_skip import import_or_skip

np = import_or_skip("numpy")

FLOATS = ["f2", "f4", "f8", "g", "c8", "c16", "G"]
INTEGERS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
OTHERS = ["M8[ns]", "M8[D]", "M8[25s]", "m8[s]", "S5", "U4", "V3"]
STRUCTS = [
    [("x", "f8"), ("n", "i4")],
    [("a", "u1"), ("b", ">f4", (2, 3)), ("c", "S3")],
    [("p", [("q", "c16"), ("r", "f2")]), ("t", "M8[s]")],
]
# For pairs of different types.
TIMES = ["M8[s]", "M8[ns]", "M8[25m]", "m8[s]", "m8[ms]", "m8[W]"]
TABLE = FLOATS + INTEGERS + TIMES + ["S5", "S7", "U4", "U6", "V3"]
SHAPES = [(), (0,), (1,), (2,), (7,), (63,), (65,), (3, 0), (5, 4), (2, 3, 4), (1, 9, 1), (40, 13), (600,)]
LARGE = [(5000,), (90, 60)]


def random_values(rng, dtype, shape):
    if dtype.names:
        out = np.zeros(shape, dtype)
        for name in dtype.names:
            base, inner = dtype[name].subdtype or (dtype[name], ())
            out[name] = random_values(rng, base, shape + inner)
        return out
    if dtype.kind in "fc":
        scale = 10.0 ** rng.integers(-3, 4)
        if rng.random() < 0.05:
            scale = float(np.finfo(dtype).tiny) * 8  # subnormal numbers among them
        real = rng.standard_normal(shape) * scale
        if dtype.kind == "c":
            real = real + 1j * rng.standard_normal(shape) * scale
        return np.asarray(real).astype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.integers(0, 2, shape)).astype(dtype)
    if dtype.kind in "SUV":
        return np.asarray(rng.integers(0, 999, shape)).astype(str).astype("S3").astype(dtype)
    if dtype.kind in "iu" and rng.random() < 0.3:
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)
    return np.asarray(rng.integers(0, 100, shape)).astype(dtype)


def special_value(rng, dtype):
    info = np.finfo(dtype)
    tiny = np.nextafter(info.dtype.type(0), info.dtype.type(1))
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, info.max, -info.max, info.tiny, tiny, -tiny]
    value = info.dtype.type(values[rng.integers(len(values))])
    if dtype.kind == "c":
        other = info.dtype.type(values[rng.integers(len(values))] if rng.random() < 0.5 else 1)
        return dtype.type(complex(value, other)) if dtype.char != "G" else dtype.type(value) + dtype.type(1j) * other
    return value


def with_specials(rng, array):
    if array.dtype.names or array.dtype.kind not in "fcmM" or not array.size or rng.random() < 0.7:
        return array
    for _ in range(rng.integers(1, 4)):
        at = rng.integers(array.size)
        if array.dtype.kind in "mM":
            array.reshape(-1)[at] = "NaT"
        else:
            array.reshape(-1)[at] = special_value(rng, array.dtype)
    return array


def calculated(array):
    """The type that the rules calculate in."""
    types = {"e": np.float32, "F": np.complex128}
    return array.astype(types.get(array.dtype.char, array.dtype.newbyteorder("=")))


def allowed(value, rtol, atol):
    """What the rule allows at an expected value, rounded as it rounds."""
    one = calculated(np.array([value]))
    return (atol + rtol * abs(one))[0]


def moved_value(rng, value, dtype, rtol, atol):
    """About as far away as is allowed: half, exactly, one step of the type further, or twice."""
    if dtype.kind == "c":
        step = allowed(value, rtol, atol) * rng.choice([0.0, 0.1, 0.5, 0.999, 1.0, 1.001, 2.0])
        angle = rng.random() * 6.28 if rng.random() < 0.6 else 0.0
        if rng.random() < 0.2:
            return dtype.type(value + dtype.type(step * complex(0.6, 0.8)))
        return dtype.type(value + dtype.type(step * complex(np.cos(angle), np.sin(angle))))
    step = dtype.type(allowed(value, rtol, atol))
    sign = dtype.type(rng.choice([-1, 1]))
    where = rng.integers(6)
    if where == 0:
        return dtype.type(value + sign * step * dtype.type(rng.choice([0.0, 0.5, 2.0, 100.0])))
    edge = dtype.type(value + sign * step)
    if where < 4:
        return edge
    return np.nextafter(edge, dtype.type(np.inf) * (1 if where == 4 else -1))


def moved(rng, array, rtol, atol):
    """A copy in which a few elements, or all, are moved by about the tolerance."""
    out = array.copy()
    if not out.size or rng.random() < 0.2:
        return out
    if out.dtype.names:
        name = out.dtype.names[rng.integers(len(out.dtype.names))]
        out[name] = moved(rng, out[name], rtol, atol)
        return out
    flat = out.reshape(-1)
    if out.dtype.kind in "fc" and rng.random() < 0.3:
        flat *= out.dtype.type(1 + rtol * rng.choice([0.3, 0.7, 3.0]))
        return out
    for _ in range(rng.integers(1, 6)):
        at = rng.integers(out.size)
        if out.dtype.kind in "fc":
            native = flat[at].astype(out.dtype.newbyteorder("="))
            flat[at] = moved_value(rng, native, np.dtype(native.dtype), rtol, atol)
            if rng.random() < 0.05:
                flat[at] = special_value(rng, out.dtype)
        elif rng.random() < 0.7:
            flat[at] = random_values(rng, out.dtype, (1,))[0]
    return out


def restored(rng, array):
    """The same values in another memory order or byte order."""
    if not array.dtype.names and array.dtype.kind not in "SV?" and rng.random() < 0.3:
        array = array.astype(array.dtype.newbyteorder())
    if array.ndim and rng.random() < 0.3:
        array = np.asfortranarray(array)
    if array.ndim > 2 and rng.random() < 0.5:
        array = array.copy(order="F").transpose(1, 0, 2).copy(order="K").transpose(1, 0, 2)
    if array.ndim == 1 and rng.random() < 0.2:
        array = np.repeat(array, 2)[::2]
    return array


def native(array):
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))


def same_bits(a, b):
    """Padding, of structures or of a long double, does not count."""
    if a.dtype.names:
        return all(same_bits(a[name], b[name]) for name in a.dtype.names)
    a, b = native(a), native(b)
    if a.dtype.char in "gG":
        a, b = (x.reshape(x.size).view(np.longdouble) for x in (a, b))
        return bool(np.all(((a == b) | (np.isnan(a) & np.isnan(b))) & (np.signbit(a) == np.signbit(b))))
    return a.tobytes() == b.tobytes()


def complex_close(x, y, rtol, atol, equal_nan):
    """numpy.allclose with hypot for the magnitude: numpy's own differs in the last digit between processors, and before
    2.0 multiplies by one on the way, which makes an infinite complex number a NaN. Equal numbers agree even if their
    magnitude overflows: numpy multiplies that by rtol 0."""
    difference = x - y
    finite = np.isfinite(x) & np.isfinite(y)
    within = np.hypot(difference.real, difference.imag) <= atol + rtol * np.hypot(y.real, y.imag)
    close = np.where(finite, within, False) | (x == y)
    if equal_nan:
        close = close | (np.isnan(x) & np.isnan(y))
    return bool(np.all(close))


def check_complex(answer, x, y, rtol, atol, equal_nan):
    """The formula above is numpy's, where the last digit does not decide."""
    if not (np.isfinite(abs(x)).all() and np.isfinite(abs(y)).all()):
        return
    numpys = {bool(np.allclose(x, y, rtol * k, atol * k, equal_nan)) for k in (1 - 1e-12, 1, 1 + 1e-12)}
    if len(numpys) == 1 and answer not in numpys:
        sys.exit(f"the formula for complex numbers is not numpy's: {x} {y} {rtol} {atol}")


def all_close(a, b, rtol, atol, equal_nan):
    x, y = (calculated(side).reshape(-1) for side in (a, b))
    if x.dtype.kind != "c":
        return bool(np.allclose(x, y, rtol, atol, equal_nan))
    answer = complex_close(x, y, rtol, atol, equal_nan)
    check_complex(answer, x, y, rtol, atol, equal_nan)
    return answer


def is_exact(dtype, exact_integers):
    return dtype.kind not in "fc" and (exact_integers or dtype.kind not in "iu")


def numpy_says(a, b, rtol, atol, equal_nan, exact_integers):
    if same_bits(a, b):
        return True
    if a.dtype.names:
        return all(
            field_says(a[name], b[name], rtol, atol, equal_nan, exact_integers) for name in a.dtype.names
        )
    return field_says(a, b, rtol, atol, equal_nan, exact_integers)


def field_says(a, b, rtol, atol, equal_nan, exact_integers):
    if a.dtype.names:
        return all(field_says(a[name], b[name], rtol, atol, equal_nan, exact_integers) for name in a.dtype.names)
    if is_exact(b.dtype, exact_integers):
        if a.dtype.kind in "mM":  # NaT equals NaT
            return bool(np.all((a == b) | (np.isnat(a) & np.isnat(b))))
        return bool(np.all(a == b))
    return all_close(a, b, rtol, atol, equal_nan)


def pair_of_one_type(rng):
    kinds = rng.random()
    if kinds < 0.65:
        dtype = np.dtype(FLOATS[rng.integers(len(FLOATS))])
    elif kinds < 0.8:
        dtype = np.dtype(INTEGERS[rng.integers(len(INTEGERS))])
    elif kinds < 0.92:
        dtype = np.dtype(OTHERS[rng.integers(len(OTHERS))])
    else:
        dtype = np.dtype(STRUCTS[rng.integers(len(STRUCTS))])
    shapes = LARGE if rng.random() < 0.04 else SHAPES
    shape = shapes[rng.integers(len(shapes))]
    rtol = float(rng.choice([0.0, 1e-8, 1e-5, 1e-2, 2.0**-10]))
    atol = float(rng.choice([0.0, 1e-12, 1e-8, 1e-3, 0.5]))
    exact_integers = bool(rng.random() < 0.7)
    if not exact_integers and dtype.kind in "iu":  # so that numpy's float64 holds all that is calculated
        rtol, atol = float(rng.choice([0.0, 2.0**-4])), float(rng.choice([0.0, 1.0, 2.5]))
    expected = with_specials(rng, random_values(rng, dtype, shape))
    if not exact_integers and dtype.kind in "iu" and dtype.itemsize == 8:
        expected = np.asarray(expected // 2**20).astype(dtype)
    actual = moved(rng, expected, rtol, atol)
    if not exact_integers and dtype.kind in "iu" and dtype.itemsize == 8:
        actual = np.asarray(np.where(actual > 2**45, expected, actual)).astype(dtype)
    equal_nan = bool(rng.random() < 0.3)
    same = numpy_says(actual, expected, rtol, atol, equal_nan, exact_integers)
    strict = bool(rng.random() < 0.7)
    label = f"{dtype} {shape}"
    return (label, same, rtol, atol, equal_nan, strict, exact_integers), restored(rng, actual), restored(rng, expected)


def pair_of_two_types(rng, number):
    """Every pair of types in turn; with strict types they always differ. Values that rounding does not decide."""
    count = len(TABLE)
    one, two = np.dtype(TABLE[number % count]), np.dtype(TABLE[number // count % count])
    shape = SHAPES[rng.integers(1, len(SHAPES))]
    whole = rng.integers(1, 2 if "b" in (one.kind, two.kind) else 99, shape)
    if one.kind in "SUV" or two.kind in "SUV":
        a, b = (whole.astype(str).astype("S3").astype(t) if t.kind in "SUV" else whole.astype(t) for t in (one, two))
    elif one.kind in "mM" and one.kind == two.kind and rng.random() < 0.7:
        a = whole.astype(one)
        b = a.astype(two)  # the same moments, unless the unit is too coarse
    else:
        a, b = whole.astype(one), whole.astype(two)
    rtol, atol = float(rng.choice([1e-2, 0.25])), float(rng.choice([0.0, 0.1]))
    numbers = one.kind in "fcbiu" and two.kind in "fcbiu"
    if a.size and rng.random() < 0.6:
        at = rng.integers(a.size)
        if one.kind in "fc":
            a.reshape(-1)[at] *= one.type(1 + rtol * rng.choice([0.5, 3.0]))
        elif one.kind != "b":
            a.reshape(-1)[at] = b"7x" if one.kind in "SUV" else np.array([100]).astype(one)[0]
    strict = bool(rng.random() < 0.2)
    if one == two:
        same = numpy_says(a, b, rtol, atol, False, True)
    elif strict or not (numbers or (one.kind == two.kind and one.kind in "SUmM")):
        same = False
    elif not a.size:
        same = True
    elif is_exact(two, True):
        same = bool(np.all(a == b))
    else:
        same = complex_close(*np.broadcast_arrays(a + 0j, b + 0j), rtol, atol, False)
        if {one.kind, two.kind} <= set("fiu") and bool(np.allclose(a, b, rtol, atol)) != same:
            sys.exit(f"values of {one} and {two} for which rounding decides")
    label = f"{one} against {two}, strict_types {strict}"
    return (label, same, rtol, atol, False, strict, True), a, b


def main():
    warnings.simplefilter("ignore")
    program = sys.argv[1]
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 24_000
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 20240501)
    yes = 0
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        path = os.path.join(folder, "pairs")
        with open(path, "wb") as file:
            for number in range(pairs):
                mixed = number % 5 == 0
                head, actual, expected = pair_of_two_types(rng, number // 5) if mixed else pair_of_one_type(rng)
                yes += head[1]
                for value in (head, actual, expected):
                    pickle.dump(value, file, int(rng.integers(0, 6)))
        print(f"numpy {np.__version__}: {pairs} pairs, {yes} of them the same", flush=True)
        if min(yes, pairs - yes) * 5 < pairs:
            sys.exit("the random pairs are too one-sided to show anything")
        sys.exit(subprocess.run([program, path]).returncode)


if __name__ == "__main__":
    main()
