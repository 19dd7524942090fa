#!/usr/bin/env python3
"""Checks which room includes which: check_includes.py [--part] [ROOT]. Exits 1 and lists what breaks a rule.

A room is a folder of src/ and the folder of the same name under include/snapshot_test/; the folders of src/host/ are
rooms of their own. A unit is a header and the source of the same name: units must not include each other in a circle.
--part is for a tree with some of the rooms only: there, what a room may include and does not is no problem.
"""

import re
import sys
from pathlib import Path

# What each room includes of the others: no more, and no less. A room that is not here may not exist.
ROOMS = {
    "util": set(),
    "model": {"util"},
    "config": {"util", "model"},
    "pickle": {"util"},
    "store": {"util", "model"},
    "report": {"util", "model"},
    "compare": {"util", "model", "pickle"},
    "inspect": {"util", "model", "pickle", "compare", "store"},
    "audit": {"util", "model", "pickle", "compare", "store", "inspect"},
    "render": {"util", "model", "pickle", "compare", "store", "report", "inspect", "audit"},
    "host/interpreter": {"util"},
    "host/discovery": {"util", "model"},
    "host/pickling": {"util", "model", "store"},
    "host/trace": {"util", "store", "host/pickling"},
    "host/execution": {
        "util", "model", "compare", "store", "inspect", "host/interpreter", "host/discovery", "host/pickling", "host/trace"
    },
    "host": {"util", "model", "host/interpreter", "host/discovery", "host/pickling", "host/execution"},
    # Where baselines travel: what holds them elsewhere, and what is kept there.
    "remote": {"util", "store"},
    # What sealed hosts cannot reach.
    "seal": {"util"},
    # A runner starts hosts as processes and speaks the messages of model/: it never sees what is inside a host.
    "runner": {"util", "model", "seal"},
    # A runner on the workers of a cluster.
    "cluster": {"util", "model", "store", "runner"},
    # Runs that several machines share: who runs what, and what they have captured as one baseline.
    "shards": {"util", "model", "store"},
    "session": {"util", "model", "store", "inspect", "audit", "runner", "shards"},
    # The session's calls, on the trees of commits.
    "commits": {"util", "model", "store", "runner", "session"},
    # The shards of one run, judged together.
    "merge": {"util", "model", "store", "report", "shards", "session"},
    "cli": {
        "util", "model", "config", "store", "remote", "report", "inspect", "audit", "render", "seal",
        "shards", "session", "commits", "merge", "cluster"
    },
    "bindings": {
        "util", "model", "config", "pickle", "compare", "store", "host", "host/interpreter", "host/discovery",
        "host/pickling", "host/trace", "host/execution"
    },
    "main": {"cli"},
}

# Headers of a room that others may include although the room as a whole is closed to them.
SEAMS = {
    # The entry point of the hidden subcommand that a session starts.
    "host/host.hpp": {"main"},
}

# Libraries that only some rooms may include.
LIBRARIES = {
    r"(Python|frameobject|marshal|internal/pycore_.*)\.h|cpython/.*|pybind11/.*": {"host/*", "host", "bindings"},
    r"Eigen/.*|unsupported/Eigen/.*": {"compare"},
    r"git2(/.*)?(\.h)?": {"store"},
    r"CLI/.*": {"cli"},
    r"pugixml\.hpp": {"report"},
    r"toml\+\+/.*": {"config"},
    r"zlib\.h": {"report"},
}

# CPython's private names come and go with its versions. Those of one version belong into the header of host/trace; these
# are declared by Python.h in all that are supported.
PRIVATE_NAME = re.compile(r"\b_Py[A-Z]\w*")
IN_ALL_VERSIONS = {"_PyType_Lookup"}

