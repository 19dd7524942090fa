// Canonical forms of the libraries' types, in the libraries themselves: those of $SNAPSHOT_TEST_PYTHON.
#include <gmock/gmock.h>
#include <pybind11/embed.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "host/pickling_support.hpp"
#include "host/python_program.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::test {
namespace {

namespace py = pybind11;

pickle::Document read(const std::string& bytes) {
  auto document = pickle::read(std::as_bytes(std::span(bytes)));
  if (!document) {
    throw std::runtime_error(document.error().message);
  }
  return std::move(*document);
}

py::tuple compare_pickles(const py::bytes& actual, const py::bytes& expected) {
  const std::string actual_bytes = actual;
  const std::string expected_bytes = expected;
  const auto result = compare::compare(read(actual_bytes), read(expected_bytes));
  const char* outcome = result.outcome == compare::Outcome::kIdentical ? "identical"
                        : result.outcome == compare::Outcome::kClose   ? "close"
                                                                       : "different";
  return py::make_tuple(outcome, result.leaves, result.differences.empty() ? "" : result.differences[0].path);
}

py::module_ checker() {
  add_packages_of_test_python();
  py::module_::import("sys").attr("path").attr("insert")(0, SNAPSHOT_TEST_LIBRARY_CASES);
  py::module_ check = py::module_::import("check");
  check.attr("compare") = py::cpp_function(compare_pickles);
  return check;
}

enum class Wanted { kAlways, kIfThere };

void check_library(const char* name, Wanted wanted = Wanted::kAlways) {
  py::object check = checker();
  if (!can_import(name)) {
    if (wanted == Wanted::kAlways && std::getenv("SNAPSHOT_TEST_REQUIRE_ALL") != nullptr) {
      FAIL() << "the test interpreter lacks " << name;
    }
    GTEST_SKIP() << "the test interpreter lacks " << name;
  }
  run_python(std::string("import check; check.dump, check.has_reducer = dump, has_reducer; check.run('") + name +
             "', '" + std::filesystem::read_symlink("/proc/self/exe").string() + "')");
}

TEST(Libraries, AstropyValues_GiveEqualBytesAndReadBack) { check_library("astropy"); }
TEST(Libraries, NumpyValues_GiveEqualBytesAndReadBack) { check_library("numpy"); }
TEST(Libraries, NetworkxValues_GiveEqualBytesAndReadBack) { check_library("networkx"); }
TEST(Libraries, PandasValues_GiveEqualBytesAndReadBack) { check_library("pandas"); }
TEST(Libraries, PolarsValues_GiveEqualBytesAndReadBack) { check_library("polars"); }
TEST(Libraries, PyarrowValues_GiveEqualBytesAndReadBack) { check_library("pyarrow"); }
TEST(Libraries, SkimageValues_GiveEqualBytesAndReadBack) { check_library("skimage"); }
TEST(Libraries, ScipyValues_GiveEqualBytesAndReadBack) { check_library("scipy"); }
TEST(Libraries, ShapelyValues_GiveEqualBytesAndReadBack) { check_library("shapely"); }
TEST(Libraries, TorchValues_GiveEqualBytesAndReadBack) { check_library("torch", Wanted::kIfThere); }
TEST(Libraries, XarrayValues_GiveEqualBytesAndReadBack) { check_library("xarray"); }
// Large, or with a library of its own beneath.
TEST(Libraries, DaskValues_GiveEqualBytesAndReadBack) { check_library("dask", Wanted::kIfThere); }
TEST(Libraries, GeopandasValues_GiveEqualBytesAndReadBack) { check_library("geopandas", Wanted::kIfThere); }
TEST(Libraries, SklearnValues_GiveEqualBytesAndReadBack) { check_library("sklearn", Wanted::kIfThere); }

}  // namespace

int print_digests(const std::string& library) {
  const py::scoped_interpreter interpreter;
  checker();
  run_python("import check, json; check.dump = dump; print(json.dumps(check.digests('" + library + "')))");
  return ::testing::UnitTest::GetInstance()->Failed() ? 1 : 0;
}

}  // namespace snapshot_test::test

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--digests") {
    return snapshot_test::test::print_digests(argv[2]);
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
