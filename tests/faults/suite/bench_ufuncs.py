"""Universal functions; C functions that are attributes of numpy."""

import numpy as np

from .inputs import floats, integers, positive


class Return:
    """The value is what the benchmark returns."""

    def setup(self):
        self.a, self.b = floats(), floats(seed=9)
        self.p, self.n, self.m = positive(), integers(), integers(seed=8) + 1

    def time_add(self):
        return np.add(self.a, self.b)

    def time_subtract(self):
        return np.subtract(self.a, self.b)

    def time_divide(self):
        return np.divide(self.a, self.b)

    def time_sqrt(self):
        return np.sqrt(self.p)

    def time_arctan2(self):
        return np.arctan2(self.a, self.b)

    def time_maximum(self):
        return np.maximum(self.n, self.m)

    def time_isfinite(self):
        return np.isfinite(self.a)

    def time_modf(self):
        return np.modf(self.a)

    def time_gcd(self):
        return np.gcd(self.n, self.m)

    def time_sin_of_one(self):
        return np.sin(0.25)

    def time_tanh(self):
        return np.tanh(self.a.astype(np.float32))

    def time_conjugate(self):
        return np.conjugate(self.a + 1j * self.b)


class Expression:
    """The value is thrown away."""

    def setup(self):
        self.a, self.b = floats(), floats(seed=9)
        self.p, self.n, self.m = positive(), integers(), integers(seed=8) + 1

    def time_multiply(self):
        np.multiply(self.a, self.b)

    def time_power(self):
        np.power(self.p, 1.5)

    def time_exp(self):
        np.exp(self.a)

    def time_minimum(self):
        np.minimum(self.a, self.b)

    def time_floor_divide(self):
        np.floor_divide(self.n, self.m)

    def time_divmod(self):
        np.divmod(self.n, self.m)

    def time_greater(self):
        np.greater(self.a, self.b)

    def time_left_shift(self):
        np.left_shift(self.n, 2)

    def time_signbit(self):
        np.signbit(self.a)


class Local:
    """The value is left in a local name."""

    def setup(self):
        self.a, self.b = floats(), floats(seed=9)
        self.p, self.n, self.m = positive(), integers(), integers(seed=8) + 1

    def time_log(self):
        result = np.log(self.p)

    def time_hypot(self):
        result = np.hypot(self.a, self.b)

    def time_absolute(self):
        result = np.absolute(self.a)

    def time_sign(self):
        result = np.sign(self.a)

    def time_logical_and(self):
        result = np.logical_and(self.a > 0, self.b > 0)

    def time_bitwise_xor(self):
        result = np.bitwise_xor(self.n, self.m)

    def time_frexp(self):
        mantissa, exponent = np.frexp(self.a)

    def time_floor(self):
        result: np.ndarray = np.floor(self.a * 10)


class Types:
    """One function with each type of number."""

    params = ["f2", "f4", "f8", "g", "c8", "c16", "i1", "i4", "u8"]
    param_names = ["dtype"]

    def setup(self, dtype):
        self.a = integers(40, high=9).astype(dtype) + 1

    def time_square(self, dtype):
        return np.square(self.a)
