#!/usr/bin/env python3
"""Is a run in shards the run without? On a real suite, for capture and verify.

    shard_agreement.py SNAPSHOT_TEST SUITE [--python FILE] [--shards N] [--folder DIR] [-- OPTIONS of capture and verify]

  capture   twice without shards, and once in N, each into a store of its own, merged. All that the merged store holds is
            the first store's, byte for byte: manifests but for times, run ids and which cases are short enough for a
            process that they share, and objects. What the two captures without shards differ in may be otherwise.
  verify    on the first store, without shards and in N, merged: the reports are the same but for times, addresses in
            what crashed, and who ran it. Once with the seed of the capture, and once with another, so that cases differ.

Exit status 0: they agree. The folder (default: a temporary one) keeps the stores and reports.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

# Of a case in a manifest: when and how fast, and whether it took less than a process of its own costs.
VARYING = ("seconds", "total_seconds", "run", "context_free")


class Program:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def run(self, *words, statuses=(0,)):
        began = time.monotonic()
        done = subprocess.run([self.options.binary, *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode not in statuses:
            sys.exit(f"{words}: exit status {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return time.monotonic() - began

    def of_suite(self, command, *words, **more):
        return self.run(command, self.options.suite, "--python", self.options.python, *self.options.more, *words, **more)


def snapshots(store):
    """What a store says of each case, and of each benchmark beside its cases."""
    found = {}
    for path in sorted((store / "cases").rglob("*.json")):
        manifest = json.loads(path.read_text())
        for case in manifest.pop("cases"):
            for key in VARYING:
                case.pop(key, None)
            found[manifest["benchmark"], case["index"]] = json.dumps([manifest, case], sort_keys=True)
    return found


def objects(store):
    return {path.name: path for path in (store / "objects").rglob("*") if path.is_file()}


def same_objects(one, other):
    """The names of objects that only one has, and of those whose files are not the same."""
    ours, theirs = objects(one), objects(other)
    alone = ours.keys() ^ theirs.keys()
    return alone, {name for name in ours.keys() & theirs.keys() if ours[name].read_bytes() != theirs[name].read_bytes()}


def try_capture(program, shards):
    folder = program.folder
    spent = {"whole": 0, "shards": []}
    for name in ("whole", "again"):
        spent[name] = program.of_suite("capture", "--snapshot-dir", folder / name)
    parts = [folder / f"part{i}" for i in range(1, shards + 1)]
    for number, part in enumerate(parts, 1):
        spent["shards"].append(program.of_suite("capture", "--snapshot-dir", part, "--shard", f"{number}/{shards}"))
    program.run("merge", *parts, "--snapshot-dir", folder / "merged")
    whole, again, merged = (snapshots(folder / name) for name in ("whole", "again", "merged"))
    differing = [case for case in whole if whole[case] != merged.get(case)]
    by_chance = [case for case in whole if whole[case] != again.get(case)]
    problems = [f"only one of the stores has {case}" for case in whole.keys() ^ merged.keys()]
    problems += [f"{case} is not the same" for case in set(differing) - set(by_chance)]
    alone, changed = same_objects(folder / "whole", folder / "merged")
    # An object that only one store has is one of a case that differs.
    known = "".join(store[case] for store in (whole, merged) for case in differing if case in store)
    problems += [f"object {name} is in one store alone" for name in alone if name.split(".")[0] not in known]
    problems += [f"object {name} has other bytes" for name in changed]
    print(f"capture: {len(whole)} cases in {shards} shards, merged: {len(whole) - len(differing)} as without shards, byte "
          f"for byte; {len(differing)} not, and {len(by_chance)} not in two captures without shards")
    print(f"         {spent['whole']:.0f} s and {spent['again']:.0f} s; the shards {sum(spent['shards']):.0f} s, the "
          f"slowest {max(spent['shards']):.0f} s", flush=True)
    # Which they are, and that they mean the same.
    for benchmark in sorted({case[0] for case in differing}):
        print(f"           {benchmark}: {sum(case[0] == benchmark for case in differing)}")
    program.run("diff", folder / "whole", folder / "merged")
    return problems


def report_of(path):
    """A --json report without times and who wrote it; as many cases at once as the machine has processors for."""
    report = json.loads(path.read_text())
    for key in ("timestamp", "command_line"):
        report.pop(key)
    report["summary"].pop("seconds")
    for case in report["cases"]:
        case.pop("seconds")
        case["observation"]["output"] = re.sub("0x[0-9a-f]+", "0x", case["observation"]["output"])
    return report


def try_verify(program, shards, what, *words):
    folder = program.folder
    words = ("--snapshot-dir", folder / "whole", *words)
    program.of_suite("verify", *words, "--json", folder / "whole.json", statuses=(0, 1))
    parts = [folder / f"shard{i}.json" for i in range(1, shards + 1)]
    for number, part in enumerate(parts, 1):
        program.of_suite("verify", *words, "--shard", f"{number}/{shards}", "--json", part, statuses=(0, 1))
    program.run("merge", *reversed(parts), "--json", folder / "merged.json", statuses=(0, 1))
    whole, merged = report_of(folder / "whole.json"), report_of(folder / "merged.json")
    problems = [f"{key} is not the same" for key in whole.keys() | merged.keys()
                if key != "cases" and whole.get(key) != merged.get(key)]
    verdicts = {case["label"]: case for case in whole["cases"]}
    others = {case["label"]: case for case in merged["cases"]}
    problems += [f"only one of the reports has {label}" for label in verdicts.keys() ^ others.keys()]
    for label in verdicts.keys() & others.keys():
        if verdicts[label] != others[label]:
            keys = [key for key in verdicts[label] if verdicts[label][key] != others[label].get(key)]
            problems.append(f"{label}: {keys}")
    counts = ", ".join(f"{number} {name}" for name, number in sorted(whole["summary"]["by_verdict"].items()))
    print(f"verify ({what}): {len(verdicts)} cases in {shards} shards, merged, are the report without shards but for "
          f"{len(problems)} differences: {counts}", flush=True)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--only", choices=["capture", "verify"], help="verify alone wants a folder with the capture")
    parser.epilog = "Behind --: options of capture and verify."
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:split])
    options.more = words[split + 1:]
    options.binary, options.suite = options.binary.resolve(), options.suite.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or pathlib.Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        program = Program(options, folder)
        problems = try_capture(program, options.shards) if options.only != "verify" else []
        if options.only != "capture":
            problems += try_verify(program, options.shards, "the same seed")
            problems += try_verify(program, options.shards, "another seed", "--seed", "7")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
