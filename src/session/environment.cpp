#include "session/environment.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <set>
#include <utility>

namespace snapshot_test::session {

namespace {

constexpr std::array kVariables{"NPY_DISABLE_CPU_FEATURES",
                                "NPY_ENABLE_CPU_FEATURES",
                                "OPENBLAS_CORETYPE",
                                "OPENBLAS_NUM_THREADS",
                                "MKL_CBWR",
                                "MKL_NUM_THREADS",
                                "MKL_ENABLE_INSTRUCTIONS",
                                "BLIS_ARCH_TYPE",
                                "OMP_NUM_THREADS",
                                "NUMBA_CPU_NAME",
                                "XLA_FLAGS",
                                "ATEN_CPU_CAPABILITY"};

/// From the widest to the narrowest, as /proc/cpuinfo names them.
constexpr std::array<std::pair<const char*, const char*>, 8> kLevels{{{"avx512f", "AVX-512"},
                                                                      {"avx2", "AVX2"},
                                                                      {"avx", "AVX"},
                                                                      {"sse4_2", "SSE4.2"},
                                                                      {"sse2", "SSE2"},
                                                                      {"sve", "SVE"},
                                                                      {"asimd", "NEON"},
                                                                      {"neon", "NEON"}}};

/// A package that was put into the environment: where a suite's repository holds none, what is tested are the libraries
/// that it uses most, which are not what changes.
bool is_installed(const model::TestedPackage& package) {
  return package.location.find("/site-packages/") != std::string::npos ||
         package.location.find("/dist-packages/") != std::string::npos;
}

std::string value_of(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
}

}  // namespace

std::map<std::string, std::string> numeric_variables() {
  std::map<std::string, std::string> set;
  for (const char* name : kVariables) {
    if (const char* value = std::getenv(name)) {  // NOLINT(concurrency-mt-unsafe): nobody changes it
      set[name] = value;
    }
  }
  return set;
}

std::map<std::string, std::string> all_numeric_variables() {
  std::map<std::string, std::string> all = numeric_variables();
  for (const char* name : kVariables) {
    all.try_emplace(name);
  }
  return all;
}

store::RunInfo place_of(const Run& run) {
  store::RunInfo info;
  info.python = {run.python().version, "CPython", run.python().executable};
  info.machine = store::collect_machine();
  info.packages = run.found().packages;
  info.environment = numeric_variables();
  return info;
}

store::RunInfo describe(const Run& run, const std::string& id, const std::vector<model::TestedPackage>& tested,
                        model::Listener& listener) {
  store::RunInfo info = place_of(run);
  info.id = id;
  info.time = store::utc_text(std::time(nullptr));
  info.tool_version = ST_VERSION;
  const SuiteOptions& suite = run.options();
  if (auto git = store::collect_git(suite.project_dir.value_or(suite.benchmark_dir))) {
    info.git = std::move(*git);
  } else {
    listener.note("the commit is not recorded: " + git.error().message);
  }
  info.tested = tested;
  info.seed = suite.seed;
  return info;
}

std::string vector_level(const std::vector<std::string>& cpu_features) {
  const auto level = std::find_if(kLevels.begin(), kLevels.end(), [&](const auto& each) {
    return std::find(cpu_features.begin(), cpu_features.end(), each.first) != cpu_features.end();
  });
  return level == kLevels.end() ? "" : level->second;
}

Result<void> refuse_environment(const std::vector<std::string>& patterns,
                                const std::vector<model::EnvironmentChange>& changes) {
  std::string refused;
  for (const model::EnvironmentChange& change : changes) {
    const bool named = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), change.part.c_str(), 0) == 0;
    });
    if (named) {
      refused += (refused.empty() ? "" : "; ") + model::text_of(change);
    }
  }
  return refused.empty() ? Result<void>()
                         : fail(ErrorKind::kUsage,
                                fmt::format("the environment is not that of the baseline (--same-environment): {}; "
                                            "verify where it was captured, or capture it here",
                                            refused));
}

std::vector<model::EnvironmentChange> environment_changes(const store::RunInfo& then, const store::RunInfo& now,
                                                          const std::vector<model::TestedPackage>& tested) {
  std::vector<model::EnvironmentChange> changes;
  const auto compare = [&](const std::string& part, const std::string& before, const std::string& after) {
    if (before != after) {
      changes.push_back({part, before, after});
    }
  };
  compare("python", then.python.version, now.python.version);
  compare("cpu", vector_level(then.machine.cpu_features), vector_level(now.machine.cpu_features));
  for (const auto& [name, version] : now.packages) {
    const bool is_tested = std::any_of(tested.begin(), tested.end(), [&name = name](const auto& each) {
      return each.name == name && !is_installed(each);
    });
    if (const auto before = then.packages.find(name); before != then.packages.end() && !is_tested) {
      compare(name, before->second, version);
    }
  }
  if (then.environment) {
    const auto variables = now.environment.value_or(std::map<std::string, std::string>());
    for (const char* name : kVariables) {
      compare(name, value_of(*then.environment, name), value_of(variables, name));
    }
  }
  return changes;
}

}  // namespace snapshot_test::session
