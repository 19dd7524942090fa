#include "host/pickling/save_scalar.hpp"

#include <pybind11/pybind11.h>

#include <bit>
#include <optional>
#include <span>

#include "host/pickling/folder_text.hpp"
#include "util/text.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// Shorter strings and bytes cost less written again than looked up.
constexpr std::size_t kMemoiseFrom = 32;
/// Longer ones are not hashed and compared: like containers, they are shared where the object is.
constexpr std::size_t kByIdentityFrom = 64 * 1024;

std::size_t utf8_size(PyObject* text) {
  const Py_ssize_t length = PyUnicode_GetLength(text);
  if (PyUnicode_IS_ASCII(text)) {
    return static_cast<std::size_t>(length);
  }
  const auto kind = PyUnicode_KIND(text);
  const void* data = PyUnicode_DATA(text);
  std::size_t size = 0;
  for (Py_ssize_t i = 0; i < length; ++i) {
    size += util::utf8_size(PyUnicode_READ(kind, data, i));
  }
  return size;
}

/// True if it was there already and its number has been written; else the caller writes it, and it has its number.
bool save_memoised_value(Output& out, PyObject* text_or_bytes, std::size_t size) {
  std::optional<std::uint64_t> number;
  if (size < kByIdentityFrom) {
    number = out.find_or_insert_value(text_or_bytes);
  } else {
    number = out.find(text_or_bytes);
    // A sole owner means that a reduction made it for us: no second occurrence can exist, and holding on to it would
    // keep a copy of a large value.
    if (!number && Py_REFCNT(text_or_bytes) > 1) {
      out.insert_next(text_or_bytes);
    }
  }
  if (number) {
    out.get(*number);
    return true;
  }
  return false;
}

/// PyUnicode_AsUTF8 would leave a second copy of the text inside the object.
void put_utf8(Output& out, PyObject* text) {
  const Py_ssize_t length = PyUnicode_GetLength(text);
  const auto kind = PyUnicode_KIND(text);
  const void* data = PyUnicode_DATA(text);
  for (Py_ssize_t i = 0; i < length; ++i) {
    char* const room = reinterpret_cast<char*>(out.room(4));
    out.advance(util::encode_utf8(PyUnicode_READ(kind, data, i), room));
  }
}

void save_bytes(Output& out, PyObject* bytes) {
  const py::object named = with_folder_names(bytes);
  bytes = named.ptr();
  const auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(bytes));
  const bool memoised = size >= kMemoiseFrom;
  if (memoised && save_memoised_value(out, bytes, size)) {
    return;
  }
  if (out.is_buffer(size)) {
    out.buffers().add(bytes, std::as_bytes(std::span(PyBytes_AS_STRING(bytes), size)));
    out.refer_to_buffer(true);
    out.memoize_unnamed();
    return;
  }
  if (size < 256) {
    out.op<1>(Opcode::kShortBinBytes, size);
  } else if (size <= UINT32_MAX) {
    out.op<4>(Opcode::kBinBytes, size);
  } else {
    out.op<8>(Opcode::kBinBytes8, size);
  }
  out.put(PyBytes_AS_STRING(bytes), size);
  if (memoised) {
    out.memoize_unnamed();
  }
}

}  // namespace

bool save_scalar(Output& out, PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyFloat_Type) {
    const auto bits = std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(object));
    out.op<8>(Opcode::kBinFloat, __builtin_bswap64(bits));
  } else if (type == &PyLong_Type) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0) {
      return false;
    }
    save_int(out, value);
  } else if (type == &PyUnicode_Type) {
    save_text(out, object);
  } else if (type == &PyBytes_Type) {
    save_bytes(out, object);
  } else if (object == Py_None) {
    out.op(Opcode::kNone);
  } else if (type == &PyBool_Type) {
    out.op(object == Py_True ? Opcode::kNewTrue : Opcode::kNewFalse);
  } else {
    return false;
  }
  return true;
}

void save_int(Output& out, long long value) {
  if (value >= 0 && value <= 0xff) {
    out.op<1>(Opcode::kBinInt1, static_cast<std::uint64_t>(value));
  } else if (value >= 0 && value <= 0xffff) {
    out.op<2>(Opcode::kBinInt2, static_cast<std::uint64_t>(value));
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    out.op<4>(Opcode::kBinInt, static_cast<std::uint32_t>(value));
  } else {
    // LONG1: the fewest bytes of two's complement that keep the sign.
    std::size_t size = 5;
    while (size < 8 && (value >> (8 * size - 1)) != 0 && (value >> (8 * size - 1)) != -1) {
      ++size;
    }
    out.op<1>(Opcode::kLong1, size);
    const auto bits = static_cast<std::uint64_t>(value);
    std::byte* const room = out.room(8);
    for (std::size_t i = 0; i < size; ++i) {
      room[i] = static_cast<std::byte>(bits >> (8 * i));
    }
    out.advance(size);
  }
}

void save_big_int(Output& out, PyObject* value) {
  const auto integer = py::reinterpret_borrow<py::int_>(value);
  const auto bits = integer.attr("bit_length")().cast<std::size_t>();
  const py::bytes encoded =
      integer.attr("to_bytes")(bits / 8 + 1, "little", py::arg("signed") = true).cast<py::bytes>();
  const char* data = PyBytes_AS_STRING(encoded.ptr());
  auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(encoded.ptr()));
  // -2**(8n-1) has a byte of mere sign.
  if (size > 1 && data[size - 1] == '\xff' && (data[size - 2] & 0x80) != 0) {
    --size;
  }
  if (size < 256) {
    out.op<1>(Opcode::kLong1, size);
  } else {
    out.op<4>(Opcode::kLong4, size);
  }
  out.put(data, size);
}

void save_text(Output& out, PyObject* text) {
  const py::object named = with_folder_names(text);
  text = named.ptr();
  const std::size_t size = utf8_size(text);
  const bool memoised = size >= kMemoiseFrom;
  if (memoised && save_memoised_value(out, text, size)) {
    return;
  }
  if (size < 256) {
    out.op<1>(Opcode::kShortBinUnicode, size);
  } else if (size <= UINT32_MAX) {
    out.op<4>(Opcode::kBinUnicode, size);
  } else {
    out.op<8>(Opcode::kBinUnicode8, size);
  }
  if (PyUnicode_IS_ASCII(text)) {
    out.put(PyUnicode_DATA(text), size);
  } else {
    put_utf8(out, text);
  }
  if (memoised) {
    out.memoize_unnamed();
  }
}

}  // namespace snapshot_test::host::pickling
