#include "host/pickling/set_order.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

constexpr int kMaxNesting = 50;

std::string_view raw_text(PyObject* text) {
  const Py_ssize_t length = PyUnicode_GetLength(text);
  return {static_cast<const char*>(PyUnicode_DATA(text)), static_cast<std::size_t>(length) * PyUnicode_KIND(text)};
}

std::string_view raw_bytes(PyObject* bytes) {
  return {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
}

void append_number(std::string& out, std::uint64_t bits) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>(bits >> shift);
  }
}

bool append_key(std::string& out, PyObject* element, int nesting);

bool append_int(std::string& out, PyObject* element) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(element, &overflow);
  if (overflow == 0) {
    out += 'i';
    // With the sign bit turned, the bytes sort as the numbers do.
    append_number(out, static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63));
    return true;
  }
  const auto text = py::reinterpret_steal<py::object>(PyNumber_ToBase(element, 16));
  if (!text) {
    throw py::error_already_set();
  }
  out += 'j';
  append_number(out, static_cast<std::uint64_t>(PyUnicode_GetLength(text.ptr())));
  out += raw_text(text.ptr());
  return true;
}

bool append_nested(std::string& out, PyObject* element, int nesting) {
  std::vector<std::string> keys;
  for (const py::handle item : py::reinterpret_borrow<py::object>(element)) {
    std::string key;
    if (!append_key(key, item.ptr(), nesting + 1)) {
      return false;
    }
    keys.push_back(std::move(key));
  }
  if (PyFrozenSet_CheckExact(element)) {
    std::sort(keys.begin(), keys.end());
    out += 'z';
  } else {
    out += 't';
  }
  append_number(out, keys.size());
  for (const std::string& key : keys) {
    out += key;
  }
  return true;
}

/// Every key says its own length, so that keys can be strung together.
bool append_key(std::string& out, PyObject* element, int nesting) {
  if (PyUnicode_CheckExact(element)) {
    const std::string_view text = raw_text(element);
    out += static_cast<char>('s' - PyUnicode_KIND(element));
    append_number(out, text.size());
    out += text;
    return true;
  }
  if (PyBytes_CheckExact(element)) {
    const std::string_view bytes = raw_bytes(element);
    out += 'b';
    append_number(out, bytes.size());
    out += bytes;
    return true;
  }
  if (element == Py_None) {
    out += 'N';
    return true;
  }
  if (PyBool_Check(element)) {
    out += element == Py_True ? 'T' : 'F';
    return true;
  }
  if (PyLong_CheckExact(element)) {
    return append_int(out, element);
  }
  if (PyFloat_CheckExact(element)) {
    out += 'f';
    append_number(out, std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(element)));
    return true;
  }
  if (PyComplex_CheckExact(element)) {
    out += 'c';
    append_number(out, std::bit_cast<std::uint64_t>(PyComplex_RealAsDouble(element)));
    append_number(out, std::bit_cast<std::uint64_t>(PyComplex_ImagAsDouble(element)));
    return true;
  }
  if ((PyTuple_CheckExact(element) || PyFrozenSet_CheckExact(element)) && nesting < kMaxNesting) {
    return append_nested(out, element, nesting);
  }
  return false;
}

/// What an element is sorted by. Text and bytes are compared where they are, numbers as a number; the rest by a string
/// made for it.
struct Key {
  char tag = 0;
  std::uint64_t number = 0;  ///< the number itself, or the first eight bytes of the view
  std::string_view view;
  PyObject* element = nullptr;  ///< borrowed

  bool operator<(const Key& other) const {
    return std::tie(tag, number, view) < std::tie(other.tag, other.number, other.view);
  }
};

std::uint64_t first_bytes(std::string_view view) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    out = out << 8 | (i < view.size() ? static_cast<unsigned char>(view[i]) : 0U);
  }
  return out;
}

/// `made` keeps the strings that views refer to.
std::optional<Key> key_of(PyObject* element, std::deque<std::string>& made) {
  Key key;
  key.element = element;
  if (PyUnicode_CheckExact(element)) {
    key.view = raw_text(element);
    key.tag = static_cast<char>(PyUnicode_KIND(element));
  } else if (PyBytes_CheckExact(element)) {
    key.view = raw_bytes(element);
    key.tag = 'b';
  } else if (PyFloat_CheckExact(element)) {
    key.number = std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(element));
    key.tag = 'f';
    return key;
  } else {
    int overflow = 1;
    const long long value = PyLong_CheckExact(element) ? PyLong_AsLongLongAndOverflow(element, &overflow) : 0;
    if (overflow == 0) {
      key.number = static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
      key.tag = 'i';
      return key;
    }
    std::string text;
    if (!append_key(text, element, 0)) {
      return std::nullopt;
    }
    key.view = made.emplace_back(std::move(text));
  }
  key.number = first_bytes(key.view);
  return key;
}

}  // namespace

std::vector<py::object> ordered_elements(py::handle set) {
  std::vector<py::object> elements;
  std::vector<Key> keys;
  std::deque<std::string> made;
  bool sortable = true;
  for (const py::handle element : py::reinterpret_borrow<py::object>(set)) {
    elements.push_back(py::reinterpret_borrow<py::object>(element));
    if (auto key = sortable ? key_of(element.ptr(), made) : std::nullopt) {
      keys.push_back(*key);
    } else {
      sortable = false;
    }
  }
  if (!sortable) {
    return elements;
  }
  std::sort(keys.begin(), keys.end());
  std::vector<py::object> out;
  out.reserve(keys.size());
  for (const Key& key : keys) {
    out.push_back(py::reinterpret_borrow<py::object>(key.element));
  }
  return out;
}

}  // namespace snapshot_test::host::pickling
