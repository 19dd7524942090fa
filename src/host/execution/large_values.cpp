#include "host/execution/large_values.hpp"

#include "host/pickling/describe.hpp"
#include "host/pickling/type_names.hpp"
#include "host/trace/value_digest.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

bool is_large_data(py::handle value) {
  trace::PlainValues plain;
  return plain.nature_of(value.ptr()) == trace::Nature::kPlain && !plain.copy(value.ptr(), kMostOfInner);
}

py::object digest_of_data(const py::object& value) {
  trace::PlainValues plain;
  if (plain.nature_of(value.ptr()) == trace::Nature::kForeign) {
    return value;
  }
  trace::ValueDigest digest(plain);
  digest.add(value.ptr());
  return digest.finish(pickling::type_name(py::type::handle_of(value)));
}

}  // namespace snapshot_test::host::execution
