#include "host/pickling/reducers_file.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/pickling/construction.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

[[noreturn]] void raise_type_error(const std::string& message) {
  PyErr_SetString(PyExc_TypeError, message.c_str());
  throw py::error_already_set();
}

py::object type_text(py::handle object) { return py::str(type_name(py::type::handle_of(object))); }

/// What a reducer returned, as what is written.
std::optional<Canonical> canonical_form(py::object returned, py::handle object, const py::object& uncheckable,
                                        const ReducerContext& context) {
  if (returned.ptr() == Py_NotImplemented) {
    return std::nullopt;
  }
  if (returned.is_none()) {
    raise_type_error("its reducer returned None; NotImplemented would leave the object to its own pickling");
  }
  if (PyTuple_CheckExact(returned.ptr())) {
    auto reduction = parse_reduction(std::move(returned));
    if (!reduction) {
      raise_type_error(reduction.error().message);
    }
    return std::move(*reduction);
  }
  Description out{"value", {{"type", type_text(object), Content::kDescribedOnly}}};
  if (uncheckable && py::isinstance(returned, uncheckable)) {
    context.note(fmt::format("{} is described only: {}", type_name(py::type::handle_of(object)),
                             py::str(returned.attr("why")).cast<std::string>()));
    out.kind = "object";
    out.partly = fmt::format("{} is known by its type only: {}", type_name(py::type::handle_of(object)),
                             py::str(returned.attr("why")).cast<std::string>());
    out.fields.push_back({"about", returned.attr("about"), Content::kDescribedOnly});
  } else {
    out.fields.push_back({"value", std::move(returned)});
  }
  return out;
}

Result<void> add_dict(Reducers& reducers, const py::dict& scope, const char* dict_name, Match match,
                      const py::object& uncheckable) {
  if (!scope.contains(dict_name)) {
    return {};
  }
  const py::object named = scope[dict_name];
  if (!PyDict_Check(named.ptr())) {
    return fail(ErrorKind::kConfig, fmt::format("{} is {}, not a dict of type names and functions", dict_name,
                                                type_name(py::type::handle_of(named))));
  }
  for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(named)) {
    const std::string shown = py::repr(key).cast<std::string>();
    if (PyCallable_Check(value.ptr()) == 0) {
      return fail(ErrorKind::kConfig,
                  fmt::format("{}[{}] is {}, not a function", dict_name, shown, type_name(py::type::handle_of(value))));
    }
    Reducer reducer = [function = py::reinterpret_borrow<py::object>(value), uncheckable](
                          py::handle object, const ReducerContext& context) {
      return canonical_form(function(object), object, uncheckable, context);
    };
    if (PyType_Check(key.ptr())) {
      reducers.add(py::reinterpret_borrow<py::object>(key), match, std::move(reducer));
      continue;
    }
    const std::string name = py::isinstance<py::str>(key) ? key.cast<std::string>() : std::string();
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == name.size()) {
      return fail(
          ErrorKind::kConfig,
          fmt::format("{}[{}]: write the type as \"package.module.Type\", or the type itself", dict_name, shown));
    }
    reducers.add(name, match, std::move(reducer));
  }
  return {};
}

/// The last line of `file` in the traceback; a SyntaxError's own line.
std::optional<int> line_in(const py::error_already_set& error, const std::string& file) {
  std::optional<int> line;
  try {
    if (error.matches(PyExc_SyntaxError) && py::str(error.value().attr("filename")).cast<std::string>() == file) {
      const py::object number = error.value().attr("lineno");
      return number.is_none() ? std::nullopt : std::optional(number.cast<int>());
    }
    for (py::object at = error.trace() ? py::object(error.trace()) : py::none(); !at.is_none();
         at = at.attr("tb_next")) {
      if (py::str(at.attr("tb_frame").attr("f_code").attr("co_filename")).cast<std::string>() == file) {
        line = at.attr("tb_lineno").cast<int>();
      }
    }
  } catch (const py::error_already_set&) {
    // An exception whose own attributes raise: then there is no line to name.
  }
  return line;
}

tl::unexpected<Error> refused(const std::filesystem::path& file, std::optional<int> line, const std::string& why) {
  return fail(ErrorKind::kConfig, fmt::format("the file of reducers '{}'{}: {}", file.string(),
                                              line ? fmt::format(", line {}", *line) : "", why));
}

}  // namespace

Result<void> add_reducers(Reducers& reducers, const py::dict& scope) {
  // Tried on an empty registry first: a wrong entry must not leave half of them.
  const py::object uncheckable = scope.contains("Uncheckable") && scope.contains("__snapshot_test__")
                                     ? py::object(scope["Uncheckable"])
                                     : py::object();
  Reducers tried;
  for (Reducers* target : {&tried, &reducers}) {
    TRY(add_dict(*target, scope, "SUBCLASS_REDUCERS", Match::kSubclasses, uncheckable));
    TRY(add_dict(*target, scope, "REDUCERS", Match::kExactType, uncheckable));
  }
  return {};
}

Result<void> load_reducers(Reducers& reducers, const std::filesystem::path& file) {
  const auto read = util::read_file(file);
  if (!read) {
    return refused(file, std::nullopt, "it cannot be read; \"reducers\" in the configuration names it");
  }
  const std::string& text = *read;
  try {
    py::dict scope;
    const py::module_ builtins = py::module_::import("builtins");
    scope["__builtins__"] = builtins;
    scope["__name__"] = file.stem().string();
    scope["__file__"] = file.string();
    const py::object code =
        builtins.attr("compile")(py::bytes(text), file.string(), "exec", 0, py::arg("dont_inherit") = true);
    const auto ran = py::reinterpret_steal<py::object>(PyEval_EvalCode(code.ptr(), scope.ptr(), scope.ptr()));
    if (!ran) {
      throw py::error_already_set();
    }
    if (!scope.contains("REDUCERS") && !scope.contains("SUBCLASS_REDUCERS")) {
      return refused(file, std::nullopt, "it defines neither REDUCERS nor SUBCLASS_REDUCERS");
    }
    if (auto added = add_reducers(reducers, scope); !added) {
      return refused(file, std::nullopt, added.error().message);
    }
    return {};
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    return refused(file, line_in(error, file.string()), one_line(error));
  }
}

}  // namespace snapshot_test::host::pickling
