// An embedded interpreter for a test program, and Python modules made of text.
#pragma once

#include <gtest/gtest.h>
#include <pybind11/embed.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace snapshot_test::test {

/// Starts Python before the first test and ends it after the last:
/// `const auto* const kPython = ::testing::AddGlobalTestEnvironment(new test::PythonEnvironment);`
class PythonEnvironment : public ::testing::Environment {
 public:
  void SetUp() override { pybind11::initialize_interpreter(); }
  void TearDown() override { pybind11::finalize_interpreter(); }
};

/// A folder of Python files that goes away at the end of the test.
class PythonFolder {
 public:
  PythonFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "snapshot_test_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  PythonFolder(const PythonFolder&) = delete;
  PythonFolder& operator=(const PythonFolder&) = delete;
  ~PythonFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path file(std::string_view name) const { return path_ / name; }

  void write(std::string_view name, std::string_view source) const {
    std::ofstream(path_ / name, std::ios::binary) << source;
  }

  /// Writes `<name>.py` and imports it, as importlib does, under that name; not from a cached .pyc.
  [[nodiscard]] pybind11::module_ import(const std::string& name, std::string_view source) const {
    write(name + ".py", source);
    namespace py = pybind11;
    py::module_::import("sys").attr("dont_write_bytecode") = true;
    const py::module_ util = py::module_::import("importlib.util");
    const py::object spec = util.attr("spec_from_file_location")(name, file(name + ".py").string());
    py::object module = util.attr("module_from_spec")(spec);
    py::module_::import("sys").attr("modules")[name.c_str()] = module;
    spec.attr("loader").attr("exec_module")(module);
    return py::reinterpret_borrow<py::module_>(module);
  }

 private:
  std::filesystem::path path_;
};

/// Makes the packages of $SNAPSHOT_TEST_PYTHON importable, if that is this version of Python.
inline void add_packages_of_test_python() {
  pybind11::exec(R"py(
import os, subprocess, sys
if os.environ.get("SNAPSHOT_TEST_PYTHON"):
    found = subprocess.run([os.environ["SNAPSHOT_TEST_PYTHON"], "-c",
                            "import sys, sysconfig; print(*sys.version_info[:2]); print(sysconfig.get_path('purelib'))"],
                           stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout.splitlines()
    if tuple(map(int, found[0].split())) == sys.version_info[:2] and found[1] not in sys.path:
        sys.path.insert(0, found[1])
)py",
                 pybind11::dict());
}

[[nodiscard]] inline bool importable(const char* module) {
  try {
    static_cast<void>(pybind11::module_::import(module));
    return true;
  } catch (const pybind11::error_already_set&) {
    return false;
  }
}

/// In a test's body: ends it as skipped without that package, or as failed where nothing may be skipped.
#define ST_NEEDS_PACKAGE(name)                                                                        \
  do {                                                                                                \
    if (!::snapshot_test::test::importable(name)) {                                                   \
      if (std::getenv("SNAPSHOT_TEST_REQUIRE_ALL") != nullptr) FAIL() << "no package " name " found"; \
      GTEST_SKIP() << "no package " name " found (scripts/test provides it)";                         \
    }                                                                                                 \
  } while (false)

}  // namespace snapshot_test::test
