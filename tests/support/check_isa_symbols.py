"""What the builds of the comparison's inner loops export: check_isa_symbols.py NM LIBRARY.

Each object isa_*.cpp.o may define its own table and nothing else that the linker sees. A weak symbol (an inline function,
a template) would be merged with the same one from elsewhere, and the one that is kept may need a newer processor.
"""
import re
import subprocess
import sys

TABLE = re.compile(r"_ZN13snapshot_test7compare\d+kIsa(Baseline|Avx2|Avx512)E$")
# Of the sanitizers: their own, and markers of globals that hold no code.
INSTRUMENTATION = re.compile(r"_?_?(asan|ubsan|odr_asan|tsan|msan)")


def main():
    nm, library = sys.argv[1:3]
    out = subprocess.run([nm, library], check=True, capture_output=True, text=True).stdout
    tables, problems, member = set(), [], None
    for line in out.splitlines():
        if line.endswith(":"):
            member = line[:-1].split("(")[-1].rstrip(")")
            continue
        if not line or not re.match(r"isa_\w+\.cpp", member or ""):
            continue
        kind, name = line.split()[-2:]
        if kind == "U" or (kind.islower() and kind not in "uvw") or INSTRUMENTATION.match(name.lstrip("_")):
            continue
        if TABLE.match(name) and kind in "BDRS":
            tables.add(name)
        else:
            problems.append(f"{member}: {kind} {name}")
    print("\n".join(problems))
    print(f"{len(tables)} builds, {len(problems)} symbols that may not be exported")
    sys.exit(0 if tables and not problems else 1)


if __name__ == "__main__":
    main()
