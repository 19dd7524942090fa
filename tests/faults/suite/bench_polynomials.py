"""Polynomials, old and new."""

import numpy as np

from .inputs import floats, positive


class Polynomials:
    def setup(self):
        self.c, self.x = floats(5), positive(20)

    def time_polyval(self):
        return np.polyval(self.c, self.x)

    def time_polyfit(self):
        np.polyfit(self.x, self.x**2 + 1, 2)

    def time_roots(self):
        found = np.roots(self.c)

    def time_polyadd(self):
        return np.polyadd(self.c, [1.0, 2.0])

    def time_polymul(self):
        np.polymul(self.c, np.poly1d([1.0, 2.0]))

    def time_polyder(self):
        return np.polyder(self.c)

    def time_polyint(self):
        np.polyint(self.c)

    def time_polydiv(self):
        quotient, remainder = np.polydiv(self.c, [1.0, 2.0])

    def time_new_polyval(self):
        return np.polynomial.polynomial.polyval(self.x, self.c)

    def time_chebval(self):
        np.polynomial.chebyshev.chebval(self.x, self.c)

    def time_legfit(self):
        fitted = np.polynomial.legendre.legfit(self.x, self.x**2, 2)
