#!/usr/bin/env python3
"""Size of the report page and the time until it can be used: report_page.py SNAPSHOT_TEST [CASES [DIFFERING]].

Makes up a run, has the program make the page, and opens it five times in a headless Chromium from a file. "Usable" is
when the first rows are drawn and all listeners are there; the details of a case are unpacked when it is opened.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/support"))
import browser  # noqa: E402
import large_run  # noqa: E402


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    differing = int(sys.argv[3]) if len(sys.argv) > 3 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder, "run.json")
        page = pathlib.Path(folder, "page.html")
        run.write_text(large_run.run(cases, differing))
        began = time.monotonic()
        subprocess.run([program, "report", run, "--html", page], check=True)
        made = time.monotonic() - began
        print(f"{cases:,} cases, {differing:,} differ: run.json {run.stat().st_size / 1e6:.1f} MB, "
              f"page {page.stat().st_size / 1e6:.2f} MB, made in {made:.2f} s")
        usable, opened, searched = [], [], []
        for _ in range(5):
            with browser.Browser(browser.find_browser()) as chromium:
                chromium.open(page.as_uri())
                usable.append(int(chromium.wait("document.documentElement.dataset.ready")))
                opened.append(chromium.run(
                    "(async () => { const from = performance.now(); document.querySelectorAll('tr.row')[0].click();"
                    " while (!document.querySelector('#case dl')) await new Promise(requestAnimationFrame);"
                    " return performance.now() - from; })()"))
                searched.append(chromium.run(
                    "(() => { const from = performance.now(); const box = document.getElementById('search');"
                    " box.value = 'suite3 operation_01'; box.dispatchEvent(new Event('input'));"
                    " return performance.now() - from; })()"))
                left_out = chromium.run("document.getElementById('left-out')?.textContent || 'nothing left out'")
        for name, times in (("usable", usable), ("a case opened", opened), ("searched", searched)):
            print(f"{name} after {sorted(times)[2]:.0f} ms (of five: {', '.join(f'{each:.0f}' for each in times)})")
        print(left_out)


main()
