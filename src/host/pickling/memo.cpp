#include "host/pickling/memo.hpp"

#include <functional>
#include <string_view>

namespace snapshot_test::host::pickling {
namespace {

constexpr std::size_t kInitialSlots = 64;  // a power of two, as all sizes of the tables below

std::size_t mix(PyObject* object) {
  // Objects are aligned to 16 bytes; a multiplication spreads what is left over the high bits.
  const auto address = reinterpret_cast<std::uintptr_t>(object) >> 4;
  return static_cast<std::size_t>((address * 0x9e3779b97f4a7c15ULL) >> 20);
}

std::string_view raw(PyObject* object) {
  if (PyUnicode_Check(object)) {
    return {static_cast<const char*>(PyUnicode_DATA(object)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(object)) * PyUnicode_KIND(object)};
  }
  return {PyBytes_AS_STRING(object), static_cast<std::size_t>(PyBytes_GET_SIZE(object))};
}

/// 0 for bytes, else the width of a str's characters: CPython stores a str in the narrowest width that holds it.
unsigned kind(PyObject* object) { return PyUnicode_Check(object) ? static_cast<unsigned>(PyUnicode_KIND(object)) : 0U; }

}  // namespace

IdentityMemo::IdentityMemo() : slots_(kInitialSlots) {}

IdentityMemo::~IdentityMemo() {
  for (const Slot& slot : slots_) {
    Py_XDECREF(slot.object);
  }
}

std::size_t IdentityMemo::slot_of(PyObject* object) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = mix(object) & mask;
  while (slots_[at].object != nullptr && slots_[at].object != object) {
    at = (at + 1) & mask;
  }
  return at;
}

std::optional<std::uint64_t> IdentityMemo::find(PyObject* object) const {
  const Slot& slot = slots_[slot_of(object)];
  return slot.object == nullptr ? std::nullopt : std::optional(slot.number);
}

void IdentityMemo::insert(PyObject* object, std::uint64_t number) {
  if (2 * (count_ + 1) > slots_.size()) {
    grow();
  }
  Py_INCREF(object);
  slots_[slot_of(object)] = {object, number};
  ++count_;
}

void IdentityMemo::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.object != nullptr) {
      slots_[slot_of(slot.object)] = slot;
    }
  }
}

ValueMemo::ValueMemo() : slots_(kInitialSlots) {}

ValueMemo::~ValueMemo() {
  for (const Slot& slot : slots_) {
    Py_XDECREF(slot.object);
  }
}

std::optional<std::uint64_t> ValueMemo::find_or_insert(PyObject* text_or_bytes, std::uint64_t next) {
  if (2 * (count_ + 1) > slots_.size()) {
    grow();
  }
  const std::string_view content = raw(text_or_bytes);
  const std::size_t hash = std::hash<std::string_view>{}(content);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].object != nullptr; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && kind(slot.object) == kind(text_or_bytes) && raw(slot.object) == content) {
      return slot.number;
    }
  }
  Py_INCREF(text_or_bytes);
  slots_[at] = {text_or_bytes, hash, next};
  ++count_;
  return std::nullopt;
}

void ValueMemo::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.object != nullptr) {
      std::size_t at = slot.hash & mask;
      while (slots_[at].object != nullptr) {
        at = (at + 1) & mask;
      }
      slots_[at] = slot;
    }
  }
}

}  // namespace snapshot_test::host::pickling
