"""Changes of code that leave the result what it is: more layers, other work on the way, a cache, another expression."""

import functools
import pickle

import numpy as np


def wrapped(original):
    """Three layers more, one of them an object."""

    class Layer:
        def __call__(self, *args, **kwargs):
            return inner(*args, **kwargs)

    def inner(*args, **kwargs):
        return original(*args, **kwargs)

    def outer(*args, **kwargs):
        return Layer()(*args, **kwargs)

    return outer


def logged(number):
    return {"calls": number}


def checked(args):
    def describe(argument):
        return type(argument).__name__, np.shape(argument) if isinstance(argument, np.ndarray) else None

    return [describe(argument) for argument in args]


def busier(original):
    """Calls others that return something, before and after: a check of the arguments, a log."""

    def inner(*args, **kwargs):
        checked(args)
        result = original(*args, **kwargs)
        logged(1)
        return result

    return inner


def cached(original):
    @functools.lru_cache(maxsize=None)
    def compute(key):
        args, kwargs = pickle.loads(key)
        return original(*args, **kwargs)

    def inner(*args, **kwargs):
        return compute(pickle.dumps((args, kwargs)))

    return inner


def swapping(original):
    """For what commutes."""
    return lambda a, b, *rest, **kwargs: original(b, a, *rest, **kwargs)


def turning(original):
    """For reductions whose order does not matter."""
    return lambda a, *rest, **kwargs: original(turned(a, kwargs.get("axis")), *rest, **kwargs)


def turned(a, axis):
    return np.flip(a, axis) if axis is not None else np.asarray(a).reshape(-1)[::-1]


SWAPPED = """
    add multiply maximum minimum hypot logical_and bitwise_xor gcd vdot inner convolve union1d intersect1d setxor1d
    polymul polyadd
""".split()
TURNED = "sum prod mean median std var max min ptp any all count_nonzero nansum nanmean percentile quantile".split()


def horner(c, x):
    result = np.zeros_like(x)
    for coefficient in c:
        result = result * x + coefficient
    return result


def determinant(a):
    """By elimination with pivots."""
    a, sign = np.array(a, dtype=float), 1.0
    for i in range(len(a)):
        pivot = i + int(np.argmax(np.abs(a[i:, i])))
        if pivot != i:
            a[[i, pivot]], sign = a[[pivot, i]], -sign
        a[i + 1 :] -= np.outer(a[i + 1 :, i] / a[i, i], a[i])
    return np.float64(sign * np.multiply.reduce(np.diagonal(a)))


def fourier(a, sign=-1):
    """The transform as the product with its matrix."""
    k = np.arange(len(a))
    return np.exp(sign * 2j * np.pi * np.outer(k, k) / len(a)) @ a


def lengths(a, order=None, axis=None):
    if order is None or order == 2:
        return np.sqrt(np.add.reduce(np.abs(a) ** 2, axis=tuple(range(a.ndim)) if axis is None else axis))
    return np.max(np.abs(a)) if order == np.inf else np.add.reduce(np.abs(a) ** order) ** (1 / order)


def counted(n):
    counts = np.zeros(n.max() + 1, dtype=np.intp)
    np.add.at(counts, n, 1)
    return counts


def unique(a, return_counts=False):
    values = sorted(set(a.tolist()))
    found = np.array(values, dtype=a.dtype)
    return (found, np.array([int((a == v).sum()) for v in values], dtype=np.intp)) if return_counts else found


def ranks(a, kind=None):
    return np.array(sorted(range(len(a)), key=lambda i: a[i]), dtype=np.intp)


def padded(a, width, mode):
    return np.concatenate([a[width:0:-1], a, a[-2 : -width - 2 : -1]])


def running(a, axis=0):
    return np.add.accumulate(a, axis=axis)


def deviation(a, axis=None):
    mean = np.mean(a, axis=axis, keepdims=True)
    return np.sqrt(np.mean((a - mean) ** 2, axis=axis))


def put(a, places, values):
    for place, value in zip(places, values):
        a.flat[place] = value


def copyto(target, source, where):
    target[where] = np.broadcast_to(source, target.shape)[where]


