#include "host/discovery/live_benchmark.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "host/discovery/root.hpp"
#include "host/discovery/seconds.hpp"
#include "host/discovery/source.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::discovery {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split_dots(const std::string& name) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
    parts.push_back(name.substr(begin, dot - begin));
    begin = dot + 1;
  }
  parts.push_back(name.substr(begin));
  return parts;
}

bool is_module_of(const fs::path& stem) {
  std::error_code code;
  return fs::is_regular_file(stem.string() + ".py", code) || fs::is_regular_file(stem / "__init__.py", code);
}

/// The benchmark at `attribute` of the class called `class_name` (empty: of the module itself), if there is one.
std::optional<Candidate> look_up(const BenchmarkTypes& types, const py::object& module, const std::string& class_name,
                                 const std::string& attribute) {
  py::object klass = py::none();
  if (!class_name.empty()) {
    klass = attribute_or_none(module, class_name.c_str());
    if (PyType_Check(klass.ptr()) == 0) {
      return std::nullopt;
    }
  }
  const py::object function = attribute_or_none(klass.is_none() ? module : klass, attribute.c_str());
  if (!is_function(function) && !(is_method(function) && !klass.is_none())) {
    return std::nullopt;
  }
  return classify(types, module, klass, attribute, function);
}

/// The module that a name's first parts lead to, if that is a file of the suite.
std::optional<std::string> module_from_parts(const SuiteRoot& root, const std::vector<std::string>& parts,
                                             std::size_t count) {
  fs::path stem = root.dir;
  std::string module = root.package;
  for (std::size_t i = 0; i < count; ++i) {
    stem /= parts[i];
    module += "." + parts[i];
  }
  const bool exists = count == 0 ? root.regular_package : is_module_of(stem);
  return exists ? std::optional(module) : std::nullopt;
}

std::optional<Candidate> find_directly(const BenchmarkTypes& types, const SuiteRoot& root, const std::string& name) {
  const std::vector<std::string> parts = split_dots(name);
  for (const std::size_t of_benchmark : {std::size_t{1}, std::size_t{2}}) {
    if (parts.size() < of_benchmark) {
      continue;
    }
    const std::optional<std::string> module = module_from_parts(root, parts, parts.size() - of_benchmark);
    if (!module) {
      continue;
    }
    const std::string class_name = of_benchmark == 2 ? parts[parts.size() - 2] : "";
    std::optional<Candidate> found = look_up(types, import_module(*module), class_name, parts.back());
    if (found && found->name == name) {
      return found;
    }
  }
  return std::nullopt;
}

/// For classes whose __name__ is not their name in the module.
std::optional<Candidate> find_in_module(const BenchmarkTypes& types, const py::object& module,
                                        const std::string& name) {
  std::vector<model::DiscoveryFailure> failures;
  std::optional<Candidate> found;
  const LostModules none;
  const std::set<std::string> all;
  Walk(types, {}, failures, none, all).scan_module(module, [&](const Candidate& candidate) {
    if (candidate.name == name) {
      found = candidate;
    }
  });
  return found;
}

Result<Candidate> find_by_walking(const BenchmarkTypes& types, const SuiteRoot& root, const std::string& name) {
  std::vector<model::DiscoveryFailure> failures;
  std::optional<Candidate> found;
  const LostModules none;
  const std::set<std::string> all;
  Walk(types, {}, failures, none, all).run(root.package, [&](const Candidate& candidate) {
    if (candidate.name == name) {
      found = candidate;
    }
  });
  if (found) {
    return *std::move(found);
  }
  std::string message = fmt::format("no benchmark in '{}' is called '{}'", root.dir.string(), name);
  if (!failures.empty()) {
    message += fmt::format("; {} could not be read: {}", failures.front().where, failures.front().cause);
  }
  return fail(ErrorKind::kUsage, std::move(message));
}

/// ASV 0.3: a hook of the module that can be called without arguments. Bound methods wait for set-up.
bool is_parameter_free(const py::object& setup) {
  if (is_method(setup)) {
    return false;
  }
  try {
    (void)py::module_::import("inspect").attr("signature")(setup).attr("bind")();
    return true;
  } catch (const py::error_already_set& error) {
    if (error.matches(PyExc_TypeError) || error.matches(PyExc_ValueError)) {
      return false;
    }
    throw;
  }
}

std::optional<SetupCache> find_setup_cache(const Sources& sources, const Hooks& hooks) {
  const py::object function = first_attribute(sources, "setup_cache");
  if (function.is_none()) {
    return std::nullopt;
  }
  SetupCache cache{function, SourceReader().setup_cache_key(function), {}};
  for (const py::object& setup : hooks.setups) {
    if (is_parameter_free(setup)) {
      cache.free_setups.push_back(setup);
    }
  }
  return cache;
}

}  // namespace

LiveBenchmark::LiveBenchmark(Candidate candidate)
    : candidate_(std::move(candidate)),
      bound_(bind(candidate_)),
      hooks_(find_hooks(bound_.sources)),
      setup_cache_(find_setup_cache(bound_.sources, hooks_)),
      timeout_(seconds_from(first_attribute(bound_.sources, "timeout"))) {}

