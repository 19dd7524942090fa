// Classes and functions, by reference: the checks of Lib/pickle.py's save_global.
#include "host/pickling/describe_callable.hpp"
#include "host/pickling/graph_writer.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

void GraphWriter::write_global(PyObject* object, const GlobalName& global) {
  save_text(py::str(global.module).ptr());
  save_text(py::str(global.qualname).ptr());
  stream_.op(Opcode::kStackGlobal);
  memoize(object);
}

bool GraphWriter::is_loadable(PyObject* callable) {
  if (callable == reinterpret_cast<PyObject*>(Py_TYPE(Py_None)) ||
      (!PyType_Check(callable) && !PyFunction_Check(callable))) {
    return true;
  }
  return globals_.of(callable, nullptr).found;
}

Result<void> GraphWriter::save_class(PyObject* type) {
  for (PyObject* singleton : {Py_None, Py_NotImplemented, Py_Ellipsis}) {
    if (type != reinterpret_cast<PyObject*>(Py_TYPE(singleton))) {
      continue;
    }
    // These have no name that could be imported.
    TRY(save(reinterpret_cast<PyObject*>(&PyType_Type)));
    TRY(save(singleton));
    stream_.op(Opcode::kTuple1);
    memoize_unnamed();
    stream_.op(Opcode::kReduce);
    memoize(type);
    return {};
  }
  const GlobalName& global = globals_.of(type, nullptr);
  if (!global.found) {
    return save_description(type, describe_class(type));
  }
  write_global(type, global);
  content_ = true;
  return {};
}

Result<void> GraphWriter::save_function(PyObject* function) {
  const GlobalName& global = globals_.of(function, nullptr);
  if (!global.found) {
    return save_description(function, describe_function(function));
  }
  write_global(function, global);
  return {};
}

}  // namespace snapshot_test::host::pickling
