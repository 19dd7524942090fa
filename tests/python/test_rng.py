"""RNGPatcher and its functions."""

import os
import random
import secrets
import uuid

import numpy
import pytest

from diff_tester.snapshot import RNGPatcher, patch_all_rngs, reset_all_rngs, unpatch_all_rngs


def draw():
    return [
        random.random(),
        random.Random().random(),
        random.SystemRandom().random(),
        numpy.random.rand(),
        numpy.random.default_rng().random(),
        os.urandom(4),
        secrets.token_hex(),
        uuid.uuid4(),
        uuid.uuid1(),
    ]


def test_what_is_drawn_is_the_same_with_one_seed_and_another_with_another():
    drawn = []
    for seed in (42, 42, 43):
        with RNGPatcher(seed):
            drawn.append(draw())
    assert drawn[0] == drawn[1]
    assert all(a != b for a, b in zip(drawn[0], drawn[2]))


def test_afterwards_everything_is_as_it_was():
    before = (os.urandom, random.Random.seed, uuid.uuid1)
    random.seed(5)
    numpy.random.seed(5)
    expected = (random.Random(5).random(), numpy.random.RandomState(5).rand())
    with RNGPatcher():
        draw()
    assert (random.random(), numpy.random.rand()) == expected
    assert (os.urandom, random.Random.seed, uuid.uuid1) == before
    assert draw() != draw()


def test_functions():
    patch_all_rngs(7)
    try:
        first = draw()
        reset_all_rngs(7)
        assert draw() == first
        patch_all_rngs(7)
        assert draw() == first
    finally:
        unpatch_all_rngs()
    unpatch_all_rngs()
    assert draw() != draw()


def test_patching_twice_and_unpatching_twice():
    patcher = RNGPatcher(3)
    patcher.patch_all()
    first = draw()
    patcher.patch_all()
    assert draw() == first
    assert patcher.is_patched
    patcher.unpatch_all()
    patcher.unpatch_all()
    assert not patcher.is_patched
    assert draw() != draw()


def test_a_seed_of_numpy_is_left_alone():
    with RNGPatcher():
        assert numpy.random.default_rng(1).random() == numpy.random.default_rng(1).random()


def test_wrong_seeds():
    for wrong in ("x", 1.5, None, True):
        with pytest.raises(TypeError, match="seed must be an int"):
            RNGPatcher(wrong)
    for wrong in (-1, 2**64):
        with pytest.raises(ValueError, match="seed must be at"):
            RNGPatcher(wrong)