LiveBenchmark::LiveBenchmark(Candidate candidate, const LiveBenchmark& same)
    : candidate_(std::move(candidate)),
      bound_(bind(candidate_)),
      params_(same.params_),
      axes_(same.axes_),
      skip_params_(same.skip_params_),
      hooks_(find_hooks(bound_.sources)),
      setup_cache_(same.setup_cache_),
      timeout_(same.timeout_) {}

Result<LiveBenchmark> LiveBenchmark::resolve(const fs::path& benchmark_dir, const std::string& name) {
  TRY_ASSIGN(const SuiteRoot root, mount_root(benchmark_dir));
  const BenchmarkTypes types = BenchmarkTypes::load();
  if (std::optional<Candidate> direct = find_directly(types, root, name)) {
    return LiveBenchmark(*std::move(direct));
  }
  Result<Candidate> found = find_by_walking(types, root, name);
  if (!found) {
    return tl::unexpected(found.error());
  }
  return LiveBenchmark(*std::move(found));
}

Result<LiveBenchmark> LiveBenchmark::resolve(const fs::path& benchmark_dir, const model::Benchmark& described) {
  TRY_ASSIGN(const SuiteRoot root, mount_root(benchmark_dir));
  const std::string module_name = described.module.empty() ? root.package : root.package + "." + described.module;
  const py::object module = import_module(module_name);
  const BenchmarkTypes types = BenchmarkTypes::load();
  std::optional<Candidate> found = look_up(types, module, described.class_name, described.function);
  if (!found || found->name != described.name) {
    found = find_in_module(types, module, described.name);
  }
  if (!found) {
    return fail(ErrorKind::kPython, fmt::format("{} was found when the suite was listed, but is not in {} now; does "
                                                "the module define it only sometimes?",
                                                described.name, module_name));
  }
  return LiveBenchmark(*std::move(found));
}

py::object LiveBenchmark::underlying_function() const { return plain_function(bound_.callable); }

const Params& LiveBenchmark::params() const {
  if (!params_) {
    params_ = read_params(bound_.sources);
  }
  return *params_;
}

Result<void> LiveBenchmark::check_index(std::size_t index) const {
  if (index < case_count()) {
    return {};
  }
  return fail(ErrorKind::kUsage,
              fmt::format("{} has {} parameter combinations, none of index {}", name(), case_count(), index));
}

Result<py::tuple> LiveBenchmark::param_values(std::size_t index) const {
  TRY(check_index(index));
  return combination(params(), index);
}

Result<std::vector<std::string>> LiveBenchmark::param_ids(std::size_t index) const {
  TRY(check_index(index));
  if (!axes_) {
    axes_.emplace().params = describe_axes(params());
  }
  return axes_->case_ids(index);
}

Result<void> LiveBenchmark::check_ids(std::size_t index, const std::vector<std::string>& expected) const {
  const Result<std::vector<std::string>> ids = param_ids(index);
  if (!ids) {
    return fail(ErrorKind::kPython, fmt::format("the parameters of {} changed since the suite was listed: {}", name(),
                                                ids.error().message));
  }
  bool same = ids->size() == expected.size();
  for (std::size_t i = 0; same && i < expected.size(); ++i) {
    same = same_ids((*ids)[i], expected[i]);
  }
  if (same) {
    return {};
  }
  return fail(
      ErrorKind::kPython,
      fmt::format("the parameters of {} changed since the suite was listed: combination {} was ({}) and is ({}) "
                  "now; parameters must not depend on time, chance or the working directory",
                  name(), index, fmt::join(expected, ", "), fmt::join(*ids, ", ")));
}

bool LiveBenchmark::is_skip_params(std::size_t index) const {
  if (!skip_params_) {
    skip_params_ = attribute("skip_params");
  }
  const py::object& skipped = *skip_params_;
  if (skipped.is_none()) {
    return false;
  }
  const int found = PySequence_Contains(skipped.ptr(), combination(params(), index).ptr());
  if (found < 0) {
    throw py::error_already_set();
  }
  return found == 1;
}

SetUp LiveBenchmark::set_up(const py::tuple& args) {
  try {
    for (const py::object& setup : hooks_.setups) {
      setup(*args);
    }
    return SetUp::kReady;
  } catch (const py::error_already_set& error) {
    if (!error.matches(PyExc_NotImplementedError)) {
      throw;
    }
    skip_reason_ = describe(error).cause;
    return SetUp::kSkipped;
  }
}

void LiveBenchmark::tear_down(const py::tuple& args) const {
  for (const py::object& teardown : hooks_.teardowns) {
    teardown(*args);
  }
}

bool is_skip_exception(const py::error_already_set& error) {
  const py::dict modules = py::reinterpret_borrow<py::dict>(PyImport_GetModuleDict());
  constexpr const char* kMark = "asv_runner.benchmarks.mark";
  if (!modules.contains(kMark)) {
    return false;  // nobody can have raised what nobody imported
  }
  const py::object skip = attribute_or_none(modules[kMark], "SkipNotImplemented");
  return !skip.is_none() && PyErr_GivenExceptionMatches(error.type().ptr(), skip.ptr()) != 0;
}

}  // namespace snapshot_test::host::discovery
