"""numpy's old random functions, whose state the program seeds before each case."""

import numpy as np


class Random:
    def time_normal(self):
        return np.random.normal(size=20)

    def time_randint(self):
        np.random.randint(0, 100, size=20)

    def time_permutation(self):
        order = np.random.permutation(20)

    def time_choice(self):
        return np.random.choice([3, 5, 7, 9], size=12)
