#include "host/discovery/discovery.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

#include "host/discovery/params.hpp"
#include "host/discovery/root.hpp"
#include "host/discovery/seconds.hpp"
#include "host/discovery/source.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::discovery {
namespace {

/// Fills in model::Benchmark from candidates, and notes what is odd about them.
class Describer {
 public:
  Describer(std::vector<std::string>& notes, const OnDescribed& on_described)
      : notes_(notes), on_described_(on_described) {}

  /// Throws py::error_already_set with whatever the benchmark's class and attributes raise.
  model::Benchmark describe_benchmark(const Candidate& candidate) {
    const BoundBenchmark bound = bind(candidate);
    model::Benchmark benchmark;
    benchmark.name = candidate.name;
    benchmark.module = name_in_suite(candidate.module);
    benchmark.class_name = candidate.klass.is_none() ? "" : utf8(candidate.klass.attr("__name__"));
    benchmark.function = candidate.attribute;
    const py::object pretty_name = attribute_or_none(bound.callable, "pretty_name");
    benchmark.pretty_name = py::isinstance<py::str>(pretty_name) ? utf8(pretty_name) : "";
    const Params params = fill_params(benchmark, bound);
    fill_type(benchmark, candidate, bound);
    fill_source(benchmark, bound);
    benchmark.timeout = timeout_of(first_attribute(bound.sources, "timeout"), benchmark.name);
    if (on_described_) {
      on_described_(benchmark, bound, params);
    }
    return benchmark;
  }

 private:
  static Params fill_params(model::Benchmark& benchmark, const BoundBenchmark& bound) {
    Params params = read_params(bound.sources);
    if (params.combinations() > kMostCombinations) {
      raise_value_error(fmt::format("params has more than {} combinations", kMostCombinations));
    }
    benchmark.params = describe_axes(params);
    return params;
  }

  static void fill_type(model::Benchmark& benchmark, const Candidate& candidate, const BoundBenchmark& bound) {
    benchmark.type = candidate.type.type;
    if (!candidate.type.plugin.is_none()) {
      py::list sources;
      for (const py::object& source : bound.sources) {
        sources.append(source);
      }
      const py::object built = candidate.type.plugin(candidate.name, bound.callable, sources);
      benchmark.type = utf8(py::str(built.attr("type")));
      benchmark.unit = utf8(py::str(built.attr("unit")));
    } else if (benchmark.type == "track") {
      const py::object unit = first_attribute(bound.sources, "unit");
      benchmark.unit = unit.is_none() ? "unit" : utf8(py::str(unit));
    } else {
      benchmark.unit = benchmark.type == "time" || benchmark.type == "timeraw" ? "seconds" : "bytes";
    }
  }

  void fill_source(model::Benchmark& benchmark, const BoundBenchmark& bound) {
    const py::object setup_cache = first_attribute(bound.sources, "setup_cache");
    if (!setup_cache.is_none()) {
      benchmark.setup_cache_key = sources_.setup_cache_key(setup_cache);
      benchmark.setup_cache_timeout = timeout_of(attribute_or_none(setup_cache, "timeout"), benchmark.name);
    }
    const FunctionSource source = sources_.read(bound.callable);
    benchmark.file = SourceReader::file(bound.callable);
    benchmark.line = source.first_line;
    benchmark.no_op = does_nothing(bound.callable);

    std::vector<py::object> items{bound.callable};
    const Hooks hooks = find_hooks(bound.sources);
    items.insert(items.end(), hooks.setups.begin(), hooks.setups.end());
    items.push_back(setup_cache);
    const py::object own_version = first_attribute(bound.sources, "version");
    benchmark.version = own_version.is_none() ? source_version(benchmark, bound, items) : utf8(py::str(own_version));
  }

  std::string source_version(const model::Benchmark& benchmark, const BoundBenchmark& bound,
                             const std::vector<py::object>& items) {
    std::string code = sources_.code(items);
    if (benchmark.type == "timeraw") {
      code += env_fingerprint(first_attribute(bound.sources, "env"));
    }
    return sources_.sha256(code);
  }

  /// What a timeraw benchmark's own environment variables add to the text that is hashed.
  static std::string env_fingerprint(const py::object& env) {
    if (env.is_none()) {
      return "";
    }
    if (!py::isinstance<py::dict>(env)) {
      raise_value_error("the attribute 'env' of a timeraw benchmark must be a dict");
    }
    py::list items;
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(env)) {
      items.append(py::make_tuple(py::str(key), py::str(value)));
    }
    if (items.empty()) {
      return "";
    }
    items.attr("sort")();
    return "\n# timeraw_env\n" + utf8(py::repr(items));
  }

  std::optional<double> timeout_of(const py::object& value, const std::string& name) {
    const std::optional<double> seconds = seconds_from(value);
    if (!value.is_none() && !seconds) {
      notes_.push_back(fmt::format("the timeout of {} is not a number of seconds ({}); the default is used", name,
                                   utf8(py::repr(value))));
    }
    return seconds;
  }

  std::vector<std::string>& notes_;
  const OnDescribed& on_described_;
  SourceReader sources_;
};

/// Keeps one benchmark a name.
class Collector {
 public:
  Collector(model::Suite& suite, const OnDescribed& on_described)
      : suite_(suite), describer_(suite.notes, on_described) {}

  void add(const Candidate& candidate) {
    model::Benchmark benchmark = describer_.describe_benchmark(candidate);
    const auto [at, is_new] = by_name_.emplace(benchmark.name, suite_.benchmarks.size());
    if (is_new) {
      suite_.benchmarks.push_back(std::move(benchmark));
      return;
    }
    model::Benchmark& earlier = suite_.benchmarks[at->second];
    if (earlier.file != benchmark.file || earlier.line != benchmark.line) {
      suite_.notes.push_back(fmt::format("two benchmarks are called {}: the one at {}:{} is hidden by the one at {}:{}",
                                         benchmark.name, earlier.file, earlier.line, benchmark.file, benchmark.line));
    }
    earlier = std::move(benchmark);
  }

 private:
  model::Suite& suite_;
  Describer describer_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace

Result<void> install_root(const std::filesystem::path& benchmark_dir) {
  const Result<SuiteRoot> root = mount_root(benchmark_dir);
  return root ? Result<void>() : tl::unexpected(root.error());
}

Result<model::Suite> discover(const std::filesystem::path& benchmark_dir, const OnImport& on_import,
                              const LostModules& lost, const OnDescribed& on_described,
                              const std::set<std::string>& skip, const std::vector<std::string>& also) {
  TRY_ASSIGN(SuiteRoot root, mount_root(benchmark_dir));
  model::Suite suite;
  suite.root = root.dir.string();
  suite.notes = std::move(root.notes);
  BenchmarkTypes types;
  try {
    types = BenchmarkTypes::load();
  } catch (const py::error_already_set& error) {
    record_failure(suite.failures, "an ASV benchmark plugin", error);
  }
  Collector collector(suite, on_described);
  Walk walk(types, on_import, suite.failures, lost, skip);
  const auto add = [&collector](const Candidate& candidate) { collector.add(candidate); };
  walk.run(root.package, add);
  for (const std::string& folder : also) {
    walk.run(root.package + "." + folder, add);
  }
  return suite;
}

}  // namespace snapshot_test::host::discovery
