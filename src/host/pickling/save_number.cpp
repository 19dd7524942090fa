#include "host/pickling/save_number.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// numpy/arrayscalars.h: the value lies behind the object's head. Long doubles have bytes that are nobody's
/// (standard_reducers.cpp).
constexpr std::string_view kNumbers = "?bBhHiIlLqQefdFD";

bool has_own_reducer(py::handle type) {
  const py::object table = find_loaded("copyreg", "dispatch_table");
  return table && PyDict_Check(table.ptr()) && PyDict_Contains(table.ptr(), type.ptr()) != 0;
}

}  // namespace

bool is_numpy_scalar(PyTypeObject* type) {
  return (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0 &&
         type_name(reinterpret_cast<PyObject*>(type)).starts_with("numpy.");
}

bool NumberSaver::save(PyObject* number) {
  const auto known = forms_.find(Py_TYPE(number));
  if (known == forms_.end() || known->second.size == 0) {
    return false;
  }
  const Form& form = known->second;
  out_.get(form.callable);
  out_.get(form.dtype);
  out_.op<1>(Opcode::kShortBinBytes, form.size);
  out_.put(reinterpret_cast<const char*>(number) + sizeof(PyObject), form.size);
  out_.op(Opcode::kTuple2);
  out_.memoize_unnamed();
  out_.op(Opcode::kReduce);
  out_.memoize(number);
  return true;
}

void NumberSaver::learn(PyObject* written) {
  if (forms_.contains(Py_TYPE(written))) {
    return;
  }
  std::optional<Form> form;
  try {
    form = form_of(written);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
  }
  if (!form) {
    form.emplace();
  }
  form->type = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(written)));
  forms_.emplace(Py_TYPE(written), std::move(*form));
}

std::optional<NumberSaver::Form> NumberSaver::form_of(py::handle written) const {
  const py::handle type = py::type::handle_of(written);
  const py::object dtype = py::getattr(written, "dtype", py::none());
  if (dtype.is_none() || has_own_reducer(type)) {
    return std::nullopt;
  }
  const auto code = py::str(dtype.attr("char")).cast<std::string>();
  if (code.size() != 1 || kNumbers.find(code.front()) == std::string_view::npos) {
    return std::nullopt;
  }
  const py::object reduced = written.attr("__reduce_ex__")(5);
  if (!PyTuple_CheckExact(reduced.ptr()) || PyTuple_GET_SIZE(reduced.ptr()) != 2) {
    return std::nullopt;
  }
  PyObject* args = PyTuple_GET_ITEM(reduced.ptr(), 1);
  if (!PyTuple_CheckExact(args) || PyTuple_GET_SIZE(args) != 2 || !PyBytes_CheckExact(PyTuple_GET_ITEM(args, 1))) {
    return std::nullopt;
  }
  const auto callable = out_.find(PyTuple_GET_ITEM(reduced.ptr(), 0));
  const auto of_dtype = out_.find(PyTuple_GET_ITEM(args, 0));
  PyObject* bytes = PyTuple_GET_ITEM(args, 1);
  const auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(bytes));
  const auto basic_size = static_cast<std::size_t>(Py_TYPE(written.ptr())->tp_basicsize);
  const bool lies_there =
      sizeof(PyObject) + size <= basic_size &&
      std::memcmp(reinterpret_cast<const char*>(written.ptr()) + sizeof(PyObject), PyBytes_AS_STRING(bytes), size) == 0;
  if (!callable || !of_dtype || !lies_there) {
    return std::nullopt;
  }
  return Form{{}, *callable, *of_dtype, size};
}

}  // namespace snapshot_test::host::pickling