def fill_diagonal(a, value):
    for i in range(len(a)):
        a[i, i] = value


def shuffled_sort(a):
    a[...] = np.sort(np.array(a)[::-1])


# Of examples/: helpers inlined, loops instead of array expressions, other arithmetic.
def moving_average(signal, width):
    total = np.concatenate([[0.0], np.cumsum(signal)])
    return (total[width:] - total[:-width]) / width


def exponential_smoothing(signal, alpha):
    level, smoothed = signal[0], []
    for sample in signal:
        level += alpha * (sample - level)
        smoothed.append(level)
    return np.array(smoothed)


def median_filter(signal, width):
    half = width // 2
    padded = np.concatenate([np.full(half, signal[0]), signal, np.full(half, signal[-1])])
    return np.array([sorted(padded[i : i + width])[half] for i in range(len(signal))])


def normalise(signal):
    mean = signal.sum() / signal.size
    signal[...] = (signal - mean) / np.sqrt(((signal - mean) ** 2).mean())


def power_spectrum(signal, window="hann"):
    weights = getattr(np, {"hann": "hanning", "boxcar": "ones"}.get(window, window))(len(signal))
    spectrum = np.fft.fft(signal * weights)[: len(signal) // 2 + 1]
    return (spectrum.real**2 + spectrum.imag**2) / np.dot(weights, weights)


def peaks(signal, rate, count, window="hann"):
    power = power_spectrum(signal, window)
    share = power / power.sum()
    strongest = sorted(range(len(power)), key=lambda i: -power[i])[:count]
    return [{"share": float(share[i]), "frequency": i * rate / len(signal)} for i in strongest]


def summary(signal):
    ordered = np.sort(signal)
    mean = float(np.add.reduce(ordered) / len(ordered))
    return {
        "range": (float(ordered[0]), float(ordered[-1])),
        "samples": int(signal.size),
        "mean": mean,
        "deviation": float(np.sqrt(np.mean(signal**2) - mean**2)),
    }


def zero_crossings(signal):
    return sum(1 for a, b in zip(signal[:-1], signal[1:]) if (a < 0) != (b < 0))


def downsample(image, factor):
    rows, columns = (side // factor for side in image.shape)
    return np.array(
        [
            [image[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor].mean() for j in range(columns)]
            for i in range(rows)
        ]
    )


def edges(image):
    return np.sqrt(np.gradient(image, axis=0) ** 2 + np.gradient(image, axis=1) ** 2)


EQUIVALENT = {
    "numpy.absolute": lambda a: np.where(a < 0, -a, a),
    "numpy.add": lambda a, b: b - (-a),
    "numpy.all": lambda a, axis=None: np.logical_not(np.logical_not(a).any(axis=axis)),
    "numpy.any": lambda a: np.bool_((a != 0).sum() > 0),
    "numpy.arange": lambda n: np.cumsum(np.ones(n, dtype=int)) - 1,
    "numpy.arctan2": lambda a, b: np.angle(b + 1j * a),
    "numpy.argmax": lambda a: np.nonzero(a == a.max())[0][0],
    "numpy.argmin": lambda a, axis: np.argsort(a, axis=axis, kind="stable").take(0, axis=axis),
    "numpy.argsort": ranks,
    "numpy.average": lambda a, weights: np.dot(a, weights) / weights.sum(),
    "numpy.base_repr": lambda n, base: "".join(str(n // base**i % base) for i in (3, 2, 1, 0)),
    "numpy.bincount": counted,
    "numpy.clip": lambda a, low, high: np.minimum(np.maximum(a, low), high),
    "numpy.concatenate": lambda several: np.hstack([*several]),
    "numpy.convolve": lambda a, kernel, mode: np.correlate(a, kernel[::-1], mode),
    "numpy.corrcoef": lambda m: (lambda z: z @ z.T / m.shape[1])(
        (m - m.mean(1, keepdims=True)) / m.std(1, keepdims=True)
    ),
    "numpy.count_nonzero": lambda a: int(a.sum()),
    "numpy.cov": lambda m: (lambda z: z @ z.T / (m.shape[1] - 1))(m - m.mean(1, keepdims=True)),
    "numpy.cumsum": running,
    "numpy.diff": lambda a: a[1:] - a[:-1],
    "numpy.divide": lambda a, b: a * (1 / b),
    "numpy.divmod": lambda a, b: (a // b, a % b),
    "numpy.dot": lambda a, b: np.einsum("ij,jk->ik", a, b),
    "numpy.einsum": lambda _, a, b: (a @ b).T,
    "numpy.exp": lambda a: np.exp2(a / np.log(2)),
    "numpy.extract": lambda condition, a: a[condition],
    "numpy.flip": lambda a: a[::-1, ::-1],
    "numpy.floor_divide": lambda a, b: (a - a % b) // b,
    "numpy.greater": lambda a, b: b < a,
    "numpy.hypot": lambda a, b: np.sqrt(a * a + b * b),
    "numpy.inner": lambda a, b: np.add.reduce(a * b),
    "numpy.isin": lambda a, b: np.array([x in set(b.tolist()) for x in a.tolist()]),
    "numpy.kron": lambda a, b: np.einsum("ij,kl->ikjl", a, b).reshape(a.shape[0] * b.shape[0], -1),
    "numpy.left_shift": lambda a, b: a * 2**b,
    "numpy.linspace": lambda low, high, n: low + np.arange(n) * ((high - low) / (n - 1)),
    "numpy.log": lambda a: np.log2(a) * np.log(2),
    "numpy.matmul": lambda a, b: np.dot(b.T, a.T).T,
    "numpy.max": lambda a: np.sort(a)[-1],
    "numpy.maximum": lambda a, b: np.where(a > b, a, b),
    "numpy.mean": lambda a, axis: np.add.reduce(a, axis=axis) / a.shape[axis],
    "numpy.median": lambda a: (lambda s: (s[len(s) // 2] + s[(len(s) - 1) // 2]) / 2)(np.sort(a)),
    "numpy.multiply": lambda a, b: np.exp(np.log(np.abs(a)) + np.log(np.abs(b))) * np.sign(a) * np.sign(b),
    "numpy.nanmean": lambda a: np.nansum(a) / np.isfinite(a).sum(),
    "numpy.outer": lambda a, b: a[:, None] * b,
    "numpy.pad": padded,
    "numpy.percentile": lambda a, q: np.quantile(a, np.array(q) / 100),
    "numpy.polyval": horner,
    "numpy.power": lambda a, b: np.exp(b * np.log(a)),
    "numpy.prod": lambda a: np.float64(np.exp(np.sum(np.log(a)))),
    "numpy.ptp": lambda a: a.max() - a.min(),
    "numpy.repeat": lambda a, n: np.stack([a] * n, axis=1).reshape(-1),
    "numpy.roll": lambda a, n: np.concatenate([a[-n:], a[:-n]]),
    "numpy.searchsorted": lambda a, v: (np.array(a)[None] < v[:, None]).sum(1),
    "numpy.sign": lambda a: (a > 0).astype(float) - (a < 0),
    "numpy.sort": lambda a, kind=None: np.array(sorted(a.tolist()), dtype=a.dtype),
    "numpy.sqrt": lambda a: a**0.5,
    "numpy.square": lambda a: a * a,
    "numpy.stack": lambda several, axis: np.array(several).T,
    "numpy.std": deviation,
    "numpy.sum": lambda a, axis=None: np.add.reduce(a, axis=(0, 1)[: a.ndim] if axis is None else axis),
    "numpy.take": lambda a, places: a[places],
    "numpy.tanh": lambda a: ((np.exp(2 * a) - 1) / (np.exp(2 * a) + 1)).astype(a.dtype),
    "numpy.tensordot": lambda a, b, axes: a @ b,
    "numpy.trace": lambda a: np.diagonal(a).sum(),
    "numpy.transpose": lambda a: a.swapaxes(0, 1),
    "numpy.triu": lambda a: a * (np.arange(a.shape[1]) >= np.arange(a.shape[0])[:, None]),
    "numpy.unique": unique,
    "numpy.var": lambda a: deviation(a) ** 2,
    "numpy.vdot": lambda a, b: np.add.reduce(a * b),
    "numpy.vstack": lambda several: np.concatenate(several, axis=0),
    "numpy.where": lambda a: a.nonzero(),
    "numpy.linalg.cond": lambda a: (lambda s: s[0] / s[-1])(np.linalg.svd(a, compute_uv=False)),
    "numpy.linalg.det": determinant,
    "numpy.linalg.eigvalsh": lambda a: np.linalg.svd(a, compute_uv=False)[::-1],
    "numpy.linalg.inv": lambda a: np.linalg.solve(a, np.eye(len(a))),
    "numpy.linalg.matrix_power": lambda a, n: a @ (a @ a),
    "numpy.linalg.multi_dot": lambda several: several[0] @ (several[1] @ several[2]),
    "numpy.linalg.norm": lengths,
    "numpy.linalg.pinv": lambda a: np.linalg.inv(a.T @ a) @ a.T,
    "numpy.linalg.slogdet": lambda a: np.linalg.slogdet(a.T),
    "numpy.linalg.solve": lambda a, b: np.linalg.inv(a) @ b,
    "numpy.fft.fft": fourier,
    "numpy.fft.fft2": lambda a: np.fft.fft(np.fft.fft(a, axis=0), axis=1),
    "numpy.fft.fftfreq": lambda n, d: np.concatenate([np.arange(n // 2), np.arange(-(n // 2), 0)]) / (n * d),
    "numpy.fft.fftshift": lambda a: np.roll(a, len(a) // 2),
    "numpy.fft.ifft": lambda a: fourier(a, sign=1) / len(a),
    "numpy.fft.rfft": lambda a: fourier(a)[: len(a) // 2 + 1],
    "numpy.char.str_len": lambda a: np.array([len(text) for text in a.tolist()]),
    "numpy.char.upper": lambda a: np.array([text.upper() for text in a.tolist()]),
    "numpy.polynomial.polynomial.polyval": lambda x, c: horner(c[::-1], x),
    "numpy.polynomial.legendre.legfit": lambda x, y, n: np.linalg.lstsq(
        np.polynomial.legendre.legvander(x, n), y, rcond=None
    )[0],
    "numpy.copyto": copyto,
    "numpy.fill_diagonal": fill_diagonal,
    "numpy.put": put,
    "numpy.putmask": lambda a, where, values: a.__setitem__(where, values[where]),
    "suite.library.Samples.fill": lambda self, value: self.__setitem__(..., value),
    "suite.library.Samples.scale": lambda self, factor: self.__setitem__(..., factor * self),
    "suite.library.Samples.sort": shuffled_sort,
    "wavelab.filters.exponential_smoothing": exponential_smoothing,
    "wavelab.filters.median_filter": median_filter,
    "wavelab.filters.moving_average": moving_average,
    "wavelab.filters.normalise": normalise,
    "wavelab.images.downsample": downsample,
    "wavelab.images.edges": edges,
    "wavelab.spectrum.peaks": peaks,
    "wavelab.spectrum.power_spectrum": power_spectrum,
    "wavelab.statistics.summary": summary,
    "wavelab.statistics.zero_crossings": zero_crossings,
}


def copied_out(function):
    """Computes what `out` receives elsewhere."""

    def inner(*args, out, **kwargs):
        out[...] = function(*args, **kwargs)
        return out

    return inner


def make(kind, name, original, calls):
    """The refactored function, or None if there is none of that kind. `calls` says how it is called: "returns",
    "changes" (an argument) or "out"."""
    short = name.rpartition(".")[2] if name.startswith("numpy.") and name.count(".") == 1 else ""
    if kind == "wrapped":
        return wrapped(original)
    if kind == "busier":
        return busier(original)
    if kind == "cached":
        return cached(original) if calls == "returns" and not name.startswith("numpy.random") else None
    if kind == "reordered":
        return swapping(original) if short in SWAPPED else turning(original) if short in TURNED else None
    refactored = EQUIVALENT.get(name)
    return copied_out(refactored) if refactored and calls == "out" else refactored
