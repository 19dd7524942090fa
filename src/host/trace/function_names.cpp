#include "host/trace/function_names.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr int kMaxNesting = 8;
using Names = std::unordered_map<const PyObject*, std::string>;

void add_code(Names& names, py::handle code, const std::string& qualname, int nesting) {
  if (!names.emplace(code.ptr(), qualname).second || nesting > kMaxNesting) return;
  for (const py::handle constant : code.attr("co_consts")) {
    if (!PyCode_Check(constant.ptr())) continue;
    add_code(names, constant, qualname + ".<locals>." + constant.attr("co_name").cast<std::string>(), nesting + 1);
  }
}

py::handle function_in(py::handle member) {
  if (PyFunction_Check(member.ptr())) return member;
  if (Py_TYPE(member.ptr()) == &PyClassMethod_Type || Py_TYPE(member.ptr()) == &PyStaticMethod_Type) {
    const py::object inner = member.attr("__func__");
    if (PyFunction_Check(inner.ptr())) return inner;  // the method object holds it
  }
  if (Py_TYPE(member.ptr()) == &PyProperty_Type) {
    const py::object getter = member.attr("fget");
    if (PyFunction_Check(getter.ptr())) return getter;
  }
  return {};
}

// Exact types only and no attribute of the members: nothing of the program may run here.
void add_members(Names& names, py::handle members, const std::string& prefix, int nesting) {
  for (const auto& [key, member] : py::reinterpret_borrow<py::dict>(members)) {
    if (!PyUnicode_Check(key.ptr())) continue;
    if (const py::handle function = function_in(member)) {
      add_code(names, reinterpret_cast<PyFunctionObject*>(function.ptr())->func_code,
               py::str(reinterpret_cast<PyFunctionObject*>(function.ptr())->func_qualname), nesting);
    } else if (PyType_Check(member.ptr()) && nesting < kMaxNesting) {
      const py::handle type_members = reinterpret_cast<PyTypeObject*>(member.ptr())->tp_dict;
      if (type_members) add_members(names, type_members, prefix + py::str(key).cast<std::string>() + ".", nesting + 1);
    }
  }
}

}  // namespace

const FunctionNames::Names& FunctionNames::names_in(py::handle globals) {
  const auto [place, fresh] = modules_.try_emplace(globals.ptr());
  if (fresh) add_members(place->second, globals, "", 0);
  return place->second;
}

std::string FunctionNames::name(py::handle code, py::handle globals) {
  std::string name = reinterpret_cast<PyCodeObject*>(code.ptr())->co_name
                         ? py::str(reinterpret_cast<PyCodeObject*>(code.ptr())->co_name).cast<std::string>()
                         : "?";
  try {
    if (py::hasattr(code, "co_qualname")) {
      name = code.attr("co_qualname").cast<std::string>();
    } else if (globals && PyDict_Check(globals.ptr())) {
      const Names& names = names_in(globals);
      if (const auto found = names.find(code.ptr()); found != names.end()) name = found->second;
    }
    if (!globals || !PyDict_Check(globals.ptr())) return name;
    const py::handle module = PyDict_GetItemString(globals.ptr(), "__name__");
    if (module && PyUnicode_Check(module.ptr())) return module.cast<std::string>() + "." + name;
  } catch (const py::error_already_set&) {
    // A name that can't be read is shown without what is missing; the value is what counts.
  } catch (const py::cast_error&) {
  }
  return name;
}

}  // namespace snapshot_test::host::trace
