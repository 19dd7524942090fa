#include "host/discovery/scan.hpp"

#include <fmt/format.h>

#include <utility>

namespace snapshot_test::host::discovery {
namespace {

std::string join(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

/// A module's name for people: without the root package, but the root by its own name.
std::string shown_name(const std::string& module) {
  const std::size_t dot = module.find('.');
  return dot == std::string::npos ? module : module.substr(dot + 1);
}

std::string class_name(const py::object& klass) { return utf8(klass.attr("__name__")); }

/// One that is not wanted, but another module of the suite has imported it, may have been changed by that one.
bool is_loaded(const std::string& module) {
  return py::dict(py::module_::import("sys").attr("modules")).contains(module.c_str());
}

using Members = std::vector<std::pair<std::string, py::object>>;

Members all_members(const py::object& klass) {
  Members members;
  const py::list found = py::module_::import("inspect").attr("getmembers")(klass);
  for (const py::handle item : found) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);
    members.emplace_back(utf8(pair[0]), pair[1]);
  }
  return members;
}

}  // namespace

py::object import_module(const std::string& name) {
  return py::module_::import("importlib").attr("import_module")(name);
}

std::string name_in_suite(const py::object& module) {
  const std::string name = utf8(module.attr("__name__"));
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(dot + 1);
}

void record_failure(std::vector<model::DiscoveryFailure>& failures, const std::string& where,
                    const py::error_already_set& error) {
  PythonFailure failure = describe(error);
  failures.push_back({where, std::move(failure.cause), std::move(failure.traceback)});
}

std::optional<Candidate> classify(const BenchmarkTypes& types, const py::object& module, const py::object& klass,
                                  const std::string& attribute, const py::object& function) {
  const py::object skip = attribute_or_none(function, "skip_benchmark");
  if (!skip.is_none() && py::bool_(skip)) {
    return std::nullopt;
  }
  PyObject* own_name = PyObject_GetAttrString(function.ptr(), "benchmark_name");
  const bool has_own_name = own_name != nullptr;
  const py::object given = py::reinterpret_steal<py::object>(own_name);
  if (!has_own_name) {
    if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) {
      throw py::error_already_set();
    }
    PyErr_Clear();
  }
  Candidate candidate;
  std::string searched = attribute;
  if (has_own_name) {
    candidate.name = utf8(given);
    searched = candidate.name.substr(candidate.name.rfind('.') + 1);
  }
  std::optional<TypeMatch> type = types.match(searched);
  if (!type) {
    return std::nullopt;
  }
  if (!has_own_name) {
    const std::string owner = name_in_suite(module);
    candidate.name = klass.is_none() ? join(owner, utf8(function.attr("__name__")))
                                     : join(join(owner, class_name(klass)), attribute);
  }
  candidate.type = std::move(*type);
  candidate.module = module;
  candidate.klass = klass;
  candidate.attribute = attribute;
  candidate.function = function;
  return candidate;
}

BoundBenchmark bind(const Candidate& candidate) {
  if (candidate.klass.is_none()) {
    return {py::none(), candidate.function, {candidate.function, candidate.module}};
  }
  py::object instance = candidate.klass();
  py::object method = instance.attr(candidate.attribute.c_str());
  Sources sources{method, instance, candidate.module};
  return {std::move(instance), std::move(method), std::move(sources)};
}

Walk::Walk(const BenchmarkTypes& types, OnImport on_import, std::vector<model::DiscoveryFailure>& failures,
           const LostModules& lost, const std::set<std::string>& skip)
    : types_(types), on_import_(std::move(on_import)), failures_(failures), lost_(lost), skip_(skip) {}

void Walk::run(const std::string& package, const Visit& visit) { walk_module(package, visit); }

void Walk::walk_module(const std::string& name, const Visit& visit) {
  if (skip_.contains(name) && !is_loaded(name)) {
    return;
  }
  if (const auto lost = lost_.find(name); lost != lost_.end()) {
    failures_.push_back({shown_name(name), lost->second, ""});
    return;
  }
  if (on_import_) {
    on_import_(name);
  }
  std::vector<std::string> children;
  try {
    const py::object module = import_module(name);
    scan_module(module, visit);
    const py::object path = attribute_or_none(module, "__path__");
    if (!path.is_none() && py::bool_(path)) {
      for (const py::handle info : py::module_::import("pkgutil").attr("iter_modules")(path, name + ".")) {
        children.push_back(utf8(info.attr("name")));
      }
    }
  } catch (const py::error_already_set& error) {
    record_failure(failures_, shown_name(name), error);
  }
  for (const std::string& child : children) {
    walk_module(child, visit);
  }
}

void Walk::scan_module(const py::object& module, const Visit& visit) {
  const py::module_ inspect = py::module_::import("inspect");
  const py::object isclass = inspect.attr("isclass");
  const py::object isabstract = inspect.attr("isabstract");
  // A copy: making an instance may add to the module's globals.
  const py::list items(module.attr("__dict__").attr("items")());
  for (const py::handle item : items) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);
    const py::object value = pair[1];
    if (!py::isinstance<py::str>(pair[0]) || utf8(pair[0]).starts_with('_')) {
      continue;
    }
    const std::string name = utf8(pair[0]);
    if (is_function(value)) {
      offer(module, py::none(), name, value, visit);
      continue;
    }
    try {
      if (py::bool_(isclass(value)) && !py::bool_(isabstract(value))) {
        scan_class(module, value, visit);
      }
    } catch (const py::error_already_set& error) {
      record_failure(failures_, join(shown_name(utf8(module.attr("__name__"))), name), error);
    }
  }
}

void Walk::scan_class(const py::object& module, const py::object& klass, const Visit& visit) {
  Members members;
  try {
    members = all_members(klass);
  } catch (const py::error_already_set& error) {
    // A descriptor raises something else than AttributeError. What can be read of the class is read one by one.
    record_failure(failures_, join(shown_name(utf8(module.attr("__name__"))), class_name(klass)), error);
    const py::list names = py::module_::import("builtins").attr("dir")(klass);
    for (const py::handle name : names) {
      try {
        members.emplace_back(utf8(name), attribute_or_none(klass, name));
      } catch (const py::error_already_set&) {
        // This is the member that raised; the class's failure is recorded already.
      }
    }
  }
  for (const auto& [name, member] : members) {
    if (is_function(member) || is_method(member)) {
      offer(module, klass, name, member, visit);
    }
  }
}

void Walk::offer(const py::object& module, const py::object& klass, const std::string& attribute,
                 const py::object& function, const Visit& visit) {
  try {
    if (const std::optional<Candidate> candidate = classify(types_, module, klass, attribute, function)) {
      visit(*candidate);
    }
  } catch (const py::error_already_set& error) {
    std::string where = shown_name(utf8(module.attr("__name__")));
    if (!klass.is_none()) {
      where = join(where, class_name(klass));
    }
    record_failure(failures_, join(where, attribute), error);
  }
}

}  // namespace snapshot_test::host::discovery
