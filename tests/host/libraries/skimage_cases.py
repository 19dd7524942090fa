import numpy as np
from check import Case
from skimage import measure

LABELS = np.zeros((6, 8), int)
LABELS[1:3, 1:4] = 1
LABELS[4:, 4:] = 2


def twice(mask):
    return 2 * mask.sum()


def region(labels=LABELS, intensity=1 / 3, label=0, **how):
    image = None if intensity is None else np.linspace(intensity, 1, LABELS.size).reshape(LABELS.shape)
    return measure.regionprops(labels, image, **how)[label]


def same(a, b):
    return a.label == b.label and a.area == b.area and (a.image == b.image).all() and a.bbox == b.bbox


def cases():
    other = LABELS.copy()
    other[2, 2] = 0
    used = region()
    used.area, used.centroid, used.image, used.mean_intensity, used["bbox"], list(used)
    yield Case("region", region(), equal=same, same=[used], close=[region(intensity=1 / 3 * (1 + 2.0**-52))],
               different=[region(label=1), region(other), region(intensity=None), region(intensity=0.5), region(spacing=(2, 1)), region(offset=(1, 1))])
    asked = region(extra_properties=[twice])
    asked.twice
    yield Case("region with a property of one's own", region(extra_properties=[twice]), equal=same, same=[asked], own=["skimage_cases"])
    yield Case("regions", measure.regionprops(LABELS), equal=lambda a, b: all(map(same, a, b)), different=[measure.regionprops(LABELS)[::-1]])
