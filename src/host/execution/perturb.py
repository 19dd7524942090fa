# Runs inside of cases: changes the numbers that a benchmark keeps on its instance, in place. Compiled into the program.
#
# A result that depends on less than all of its inputs, or on which objects they are, is told by it: the arrays stay the
# same objects, of the same shape and dtype. Changes are small, so that what was positive, sorted or convergent mostly
# stays so, and depend on nothing but the seed.
import sys

MOST_DEPTH = 4


def pick(seed, count):
    """An index below count, but neither the first nor the last where there are others."""
    place = (seed * 6364136223846793005 + 1442695040888963407) % 2**64 >> 33
    return 1 + place % (count - 2) if count > 2 else count - 1


def scaled(value, step):
    return value * (1 + step) if value else step


def change_array(numpy, array, round_, seed):
    flat = array.reshape(-1)  # a view, where that is possible
    if not numpy.shares_memory(flat, array):
        return False
    first = pick(seed, flat.size)
    if round_ == 1:
        flat[first] = scaled(flat[first], 2.0**-6)
    elif round_ == 2:
        second = pick(seed + 1, flat.size)
        flat[first], flat[second] = flat[second], flat[first]
        if first == second or flat[first] == flat[second]:
            flat[first] = scaled(flat[first], 2.0**-6)
    else:
        flat *= 1 + 2.0**-5
        flat[first] = scaled(flat[first], 2.0**-6)
    return True


def change_list(items, round_, seed):
    first = pick(seed, len(items))
    if round_ < 3:
        items[first] = scaled(items[first], 2.0**-6)
    else:
        items[:] = [scaled(each, 2.0**-5) for each in items]
    return True


def perturb(instance, round_, seed):
    """How many arrays and lists have been changed."""
    numpy = sys.modules.get("numpy")
    seen = set()
    changed = 0
    todo = [(getattr(instance, "__dict__", None), 0)]
    while todo:
        value, depth = todo.pop()
        if depth > MOST_DEPTH or id(value) in seen:
            continue
        seen.add(id(value))
        if numpy is not None and type(value) is numpy.ndarray:
            wanted = value.dtype.kind in "fc" and value.size and value.flags.writeable
            if wanted and change_array(numpy, value, round_, seed + changed):
                changed += 1
        elif type(value) is dict:
            todo.extend((each, depth + 1) for each in value.values())
        elif type(value) is list and value and all(type(each) is float for each in value):
            changed += change_list(value, round_, seed + changed)
        elif type(value) in (list, tuple):
            todo.extend((each, depth + 1) for each in value)
    return changed
