#include "host/discovery/benchmark_type.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

namespace snapshot_test::host::discovery {
namespace {

namespace fs = std::filesystem;

struct NamePattern {
  std::string_view type;
  std::string_view camel;  // "Time", to be followed by [A-Z_].+
  std::string_view snake;  // "time_", to be followed by .+$
};

constexpr std::array<NamePattern, 5> kPatterns{{{"mem", "Mem", "mem_"},
                                                {"peakmem", "PeakMem", "peakmem_"},
                                                {"time", "Time", "time_"},
                                                {"timeraw", "Timeraw", "timeraw_"},
                                                {"track", "Track", "track_"}}};

constexpr std::string_view kPluginPrefix = "asv_bench";

bool matches_camel(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() < prefix.size() + 2) {
    return false;
  }
  const char next = name[prefix.size()];
  return ((next >= 'A' && next <= 'Z') || next == '_') && name[prefix.size() + 1] != '\n';
}

bool matches_snake(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return false;
  }
  std::string_view rest = name.substr(prefix.size());
  if (rest.ends_with('\n')) {
    rest.remove_suffix(1);  // `$` also matches before a last newline
  }
  return !rest.empty() && rest.find('\n') == std::string_view::npos;
}

/// "asv_bench_memray-0.1.dist-info" and the like. Reading the metadata of every installed distribution, as ASV does,
/// costs more than all the rest of discovery; their folders' names say whether it is worth it.
bool looks_like_plugin(const fs::path& entry) {
  std::string name = entry.filename().string();
  const std::string extension = entry.extension().string();
  if (extension != ".dist-info" && extension != ".egg-info" && extension != ".egg") {
    return false;
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' || c == '.' ? '_' : static_cast<char>(std::tolower(c)); });
  return name.starts_with(kPluginPrefix);
}

bool any_plugin_installed() {
  for (const py::handle item : py::module_::import("sys").attr("path")) {
    if (!py::isinstance<py::str>(item)) {
      continue;
    }
    std::error_code code;
    const fs::path dir = utf8(item).empty() ? fs::path(".") : fs::path(utf8(item));
    for (fs::directory_iterator at(dir, code); !code && at != fs::directory_iterator(); at.increment(code)) {
      if (looks_like_plugin(at->path())) {
        return true;
      }
    }
  }
  return false;
}

void append_exported(const py::object& module, std::vector<py::object>& types) {
  const py::object exported = attribute_or_none(module, "export_as_benchmark");
  if (exported.is_none()) {
    return;
  }
  for (const py::handle type : exported) {
    types.push_back(py::reinterpret_borrow<py::object>(type));
  }
}

void load_plugin(const std::string& name, std::vector<py::object>& types) {
  const py::object import_module = py::module_::import("importlib").attr("import_module");
  const py::object plugin = import_module(name);
  py::list path;
  path.append((fs::path(utf8(plugin.attr("__file__"))).parent_path() / "benchmarks").string());
  const py::list found(py::module_::import("pkgutil").attr("iter_modules")(path));
  for (const py::handle info : found) {
    append_exported(import_module(name + ".benchmarks." + utf8(info.attr("name"))), types);
  }
}

}  // namespace

std::optional<std::string_view> builtin_type(std::string_view name) {
  for (const NamePattern& pattern : kPatterns) {
    if (matches_camel(name, pattern.camel) || matches_snake(name, pattern.snake)) {
      return pattern.type;
    }
  }
  return std::nullopt;
}

BenchmarkTypes BenchmarkTypes::load() {
  BenchmarkTypes types;
  if (!any_plugin_installed()) {
    return types;
  }
  const py::object distributions = py::module_::import("importlib.metadata").attr("distributions")();
  std::vector<std::string> names;
  for (const py::handle distribution : distributions) {
    const py::object name = distribution.attr("metadata").attr("get")("Name", py::none());
    if (py::isinstance<py::str>(name) && utf8(name).starts_with(kPluginPrefix)) {
      names.push_back(utf8(name));
    }
  }
  for (const std::string& name : names) {
    try {
      load_plugin(name, types.plugins_);
    } catch (const py::error_already_set& error) {
      if (!error.matches(PyExc_ImportError)) {
        throw;
      }
    }
  }
  return types;
}

std::optional<TypeMatch> BenchmarkTypes::match(const std::string& name) const {
  if (const std::optional<std::string_view> type = builtin_type(name)) {
    return TypeMatch{std::string(*type), py::none()};
  }
  for (const py::object& plugin : plugins_) {
    if (!plugin.attr("name_regex").attr("match")(name).is_none()) {
      return TypeMatch{"", plugin};
    }
  }
  return std::nullopt;
}

}  // namespace snapshot_test::host::discovery
