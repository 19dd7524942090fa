"""Sketches of the comparison against numpy's own computation of the same statistics, for random pairs of arrays.

Usage: sketch_reference.py SKETCH_PAIRS [PAIRS [SEED]]. Uses $SNAPSHOT_TEST_PYTHON where this interpreter has no numpy;
exits 77 (skipped) where neither has, or 1 if $SNAPSHOT_TEST_REQUIRE_ALL is set. docs/comparison.md has the definitions.
"""
import json
import os
import pickle
import subprocess
import sys
import tempfile

from import_or_skip import import_or_skip

np = import_or_skip("numpy")

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "c8", "c16", "G", ">f8", ">i4",
          "M8[s]", "m8[ns]"]
SHAPES = [(1,), (7,), (513,), (5000,), (3, 4), (100, 3), (3, 100), (200, 130), (65, 64), (2, 70, 90), (1, 300), (40, 5, 6, 2)]
LEAST, MOST = -40, 40


def random_pair(rng, dtype, shape):
    dtype = np.dtype(dtype)
    if dtype.kind in "fc":
        scale = 10.0 ** rng.integers(-2, 3)
        expected = rng.standard_normal(shape) * scale
        if dtype.kind == "c":
            expected = expected + 1j * rng.standard_normal(shape) * scale
        expected = np.asarray(expected).astype(dtype)
        error = rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 0)
        actual = np.asarray(expected * (1 + error)).astype(dtype)
    elif dtype.kind in "mM":
        expected = np.asarray(rng.integers(-10**9, 10**9, shape)).astype(dtype)
        actual = (expected.view("i8") + rng.integers(-5, 6, shape)).view(dtype)
    else:
        low, high = (0, 2) if dtype.kind == "b" else (0, 100)
        expected = np.asarray(rng.integers(low, high, shape)).astype(dtype)
        actual = np.asarray(rng.integers(low, high, shape)).astype(dtype)
        if dtype.itemsize == 8:  # also numbers that a double does not hold
            expected, actual = expected * dtype.type(2**53) + dtype.type(1), actual * dtype.type(2**53)
    same = rng.random(shape) < rng.choice([0.0, 0.5, 0.99])
    actual = np.where(same, expected, actual).astype(dtype)
    if rng.random() < 0.5:
        specials = {"f": [np.nan, np.inf, -np.inf, 0.0, -1.0], "c": [np.nan, np.inf, 0], "m": [np.timedelta64("NaT")],
                    "M": [np.datetime64("NaT")]}.get(dtype.kind, [0])
        for array in (actual, expected):
            array.reshape(-1)[rng.integers(0, array.size, 1 + array.size // 50)] = specials[rng.integers(len(specials))]
    if rng.random() < 0.3:
        expected = np.asfortranarray(expected)
    return actual, expected


def float_ulps(a, b):
    """Of native floats of 2, 4 or 8 bytes: how many of them lie between the two."""
    bits = np.dtype(f"i{a.itemsize}")
    low = np.iinfo(bits).min

    def order(x):
        n = x.view(bits).astype(object)
        return np.where(x.view(bits) < 0, int(low) - n, n)

    return np.abs(order(a) - order(b))


def spaced_ulps(a, b):
    """In units of the spacing at b; what 64 bits do not hold is the largest number that they do."""
    units = np.abs(a - b) / np.spacing(np.abs(b))
    most = 2**64 - 1
    return np.array([most if not np.isfinite(u) or u >= np.longdouble(2) ** 64 else int(np.round(u)) for u in units.ravel()],
                    object).reshape(a.shape)


def parts_ulps(a, b):
    return spaced_ulps(a, b) if a.dtype.char == "g" else float_ulps(a, b)


def statistics(actual, expected, rtol, atol):
    a, b = (x.astype(x.dtype.newbyteorder("=")) for x in (actual, expected))
    kind = a.dtype.kind
    out = {}
    if kind in "mM":
        a_nan, b_nan = np.isnat(a), np.isnat(b)
        x, y = a.view("i8"), b.view("i8")
        exact = True
    else:
        a_nan, b_nan = (np.isnan(a), np.isnan(b)) if kind in "fc" else (np.zeros(a.shape, bool),) * 2
        x, y = a, b
        exact = kind not in "fc"
    a_inf, b_inf = ((np.isinf(v) & ~n) if kind in "fc" else np.zeros(v.shape, bool)
                    for v, n in ((a, a_nan), (b, b_nan)))
    nan = a_nan | b_nan
    inf = (a_inf | b_inf) & ~nan
    finite = ~nan & ~inf
    out["total"] = a.size
    out["nan"] = {"appeared": int((a_nan & ~b_nan).sum()), "vanished": int((b_nan & ~a_nan).sum()),
                  "stayed": int((a_nan & b_nan).sum())}
    out["inf_changed"] = int((inf & (a != b)).sum())
    out["measured"] = int(finite.sum())
    x, y = x[finite], y[finite]
    if kind in "biumM":
        change = np.array([int(p) - int(q) for p, q in zip(x.tolist(), y.tolist())], object)
        distance = np.abs(change).astype(float)
        ulps = np.abs(change)
        change = change.astype(float)
    elif kind == "c":
        d = x - y
        distance = np.hypot(d.real, d.imag).astype(float)
        if a.dtype.char == "F":  # as the comparison: calculated in double
            d = x.astype("c16") - y.astype("c16")
            distance = np.abs(d)
        change = (d.real + d.imag).astype(float)
        ulps = np.maximum(parts_ulps(np.ascontiguousarray(x.real), np.ascontiguousarray(y.real)),
                          parts_ulps(np.ascontiguousarray(x.imag), np.ascontiguousarray(y.imag)))
    else:
        wide = np.longdouble if a.dtype.char == "g" else np.float64
        change = (x.astype(wide) - y.astype(wide)).astype(float)
        distance = np.abs(change)
        ulps = parts_ulps(x, y)
    differs = distance > 0
    out["differing"] = int(differs.sum()) + out["inf_changed"] + out["nan"]["appeared"] + out["nan"]["vanished"]
    counts = np.bincount([int(u).bit_length() for u in ulps], minlength=65)
    out["ulps"] = np.trim_zeros(counts, "b").tolist()
    out["max_ulps"] = int(max(ulps, default=0))
    magnitude = (np.abs(x.astype("c16") if a.dtype.char == "F" else x) if kind == "c" else np.abs(y.astype(float)))
    if kind == "c":
        magnitude = np.abs(y.astype("c16") if a.dtype.char == "F" else y).astype(float)
    if kind not in "c" and kind not in "fc":
        magnitude = np.array([abs(int(v)) for v in y.tolist()], float)
    with np.errstate(all="ignore"):
        if not exact and (rtol or atol):
            ratio = distance / (atol + rtol * magnitude)
            log2 = np.where(differs, np.clip(np.frexp(np.where(np.isfinite(ratio), ratio, 2.0**60))[1] - 1, LEAST, MOST)
                            - LEAST + 1, 0)
            out["tolerances"] = np.trim_zeros(np.bincount(log2, minlength=1), "b").tolist()

        def passing(by):
            beyond = distance - by
            needed = np.where(beyond > 0, beyond / magnitude, 0.0)
            return float(max(needed, default=0.0))

        special = out["differing"] > int(differs.sum())
        out["passing_rtol"] = np.inf if special else passing(0.0 if exact else atol)
        out["passing_rtol_alone"] = np.inf if special else passing(0.0)
    out["mean_difference"] = float(np.mean(change)) if len(change) else 0.0
    out["scale_difference"] = float(np.mean(np.abs(change))) if len(change) else 0.0
    signed = np.where(change < 0, -1.0, 1.0) * ulps.astype(float)
    out["mean_ulps"] = float(np.mean(signed)) if len(change) else 0.0
    out["scale_ulps"] = float(np.mean(np.abs(signed))) if len(change) else 0.0
    out["max_difference"] = float(max(distance, default=0.0))
    zero_x, zero_y = (x == 0), (y == 0)
    if kind in "mM":
        zero_x, zero_y = zero_x, zero_y
    out["became_zero"] = int((zero_x & ~zero_y).sum())
    out["was_zero"] = int((zero_y & ~zero_x).sum())
    out["sign_changed"] = 0 if kind == "c" else int(((x < 0) != (y < 0))[~zero_x & ~zero_y].sum())
    whole = np.zeros(a.shape)
    whole[finite] = distance
    whole[(inf & (a != b)) | (a_nan ^ b_nan)] = np.inf
    return out, whole


def expected_map(whole):
    axes = sorted(range(whole.ndim), key=lambda i: -whole.shape[i])[:2]
    axes = sorted(i for i in axes if whole.shape[i] > 1)
    if not axes:
        return None
    pooled = whole.max(axis=tuple(i for i in range(whole.ndim) if i not in axes))
    if pooled.ndim == 1:
        pooled = pooled[None]
    rows, columns = (min(64, n) for n in pooled.shape)
    grid = np.zeros((rows, columns))
    row = np.arange(pooled.shape[0]) * rows // pooled.shape[0]
    column = np.arange(pooled.shape[1]) * columns // pooled.shape[1]
    np.maximum.at(grid, (row[:, None], column[None, :]), pooled)
    finite = grid[np.isfinite(grid)]
    top = int(np.frexp(finite.max())[1] - 1) if len(finite) and finite.max() > 0 else 0
    cells = "".join("." if v == 0 else "!" if not np.isfinite(v) else chr(ord("0") + min(63, top - int(np.frexp(v)[1] - 1)))
                    for v in grid.ravel())
    return {"axes": axes, "rows": rows, "columns": columns, "log2_largest": top, "cells": cells}


def number(value):
    return {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}.get(value, value)


def check(label, found, actual, expected, rtol, atol):
    problems = []
    wanted, whole = statistics(actual, expected, rtol, atol)
    if actual.tobytes() == expected.tobytes() and "sketch" not in found:
        return problems
    sketch = found.get("sketch")
    if sketch is None:
        return [] if wanted["differing"] == 0 else [f"{label}: no sketch of {wanted['differing']} differing elements"]
    long_double = actual.dtype.char in "gG"
    for key, value in wanted.items():
        if key.startswith("scale_"):
            continue
        got = sketch.get(key)
        if isinstance(value, float):
            scale = wanted.get(key.replace("mean_", "scale_"), 0.0) if key.startswith("mean_") else 0.0
            got = number(got)
            near = value == got or abs(value - got) <= 1e-11 * max(abs(value), scale)
            if not near:
                problems.append(f"{label}: {key} is {got}, numpy says {value}")
        elif key in ("ulps", "tolerances") and (long_double or actual.dtype.kind == "c"):
            # Rounding at the edge of a bin: the magnitude's last digit is not the same everywhere.
            width = max(len(value), len(got))
            a, b = (np.pad(v, (0, width - len(v))) for v in (value, got))
            if width and abs(np.cumsum(a) - np.cumsum(b)).max() > 2:
                problems.append(f"{label}: {key} is {got}, numpy says {value}")
        elif key == "max_ulps" and long_double:
            if abs(value - got) > 1e-9 * value + 1:
                problems.append(f"{label}: {key} is {got}, numpy says {value}")
        elif got != value:
            problems.append(f"{label}: {key} is {got}, numpy says {value}")
    grid = expected_map(whole)
    if grid is not None:
        got = sketch.get("map", {})
        for key, value in grid.items():
            if key == "cells" and actual.dtype.kind == "c":
                differ = sum(p != q for p, q in zip(value, got.get("cells", "")))
                if differ > 2:
                    problems.append(f"{label}: {differ} cells of the map differ")
            elif got.get(key) != value:
                problems.append(f"{label}: map's {key} is {got.get(key)}, numpy says {value}")
    worst = sketch.get("worst", [])
    if len(worst) != min(20, wanted["differing"]):
        problems.append(f"{label}: {len(worst)} worst elements of {wanted['differing']}")
    for each in worst:
        if not np.isclose(number(each["difference"]), whole[tuple(each["index"])], rtol=1e-12, atol=0):
            problems.append(f"{label}: {each} is {whole[tuple(each['index'])]} apart")
    exact = actual.dtype.kind not in "fc"
    score = whole if exact or not (rtol or atol) else whole / (atol + rtol * np.nan_to_num(np.abs(expected.astype(
        "c16" if expected.dtype.kind == "c" else float)), nan=1, posinf=1))
    least = np.sort(score[whole > 0].ravel())[::-1][: len(worst)]
    if len(worst) and not np.isclose(score[tuple(worst[-1]["index"])], least[-1], rtol=1e-9):
        problems.append(f"{label}: {worst[-1]} is not the {len(worst)}th worst")
    return problems


def main():
    program = sys.argv[1]
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 20240501)
    made = []
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        path = os.path.join(folder, "pairs")
        with open(path, "wb") as file:
            for n in range(pairs):
                dtype, shape = DTYPES[n % len(DTYPES)], SHAPES[rng.integers(len(SHAPES))]
                rtol, atol = float(rng.choice([0.0, 1e-5, 1e-3])), float(rng.choice([0.0, 1e-8, 1e-2]))
                actual, expected = random_pair(rng, dtype, shape)
                made.append((f"{n}: {dtype} {shape} rtol {rtol} atol {atol}", actual, expected, rtol, atol))
                for value in ((rtol, atol), actual, expected):
                    pickle.dump(value, file, 5)
        lines = subprocess.run([program, path], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
        assert len(lines) == pairs, (len(lines), pairs)
        problems = []
        sketched = 0
        for (label, actual, expected, rtol, atol), line in zip(made, lines):
            found = json.loads(line)
            sketched += "sketch" in found
            problems += check(label, found, actual, expected, rtol, atol)
    print(f"numpy {np.__version__}: {pairs} pairs, {sketched} sketches, {len(problems)} statistics differ")
    print("\n".join(problem[:400] for problem in problems[:20]))
    sys.exit(bool(problems) or sketched < pairs // 2)


if __name__ == "__main__":
    main()
