"""Making, joining and reshaping arrays."""

import numpy as np

from .inputs import floats, integers, matrix


class Return:
    def setup(self):
        self.a, self.n, self.m = floats(12), integers(12), matrix(4, 3)

    def time_concatenate(self):
        return np.concatenate([self.a, self.a + 1])

    def time_stack(self):
        return np.stack([self.a, self.a + 1], axis=1)

    def time_split(self):
        return np.split(self.a, 3)

    def time_tile(self):
        return np.tile(self.m, (2, 2))

    def time_transpose(self):
        return np.transpose(self.m)

    def time_pad(self):
        return np.pad(self.a, 2, mode="reflect")

    def time_linspace(self):
        return np.linspace(0.0, 5.0, 11)

    def time_broadcast_to(self):
        return np.broadcast_to(self.a, (2, 12))


class Expression:
    def setup(self):
        self.a, self.n, self.m = floats(12), integers(12), matrix(4, 3)

    def time_vstack(self):
        np.vstack([self.m, self.m + 1])

    def time_repeat(self):
        np.repeat(self.n, 2)

    def time_reshape(self):
        np.reshape(self.a, (3, 4))

    def time_insert(self):
        np.insert(self.a, 3, 9.0)

    def time_arange(self):
        np.arange(20)

    def time_eye(self):
        np.eye(4, k=1)

    def time_round(self):
        np.round(self.a, 1)


class Local:
    def setup(self):
        self.a, self.n, self.m = floats(12), integers(12), matrix(4, 3)

    def time_hstack(self):
        both = np.hstack([self.m, self.m + 1])

    def time_moveaxis(self):
        moved = np.moveaxis(self.m[None], 0, 2)

    def time_delete(self):
        rest = np.delete(self.n, [1, 5])

    def time_full(self):
        constant = np.full((3, 2), 7)

    def time_clip(self):
        clipped = np.clip(self.a, -0.5, 0.5)

    def time_array(self):
        made = np.array([[1, 2], [3, 4]])

    def time_logspace(self):
        points = np.logspace(0, 2, 9)
