// One dump as those see it that write one kind of values: where they write, what they note, and to whom they hand the
// parts of a value. So none of them needs to know the others.
#pragma once

#include <Python.h>

#include <cstdint>
#include <optional>

#include "host/pickling/dump_record.hpp"
#include "host/pickling/output.hpp"
#include "host/pickling/reduction.hpp"
#include "host/pickling/save_scalar.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::pickling {

/// GIL held throughout. Every save_… leaves exactly one object on the unpickler's stack, or fails: kPython where the
/// value is opaque, or the sink's error. A Python exception of the value's own code becomes a description, and never
/// leaves save() unless it is fatal.
class Walk {
 public:
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  /// Any value, by its type.
  [[nodiscard]] Result<void> save(PyObject* object) {
    return save_if_scalar(object) ? Result<void>() : save_no_scalar(object);
  }
  /// The same in two steps: false, with nothing written, where it is no scalar.
  [[nodiscard]] bool save_if_scalar(PyObject* object) {
    if (!save_scalar(out_, object)) {
      return false;
    }
    record_.content = true;
    return true;
  }
  [[nodiscard]] virtual Result<void> save_no_scalar(PyObject* object) = 0;
  /// As this reduction says, in place of its own.
  [[nodiscard]] virtual Result<void> save_reduction(PyObject* object, const Reduction& reduction) = 0;

  [[nodiscard]] Output& out() { return out_; }
  [[nodiscard]] DumpRecord& record() { return record_; }

 protected:
  Walk(util::ByteSink& sink, std::optional<std::uint64_t> max_bytes, Buffers* buffers)
      : out_(sink, max_bytes, buffers) {}
  ~Walk() = default;

 private:
  Output out_;
  DumpRecord record_;
};

}  // namespace snapshot_test::host::pickling
