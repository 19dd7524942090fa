"""Products, decompositions and solutions."""

import numpy as np

from . import helpers
from .inputs import floats, matrix, positive_definite


class Return:
    def setup(self):
        self.a, self.b = matrix(), matrix(seed=6)
        self.s, self.v = positive_definite(), floats(6)

    def time_dot(self):
        return np.dot(self.a, self.b)

    def time_inner(self):
        return np.inner(self.v, self.v)

    def time_outer(self):
        return np.outer(self.v, self.v + 1)

    def time_inv(self):
        return np.linalg.inv(self.s)

    def time_svd(self):
        return np.linalg.svd(self.a)

    def time_eigvalsh(self):
        return np.linalg.eigvalsh(self.s)

    def time_slogdet(self):
        return np.linalg.slogdet(self.a)

    def time_matrix_rank(self):
        return np.linalg.matrix_rank(self.a)

    def time_tensordot(self):
        return np.tensordot(self.a, self.b, axes=1)

    def time_solve(self):
        return helpers.solved(self.s, self.v)


class Expression:
    def setup(self):
        self.a, self.b = matrix(), matrix(seed=6)
        self.s, self.v = positive_definite(), floats(6)

    def time_matmul(self):
        np.matmul(self.a, self.b)

    def time_kron(self):
        np.kron(self.a[:2], self.b[:2])

    def time_qr(self):
        np.linalg.qr(self.a)

    def time_eigh(self):
        np.linalg.eigh(self.s)

    def time_pinv(self):
        np.linalg.pinv(self.a[:, :3])

    def time_norm(self):
        np.linalg.norm(self.a, axis=0)

    def time_cross(self):
        np.cross(self.v[:3], self.v[3:])

    def time_trace(self):
        np.trace(self.a)


class Local:
    def setup(self):
        self.a, self.b = matrix(), matrix(seed=6)
        self.s, self.v = positive_definite(), floats(6)

    def time_vdot(self):
        product = np.vdot(self.v, self.v + 1)

    def time_cholesky(self):
        lower = np.linalg.cholesky(self.s)

    def time_lstsq(self):
        solution, residuals, rank, singular = np.linalg.lstsq(self.a[:, :3], self.v, rcond=None)

    def time_matrix_power(self):
        cube = np.linalg.matrix_power(self.a, 3)

    def time_cond(self):
        condition = np.linalg.cond(self.a)

    def time_einsum(self):
        product = np.einsum("ij,jk->ki", self.a, self.b)

    def time_multi_dot(self):
        product = np.linalg.multi_dot([self.a, self.b, self.v])
