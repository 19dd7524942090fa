"""What the builds of the comparison's inner loops export: check_isa_symbols.py NM LIBRARY [--sanitized].

Each object isa_*.cpp.o may define its own table and nothing else that the linker sees. A weak symbol (an inline function,
a template) would be merged with the same one from elsewhere, and the one that is kept may need a newer processor. In a
build with sanitizers functions of the build's own Eigen are allowed: no other build has those.
"""
import re
import subprocess
import sys

TABLE = re.compile(r"_ZN13snapshot_test7compare\d+kIsa(Baseline|Avx2|Avx512)E$")
# What no code is, or no other object has: pointers to the runtime's functions, and this build's own Eigen.
HARMLESS = r"DW\.ref\.__gxx_personality_v0$|__(asan|ubsan|odr_asan)|_ZNK?\d+snapshot_test_eigen_{}\d"


def main():
    nm, library = sys.argv[1:3]
    sanitized = "--sanitized" in sys.argv
    out = subprocess.run([nm, library], check=True, capture_output=True, text=True).stdout
    tables, problems, member = set(), [], None
    for line in out.splitlines():
        if line.endswith(":"):
            member = line[:-1].split("(")[-1].rstrip(")")
            continue
        build = re.match(r"isa_([a-z0-9]+)\.cpp", member or "")
        if not line or not build:
            continue
        kind, name = line.split()[-2:]
        if kind == "U" or (kind.islower() and kind not in "uvw"):
            continue
        if sanitized and re.match(HARMLESS.format(build[1]), name):
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
