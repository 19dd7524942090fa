"""Inherited benchmarks: each concrete class has its own set-up and runs the methods of its base."""

import abc

import numpy as np

from wavelab import images


class ImageBenchmarks(abc.ABC):
    @abc.abstractmethod
    def setup(self):
        """Makes self.image."""

    def time_downsample(self):
        return images.downsample(self.image, 4)

    def time_edges(self):
        return images.edges(self.image)


class Gradient(ImageBenchmarks):
    def setup(self):
        self.image = np.add.outer(np.arange(64.0), np.arange(48.0) ** 2)


class Noise(ImageBenchmarks):
    def setup(self):
        self.image = np.random.default_rng(1).normal(size=(50, 70)).astype(np.float32)
