"""A made-up run as verify --json FILE writes it, with as many cases as are wanted: what reports are measured with."""

import json
import math
import random

CELLS = "0123456789:;<=>?@"


def sketch(draw, rows=64, columns=64):
    """A sketch of noise, as large as they get."""
    ulps = [draw.randrange(1, 10**6) for _ in range(12)] + [draw.randrange(5) for _ in range(6)]
    total = sum(ulps)
    worst = []
    for _ in range(20):
        expected = draw.uniform(0.1, 10)
        difference = draw.uniform(1e-6, 1e-3)
        worst.append({"index": [draw.randrange(4096), draw.randrange(4096)], "expected": repr(expected),
                      "actual": repr(expected + difference), "difference": difference, "ulps": draw.randrange(1, 2**20)})
    worst.sort(key=lambda each: -each["difference"])
    most = worst[0]["difference"]
    passing = draw.choice([10 ** draw.uniform(-13, 0), 10 ** draw.uniform(-6, -4)])
    return {
        "path": "", "dtype": "float64", "shape": [4096, 4096], "total": total, "differing": total - ulps[0],
        "measured": total, "ulps": ulps, "tolerances": [0] * 40 + ulps, "mean_difference": most / 7,
        "mean_ulps": draw.uniform(-3, 3), "max_difference": most, "max_ulps": 2**17, "rtol": 1e-5, "atol": 1e-8,
        "passing_rtol": passing, "passing_rtol_alone": passing * 1.5,
        "nan": {"appeared": 0, "vanished": 0, "stayed": 0}, "inf_changed": 0, "sign_changed": draw.randrange(3),
        "became_zero": 0, "was_zero": 0, "reading": f"beyond rounding: {draw.randrange(100)} % of {total} elements",
        "map": {"axes": [0, 1], "extents": [4096, 4096], "rows": rows, "columns": columns,
                "log2_largest": math.frexp(most)[1] - 1,
                "cells": "".join(draw.choice(CELLS) for _ in range(rows * columns))},
        "worst": worst,
    }


def case(number, verdict, draw, text=""):
    """One case. `text` becomes part of all that a stranger could have written."""
    module = f"bench_{number % 40:02}"
    name = f"{module}.Suite{number % 7}.time_operation_{number % 400:03}"
    fails = verdict in ("different", "raised")
    made = {
        "label": f"{name}({number}, 'float64'{text})", "benchmark": name, "index": number, "module": module,
        "file": f"/home/me/project/benchmarks/{module}.py", "line": 10 + number % 300, "verdict": verdict,
        "standing": "failed" if fails else "passed", "checked_by": "result", "missing": [],
        "reason": f"return differs{text}" if verdict == "different" else f"ValueError: no {number}{text}" if fails else "",
        "source_changed": False, "seconds": draw.uniform(1e-6, 2), "sites": [],
        "observation": {"ending": "raised" if verdict == "raised" else "returned", "detail": "",
                        "traceback": f"Traceback\n  File 'x'\nValueError: no {number}{text}" if verdict == "raised" else "",
                        "output": f"{text}\n" if text else "", "notes": [text] if text else []},
    }
    if verdict in ("different", "close"):
        one = sketch(draw) if verdict == "different" else sketch(draw, 1, 8)
        if verdict == "close":
            one["passing_rtol"] = 0.0
            one["passing_rtol_alone"] = 1e-7
        site = {"site": "return", "match": verdict, "meaningful": True,
                "details": {"outcome": verdict, "leaves": 1, "ignored": 0, "difference_count": int(fails),
                            "differences": [], "sketch": one}}
        if fails:
            site["explanation"] = f"the value itself: many of {one['total']} elements differ{text}\n{one['reading']}"
            site["details"]["parts"] = [
                {"path": f"['k{text}']", "kind": "columns", "expected": 9, "actual": 10,
                 "added": {"count": 2, "names": ["'new'", f"'w{text}'"]}, "changed": {"count": 30, "names": ["'x'"] * 8}}]
            site["details"]["groups"] = [{"path": "", "what": "value", "count": 1}]
            site["details"]["differences"] = [{"path": "", "what": "value", "numbers": {"exact": False}}]
        made["sites"].append(site)
    elif verdict == "identical":
        made["sites"].append({"site": "return", "match": "identical", "meaningful": True})
    return made


def run(cases, differing, seed=1, text=""):
    """The whole report as JSON text; half as many as differ are close, and one in fifty raises."""
    draw = random.Random(seed)
    made = []
    for number in range(cases):
        verdict = ("different" if number < differing else "close" if number < differing * 1.5
                   else "raised" if number < differing * 1.52 else "identical")
        made.append(case(number, verdict, draw, text))
    made.sort(key=lambda each: (each["benchmark"], each["index"]))
    failed = sum(each["standing"] == "failed" for each in made)
    counts = {}
    for each in made:
        counts[each["verdict"]] = counts.get(each["verdict"], 0) + 1
    return json.dumps({
        "format": 1, "command": "verify", "version": "0.1.0", "timestamp": "2024-05-06T07:08:09Z",
        "benchmark_dir": "benchmarks/", "snapshot_dir": ".snapshots/",
        "command_line": "snapshot_test verify benchmarks/" + text,
        "plan": {"benchmarks": cases, "cases": cases, "excluded": 0, "filtered_out": 0, "not_imported": 0, "workers": 2,
                 "failures": [{"where": f"bench_old{text}", "cause": f"no{text}", "traceback": text}] if text else [],
                 "notes": [text] if text else [], "tested": [], "baseline": None},
        "summary": {"total": cases, "by_verdict": counts, "strict": False, "seconds": 12.5, "status": "failed",
                    "exit_status": 1, "failure": f"{failed} cases failed"},
        "cases": made,
    })
