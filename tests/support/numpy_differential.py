"""The comparison against numpy's own: the same answer for random pairs of arrays.

Usage: numpy_differential.py COMPARE_FILES [PAIRS [SEED]]. Exits 77 (skipped) where numpy cannot be imported.
"""
import os
import pickle
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {sys.executable} has no numpy ({error})")
    sys.exit(77)

FLOATS = ["f2", "f4", "f8", "g", "c8", "c16", "G"]
EXACT = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "M8[ns]", "m8[s]", "S5", "U4", "V3"]
SHAPES = [(), (0,), (1,), (7,), (3, 0), (5, 4), (2, 3, 4), (1100,), (40, 60), (1, 9, 1)]


def random_array(rng, code, shape):
    dtype = np.dtype(code)
    if dtype.kind in "fc":
        real = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4)
        if dtype.kind == "c":
            real = real + 1j * rng.standard_normal(shape)
        return np.asarray(real).astype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.integers(0, 2, shape)).astype(dtype)
    if dtype.kind in "SUV":
        return np.asarray(rng.integers(0, 999, shape)).astype(str).astype("S3").astype(dtype)
    return np.asarray(rng.integers(0, 100, shape)).astype(dtype)


def special(rng, array):
    if array.dtype.kind in "fc" and array.size and rng.random() < 0.3:
        for _ in range(rng.integers(1, 4)):
            array.flat[rng.integers(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0])
    return array


def moved(rng, array, rtol, atol):
    """A copy in which some elements are moved by about the tolerance."""
    out = array.copy()
    if not out.size or rng.random() < 0.25:
        return out
    for _ in range(rng.integers(1, 6)):
        at = rng.integers(out.size)
        if out.dtype.kind in "fc":
            with np.errstate(all="ignore"):
                step = (atol + rtol * abs(out.flat[at])) * rng.choice([0.0, 0.1, 0.9, 1.1, 5.0])
                if out.dtype.kind == "c":
                    step = step * np.exp(1j * rng.random() * 6.28)
                out.flat[at] = out.flat[at] + out.dtype.type(step)
                if rng.random() < 0.05:
                    out.flat[at] = rng.choice([np.nan, np.inf, -np.inf])
        elif rng.random() < 0.7:
            out.flat[at] = random_array(rng, out.dtype, (1,))[0]
    return out


def restored(rng, array):
    """The same values in another memory order or byte order."""
    if array.dtype.kind not in "SV?" and rng.random() < 0.4:
        array = array.astype(array.dtype.newbyteorder())
    if rng.random() < 0.4:
        array = np.asfortranarray(array) if array.ndim else array
    if array.ndim > 2 and rng.random() < 0.5:
        array = array.copy(order="F").transpose(1, 0, 2).copy(order="K").transpose(1, 0, 2)
    return array


def plain(array):
    """Native byte order, C order; the padding of a long double does not count."""
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))


def same_bits(a, b):
    a, b = plain(a), plain(b)
    if a.dtype.kind in "fc":
        if a.dtype.char in "gG":
            a, b = (x.reshape(x.size).view(np.longdouble) for x in (a, b))
            return bool(np.all(((a == b) | (np.isnan(a) & np.isnan(b))) & (np.signbit(a) == np.signbit(b))))
    return a.tobytes() == b.tobytes()


def allclose(x, y, rtol, atol, equal_nan):
    if x.dtype.kind == "c" and not (np.isfinite(x).all() and np.isfinite(y).all()):
        # numpy before 2.0 multiplies by one on the way, which makes an infinite complex number a NaN.
        finite = np.isfinite(x) & np.isfinite(y)
        close = np.where(finite, abs(x - y) <= atol + rtol * abs(y), x == y)
        if equal_nan:
            close |= np.isnan(x) & np.isnan(y)
        return bool(close.all())
    return bool(np.allclose(x, y, rtol, atol, equal_nan))


def numpy_says(actual, expected, rtol, atol, equal_nan):
    """None where rounding alone decides: the two sides are as far apart as is allowed, to a part in a thousand."""
    a, b = plain(actual), plain(expected)
    if same_bits(a, b):
        return True
    if a.dtype.kind not in "fc":
        return bool(np.all(a == b)) and not (a.dtype.kind in "Mm" and a.tobytes() != b.tobytes())
    wide = {"f": np.float64, "c": np.complex128}[a.dtype.kind] if a.dtype.char not in "gG" else a.dtype
    x, y = a.astype(wide), b.astype(wide)
    with np.errstate(all="ignore"):
        answers = {allclose(x, y, rtol * k, atol * k, equal_nan) for k in (0.999, 1.0, 1.001)}
    return answers.pop() if len(answers) == 1 else None


def main():
    program = sys.argv[1]
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 20240501)
    expectations = []
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for number in range(pairs):
            code = FLOATS[rng.integers(len(FLOATS))] if rng.random() < 0.7 else EXACT[rng.integers(len(EXACT))]
            shape = SHAPES[rng.integers(len(SHAPES))]
            rtol = float(rng.choice([0.0, 1e-8, 1e-5, 1e-2]))
            atol = float(rng.choice([0.0, 1e-12, 1e-8, 1e-3]))
            equal_nan = bool(rng.random() < 0.3)
            expected = special(rng, random_array(rng, code, shape))
            actual = restored(rng, moved(rng, expected, rtol, atol))
            expected = restored(rng, expected)
            says = numpy_says(actual, expected, rtol, atol, equal_nan)
            if says is None:
                continue
            names = []
            for side, value in (("a", actual), ("b", expected)):
                name = os.path.join(folder, f"{number}{side}.pkl")
                with open(name, "wb") as file:
                    pickle.dump(value, file, int(rng.integers(0, 6)))
                names.append(name)
            lines.append(f"{names[0]} {names[1]} {rtol!r} {atol!r} {int(equal_nan)}")
            expectations.append((says, code, shape, rtol, atol, equal_nan, actual, expected))
        listing = os.path.join(folder, "list")
        with open(listing, "w") as file:
            file.write("\n".join(lines) + "\n")
        answers = subprocess.run([program, listing], check=True, capture_output=True, text=True).stdout.splitlines()
    if len(answers) != len(expectations):
        sys.exit(f"{len(answers)} answers for {len(expectations)} pairs")
    wrong = [(e, a) for e, a in zip(expectations, answers) if a not in ("identical", "close", "different")
             or (a != "different") != e[0]]
    for expectation, answer in wrong[:10]:
        print("numpy:", expectation[0], "here:", answer, "for", *expectation[1:])
    yes = sum(e[0] for e in expectations)
    print(f"{len(answers)} pairs, {yes} of them close by numpy, {len(wrong)} answers differ")
    if min(yes, len(answers) - yes) * 5 < len(answers):
        sys.exit("the random pairs are too one-sided to show anything")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