SOURCES = {".cpp", ".hpp", ".c", ".h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def unit_of(path, root):
    """The header and the source of one name are one unit: "store/manifest"."""
    parts = path.relative_to(root).with_suffix("").parts
    return "/".join(parts[1:] if parts[0] == "src" else parts[2:])


def room_of(path, root):
    """The room that a file of src/ or include/snapshot_test/ is in."""
    folders = unit_of(path, root).split("/")[:-1]
    return "/".join(folders[:2]) if folders else "main"


def may(room, allowed):
    """Is the room among those that are allowed? "host/*" stands for all rooms of that folder."""
    return room in allowed or f"{room.partition('/')[0]}/*" in allowed and "/" in room


def included_file(name, quoted, including, root):
    """The project's own file that an include names, or None for a library's."""
    places = [root / "src", root / "include"]
    if quoted:
        places.insert(0, including.parent)
    for place in places:
        candidate = (place / name).resolve()
        if candidate.is_file() and root in candidate.parents:
            return candidate
    return None


def problems_of(path, root, edges, used):
    """Every rule that one file breaks, as text. Adds what its unit includes to `edges`, and what its room does to `used`."""
    room = room_of(path, root)
    here = path.relative_to(root)
    if room not in ROOMS:
        yield f"{here}: '{room}' is no room that {Path(__file__).name} knows; add it there with what it may include"
        return
    text = path.read_text(encoding="utf-8")
    for match in PRIVATE_NAME.finditer(text):
        if room != "host/trace" and match.group() not in IN_ALL_VERSIONS:
            at = f"{here}:{text.count(chr(10), 0, match.start()) + 1}"
            yield f"{at}: {match.group()} is private to CPython; not every supported version declares it"
    for match in INCLUDE.finditer(text):
        quote, name = match.groups()
        at = f"{here}:{text.count(chr(10), 0, match.start(2)) + 1}"
        target = included_file(name, quote == '"', path, root)
        if target is None:
            if quote == '"':
                yield f'{at}: "{name}" is no file of this project; libraries are included with <>'
            for pattern, allowed in LIBRARIES.items():
                if re.fullmatch(pattern, name) and not may(room, allowed):
                    yield f"{at}: <{name}> may only be included by {' and '.join(sorted(allowed))}"
            continue
        if unit_of(target, root) != unit_of(path, root):
            edges.setdefault(unit_of(path, root), set()).add(unit_of(target, root))
        if name.startswith("."):
            yield f"{at}: write the path from src/ or include/, not \"{name}\""
        other = room_of(target, root)
        used.setdefault(room, set()).add(other)
        if other == room or other in ROOMS[room]:
            continue
        if room in SEAMS.get(target.relative_to(root / "src").as_posix() if root / "src" in target.parents else "", ()):
            continue
        allowed = ", ".join(sorted(ROOMS[room])) or "none"
        yield f"{at}: room '{room}' may not include room '{other}' ({name}); it may include: {allowed}"


def circles(edges):
    """The groups of units that lead to each other (Tarjan's strongly connected components), each sorted."""
    number, low, stack, found = {}, {}, [], []

    def visit(unit):
        number[unit] = low[unit] = len(number)
        stack.append(unit)
        for target in sorted(edges.get(unit, ())):
            if target not in number:
                visit(target)
            if target in stack:
                low[unit] = min(low[unit], low[target])
        if low[unit] == number[unit]:
            group = stack[stack.index(unit):]
            del stack[-len(group):]
            if len(group) > 1:
                found.append(sorted(group))

    for unit in sorted(edges):
        if unit not in number:
            visit(unit)
    return found


def circles_of_rooms():
    """The table itself must not hold a circle."""
    order, left = [], dict(ROOMS)
    while left:
        free = [room for room, needs in left.items() if needs <= set(order)]
        if not free:
            return sorted(left)
        order += free
        for room in free:
            del left[room]
    return []


def main():
    arguments = sys.argv[1:]
    part = "--part" in arguments
    roots = [argument for argument in arguments if argument != "--part"]
    root = Path(roots[0] if roots else Path(__file__).parents[2]).resolve()
    files = sorted(
        path
        for top in (root / "src", root / "include" / "snapshot_test")
        for path in top.rglob("*")
        if path.suffix in SOURCES
    )
    if not files:
        print(f"check_includes: no sources under {root}", file=sys.stderr)
        return 2
    edges, used = {}, {}
    problems = [problem for path in files for problem in problems_of(path, root, edges, used)]
    for circle in circles(edges):
        problems.append("units include each other in a circle: " + ", ".join(circle))
    for room in () if part else sorted(ROOMS):
        for idle in sorted(ROOMS[room] - used.get(room, set())):
            problems.append(f"room '{room}' may include room '{idle}' and does not: take that out of the table")
    if circles_of_rooms():
        problems.append(f"the table of rooms holds a circle: {', '.join(circles_of_rooms())}")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files, {sum(map(len, edges.values()))} includes, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
