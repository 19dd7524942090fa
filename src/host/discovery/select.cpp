#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "host/discovery/discovery.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::discovery {
namespace {

std::vector<std::size_t> all_indices(const model::Benchmark& benchmark) {
  std::vector<std::size_t> indices(benchmark.case_count());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}

Error invalid_regex(const std::string& what, const py::error_already_set& error) {
  const py::object reason = attribute_or_none(error.value(), "msg");
  const py::object position = attribute_or_none(error.value(), "pos");
  const std::string why = py::isinstance<py::str>(reason) ? utf8(reason) : describe(error).cause;
  const std::string where =
      py::isinstance<py::int_>(position) ? fmt::format(" at position {}", position.cast<std::size_t>()) : std::string();
  return {ErrorKind::kUsage, fmt::format("{} is not a valid regular expression{}: {}", what, where, why)};
}

class Matcher {
 public:
  /// `what`: "the filter". kUsage.
  static Result<Matcher> compile(const std::string& regex, const std::string& what) {
    try {
      return Matcher(py::module_::import("re").attr("compile")(regex).attr("search"));
    } catch (const py::error_already_set& error) {
      return tl::unexpected(invalid_regex(fmt::format("{} '{}'", what, regex), error));
    }
  }

  [[nodiscard]] bool operator()(const std::string& text) const { return !search_(text).is_none(); }

 private:
  explicit Matcher(py::object search) : search_(std::move(search)) {}

  py::object search_;
};

std::vector<std::size_t> matching_indices(const Matcher& matches, const model::Benchmark& benchmark) {
  if (matches(benchmark.name) || matches(benchmark.name_without_class())) {
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

/// Takes them from what is selected, and counts them.
void exclude(const Matcher& matches, const std::string& regex, const model::Suite& suite, Selected& selected) {
  bool idle = true;
  for (std::size_t i = 0; i < suite.benchmarks.size(); ++i) {
    const std::vector<std::size_t> taken = matching_indices(matches, suite.benchmarks[i]);
    idle = idle && taken.empty();
    selected.excluded[i] += std::erase_if(selected.indices[i], [&](const std::size_t index) {
      return std::binary_search(taken.begin(), taken.end(), index);
    });
  }
  for (const model::DiscoveryFailure& failure : suite.failures) {
    // "bench_x.*" and "bench_x\." mean the module, too.
    if (!failure.where.empty() && (matches(failure.where) || matches(failure.where + "."))) {
      selected.failures.push_back(failure.where);
      idle = false;
    }
  }
  if (idle) {
    selected.idle.push_back(regex);
  }
}

}  // namespace

Result<Selected> select(const model::Suite& suite, const Wanted& wanted) {
  TRY_ASSIGN(const auto matches, Matcher::compile(wanted.filter, "the filter"));
  Selected selected;
  selected.indices.reserve(suite.benchmarks.size());
  for (const model::Benchmark& benchmark : suite.benchmarks) {
    selected.indices.push_back(matching_indices(matches, benchmark));
  }
  selected.excluded.resize(suite.benchmarks.size());
  for (const std::string& regex : wanted.exclude) {
    TRY_ASSIGN(const auto excludes, Matcher::compile(regex, "--exclude"));
    exclude(excludes, regex, suite, selected);
  }
  return selected;
}

}  // namespace snapshot_test::host::discovery
