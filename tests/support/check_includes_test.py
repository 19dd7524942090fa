"""Each rule of check_includes.py is broken once, in a small tree made for it."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).with_name("check_includes.py")


def check(files, options=("--part",)):
    """The checker's exit status and output for a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        run = subprocess.run([sys.executable, CHECKER, *options, folder], stdout=subprocess.PIPE, text=True, check=False)
        return run.returncode, run.stdout


class CheckIncludes(unittest.TestCase):
    def assert_found(self, files, expected):
        status, output = check(files)
        self.assertEqual(status, 1, output)
        self.assertIn(expected, output)

    def test_allowed_includes_pass(self):
        status, output = check(
            {
                "src/util/text.hpp": "#include <string>\n",
                "src/compare/kernel.cpp": '#include <Eigen/Core>\n#include "util/text.hpp"\n',
                "src/host/trace/hook.cpp": "#include <Python.h>\n",
            }
        )
        self.assertEqual(status, 0, output)

    def test_a_lower_room_may_not_look_up(self):
        self.assert_found(
            {"src/store/store.hpp": "", "src/util/file.cpp": '#include "store/store.hpp"\n'},
            "src/util/file.cpp:1: room 'util' may not include room 'store'",
        )

    def test_public_headers_belong_to_their_room(self):
        self.assert_found(
            {
                "include/snapshot_test/compare/compare.hpp": "",
                "src/pickle/reader.cpp": '\n#include "snapshot_test/compare/compare.hpp"\n',
            },
            "src/pickle/reader.cpp:2: room 'pickle' may not include room 'compare'",
        )

    def test_a_runner_does_not_see_a_host(self):
        self.assert_found(
            {"src/host/execution/case.hpp": "", "src/runner/pool.cpp": '#include "host/execution/case.hpp"\n'},
            "room 'runner' may not include room 'host/execution'",
        )

    def test_private_names_of_python_stay_in_the_trace_room(self):
        self.assert_found(
            {"src/host/execution/objects.cpp": "\nauto next = &_PyObject_NextNotImplemented;\n"},
            "src/host/execution/objects.cpp:2: _PyObject_NextNotImplemented is private to CPython",
        )
        self.assertEqual(check({"src/host/trace/frames.cpp": "_PyInterpreterFrame* frame;\n"})[0], 0)

    def test_only_hosts_see_python(self):
        for header in ("Python.h", "pybind11/embed.h"):
            self.assert_found({"src/pickle/reader.cpp": f"#include <{header}>\n"}, f"<{header}> may only be included by")

    def test_only_compare_sees_eigen(self):
        self.assert_found({"src/report/terminal.cpp": "#include <Eigen/Dense>\n"}, "may only be included by compare")

    def test_files_may_not_include_each_other(self):
        self.assert_found(
            {"src/util/a.hpp": '#include "util/b.hpp"\n', "src/util/b.hpp": '#include "util/a.hpp"\n'},
            "units include each other in a circle: util/a, util/b",
        )

    def test_a_source_counts_as_its_header(self):
        self.assert_found(
            {
                "include/snapshot_test/store/store.hpp": '#include "snapshot_test/store/manifest.hpp"\n',
                "include/snapshot_test/store/manifest.hpp": "",
                "src/store/manifest.cpp": '#include "store/text.hpp"\n',
                "src/store/text.hpp": "",
                "src/store/text.cpp": '#include "snapshot_test/store/store.hpp"\n',
            },
            "units include each other in a circle: store/manifest, store/store, store/text",
        )

    def test_the_rooms_of_a_host_are_rooms(self):
        self.assert_found(
            {"src/host/trace/hook.hpp": "", "src/host/pickling/pickler.cpp": '#include "host/trace/hook.hpp"\n'},
            "room 'host/pickling' may not include room 'host/trace'",
        )

    def test_a_permission_that_is_not_used_is_named(self):
        status, output = check({"src/store/store.cpp": ""}, options=())
        self.assertEqual(status, 1)
        self.assertIn("room 'store' may include room 'model' and does not", output)

    def test_an_unknown_room_is_named(self):
        self.assert_found({"src/attic/old.cpp": "\n"}, "'attic' is no room")

    def test_a_missing_file_is_named(self):
        self.assert_found({"src/util/a.cpp": '#include "util/gone.hpp"\n'}, '"util/gone.hpp" is no file of this project')

    def test_an_empty_tree_is_an_error(self):
        self.assertEqual(check({"README.md": ""})[0], 2)


if __name__ == "__main__":
    unittest.main()
