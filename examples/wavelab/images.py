"""Signals with two dimensions."""

import numpy as np


def downsample(image, factor):
    """The mean of each block of factor by factor pixels."""
    height, width = (side - side % factor for side in image.shape)
    blocks = image[:height, :width].reshape(height // factor, factor, width // factor, factor)
    return blocks.mean(axis=(1, 3))


def edges(image):
    """The length of the gradient at each pixel."""
    down, right = np.gradient(image)
    return np.hypot(down, right)
