#!/usr/bin/env python3
"""Checks the project's documents: lines of at most 120 columns, and no link to a file or heading that is not there.

Tables and code may be wider. What a document says is for its readers to check.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ["*.md", "docs/*.md", "examples/*.md", ".github/**/*.md"]
WIDTH = 120
LINK = re.compile(r"\]\((?!\w+:)([^)\s]+)\)")
HEADING = re.compile(r"#+ +(.*)")


def prose(text):
    """The number and text of each line that is not in a block of code."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line


def anchors(text):
    """The names that links may give to the headings: as GitHub and mkdocs make them."""
    found = set()
    for _, line in prose(text):
        if match := HEADING.fullmatch(line):
            words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", match[1])
            found.add(re.sub(r"[^\w\- ]", "", words).strip().lower().replace(" ", "-"))
    return found


def findings(path):
    text = path.read_text(encoding="utf-8")
    for number, line in prose(text):
        if len(line) > WIDTH and not line.startswith("|"):
            yield f"{number}: {len(line)} columns, at most {WIDTH}"
        for link in LINK.findall(line):
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            if not target.exists():
                yield f"{number}: links to {link}, which is not there"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
                yield f"{number}: links to {link}, but {target.name} has no such heading"


def main():
    found = [
        f"{path.relative_to(ROOT)}:{finding}"
        for pattern in DOCUMENTS
        for path in sorted(ROOT.glob(pattern))
        for finding in findings(path)
    ]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
