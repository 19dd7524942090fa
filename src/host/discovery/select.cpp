#include <fmt/format.h>

#include <numeric>

#include "host/discovery/discovery.hpp"

namespace snapshot_test::host::discovery {
namespace {

std::vector<std::size_t> all_indices(const model::Benchmark& benchmark) {
  std::vector<std::size_t> indices(benchmark.case_count());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}

Error invalid_regex(const std::string& regex, const py::error_already_set& error) {
  const py::object reason = attribute_or_none(error.value(), "msg");
  const py::object position = attribute_or_none(error.value(), "pos");
  const std::string why = py::isinstance<py::str>(reason) ? utf8(reason) : describe(error).cause;
  const std::string where =
      py::isinstance<py::int_>(position) ? fmt::format(" at position {}", position.cast<std::size_t>()) : std::string();
  return {ErrorKind::kUsage, fmt::format("the filter '{}' is not a valid regular expression{}: {}", regex, where, why)};
}

class Matcher {
 public:
  explicit Matcher(const std::string& regex)
      : search_(py::module_::import("re").attr("compile")(regex).attr("search")) {}

  [[nodiscard]] bool operator()(const std::string& text) const { return !search_(text).is_none(); }

 private:
  py::object search_;
};

std::vector<std::size_t> matching_indices(const Matcher& matches, const model::Benchmark& benchmark) {
  const std::string without_class =
      benchmark.module.empty() ? benchmark.function : benchmark.module + "." + benchmark.function;
  if (matches(benchmark.name) || matches(without_class)) {
    return all_indices(benchmark);
  }
  std::vector<std::size_t> indices;
  if (benchmark.params.empty()) {
    return indices;
  }
  for (std::size_t index = 0, count = benchmark.case_count(); index < count; ++index) {
    if (matches(benchmark.case_label(index))) {
      indices.push_back(index);
    }
  }
  return indices;
}

}  // namespace

Result<std::vector<std::vector<std::size_t>>> select(const model::Suite& suite, const std::string& regex) {
  try {
    const Matcher matches(regex);
    std::vector<std::vector<std::size_t>> selected;
    selected.reserve(suite.benchmarks.size());
    for (const model::Benchmark& benchmark : suite.benchmarks) {
      selected.push_back(matching_indices(matches, benchmark));
    }
    return selected;
  } catch (const py::error_already_set& error) {
    return tl::unexpected(invalid_regex(regex, error));
  }
}

}  // namespace snapshot_test::host::discovery
