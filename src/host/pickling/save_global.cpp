#include "host/pickling/save_global.hpp"

#include "host/pickling/describe_callable.hpp"
#include "host/pickling/save_scalar.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

void GlobalSaver::write(PyObject* object, const GlobalName& global) {
  save_text(out_, py::str(global.module).ptr());
  save_text(out_, py::str(global.qualname).ptr());
  out_.op(Opcode::kStackGlobal);
  out_.memoize(object);
}

bool GlobalSaver::is_loadable(PyObject* callable) {
  if (callable == reinterpret_cast<PyObject*>(Py_TYPE(Py_None)) ||
      (!PyType_Check(callable) && !PyFunction_Check(callable))) {
    return true;
  }
  return names_.of(callable, nullptr).found;
}

Result<void> GlobalSaver::save_class(PyObject* type) {
  for (PyObject* singleton : {Py_None, Py_NotImplemented, Py_Ellipsis}) {
    if (type != reinterpret_cast<PyObject*>(Py_TYPE(singleton))) {
      continue;
    }
    // These have no name that could be imported.
    TRY(walk_.save(reinterpret_cast<PyObject*>(&PyType_Type)));
    TRY(walk_.save(singleton));
    out_.op(Opcode::kTuple1);
    out_.memoize_unnamed();
    out_.op(Opcode::kReduce);
    out_.memoize(type);
    return {};
  }
  const GlobalName& global = names_.of(type, nullptr);
  if (!global.found) {
    return descriptions_.save_description(type, describe_class(type));
  }
  write(type, global);
  record_.content = true;
  return {};
}

Result<void> GlobalSaver::save_function(PyObject* function) {
  const GlobalName& global = names_.of(function, nullptr);
  if (!global.found) {
    return descriptions_.save_description(function, describe_function(function));
  }
  write(function, global);
  return {};
}

}  // namespace snapshot_test::host::pickling
