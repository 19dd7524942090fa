#!/usr/bin/env python3
"""Checks which room includes which: check_includes.py [ROOT]. Exits 1 and lists every include that breaks a rule.

A room is a folder of src/ and the folder of the same name under include/snapshot_test/.
"""

import re
import sys
from pathlib import Path

# What each room may include of the others. A room that is not here may not exist.
ROOMS = {
    "util": set(),
    "model": {"util"},
    "config": {"util", "model"},
    "pickle": {"util", "model"},
    "store": {"util", "model"},
    "report": {"util", "model"},
    "compare": {"util", "model", "pickle"},
    "inspect": {"util", "model", "pickle", "compare", "store", "report"},
    "host": {"util", "model", "pickle", "compare", "store"},
    # A session starts hosts as processes and speaks the messages of model/: it never sees what is inside a host.
    "session": {"util", "model", "config", "pickle", "compare", "store", "report", "inspect"},
    "cli": {"util", "model", "config", "store", "report", "inspect", "session"},
    "bindings": {"util", "model", "config", "pickle", "compare", "store", "report", "session", "host"},
    "main": {"cli", "host", "util", "model"},
}

# Headers of a room that others may include although the room as a whole is closed to them.
SEAMS = {
    # The entry point of the hidden subcommand that a session starts.
    "host/host.hpp": {"cli"},
}

# Libraries that only some rooms may include.
LIBRARIES = {
    r"(Python|frameobject|marshal|internal/pycore_.*)\.h|cpython/.*|pybind11/.*": {"host", "bindings"},
    r"Eigen/.*|unsupported/Eigen/.*": {"compare"},
    r"git2(/.*)?(\.h)?": {"store", "session"},
    r"CLI/.*": {"cli"},
}

SOURCES = {".cpp", ".hpp", ".c", ".h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of(path, root):
    """The room that a file of src/ or include/snapshot_test/ is in."""
    parts = path.relative_to(root).parts
    inner = parts[1:] if parts[0] == "src" else parts[2:]
    return inner[0] if len(inner) > 1 else "main"


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


def problems_of(path, root, edges):
    """Every rule that one file breaks, as text. Adds what it includes to `edges`."""
    room = room_of(path, root)
    here = path.relative_to(root)
    if room not in ROOMS:
        yield f"{here}: '{room}' is no room that {Path(__file__).name} knows; add it there with what it may include"
        return
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        quote, name = match.groups()
        at = f"{here}:{text.count(chr(10), 0, match.start(2)) + 1}"
        target = included_file(name, quote == '"', path, root)
        if target is None:
            if quote == '"':
                yield f'{at}: "{name}" is no file of this project; libraries are included with <>'
            for pattern, allowed in LIBRARIES.items():
                if re.fullmatch(pattern, name) and room not in allowed:
                    yield f"{at}: <{name}> may only be included by {' and '.join(sorted(allowed))}"
            continue
        edges.setdefault(path, []).append(target)
        if name.startswith("."):
            yield f"{at}: write the path from src/ or include/, not \"{name}\""
        other = room_of(target, root)
        if other == room or other in ROOMS[room]:
            continue
        if room in SEAMS.get(target.relative_to(root / "src").as_posix() if root / "src" in target.parents else "", ()):
            continue
        allowed = ", ".join(sorted(ROOMS[room])) or "none"
        yield f"{at}: room '{room}' may not include room '{other}' ({name}); it may include: {allowed}"


def circles(edges):
    """Circles of files that include each other, each once, as lists of paths."""
    done, found = set(), []

    def visit(node, trail):
        if node in trail:
            found.append(trail[trail.index(node):] + [node])
            return
        if node in done:
            return
        for target in edges.get(node, ()):
            visit(target, trail + [node])
        done.add(node)

    for start in sorted(edges):
        visit(start, [])
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
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    files = sorted(
        path
        for top in (root / "src", root / "include" / "snapshot_test")
        for path in top.rglob("*")
        if path.suffix in SOURCES
    )
    if not files:
        print(f"check_includes: no sources under {root}", file=sys.stderr)
        return 2
    edges = {}
    problems = [problem for path in files for problem in problems_of(path, root, edges)]
    for circle in circles(edges):
        problems.append("files include each other: " + " -> ".join(str(p.relative_to(root)) for p in circle))
    if circles_of_rooms():
        problems.append(f"the table of rooms holds a circle: {', '.join(circles_of_rooms())}")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files, {sum(map(len, edges.values()))} includes, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
