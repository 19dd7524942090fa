// An interpreter, and what the pickling tests say in Python.
#pragma once

#include <gmock/gmock.h>
#include <pybind11/embed.h>

#include <string>

#include "host/pickling/pickler.hpp"
#include "util/byte_sink.hpp"

namespace snapshot_test::test {

class StringSink : public util::ByteSink {
 public:
  Result<void> write(std::span<const std::byte> bytes) override {
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  std::string data;
};

/// Runs `code` with these names; an assertion or another exception in it fails the test, with its traceback.
///   dump(value, *, max_items, max_bytes, max_depth) -> Dumped: data, content ("checked" or "described"), described,
///       notes, partly, error (None or the message), kind ("", "python", "io")
///   data(value) -> bytes, or raises
///   back(value) -> pickle.loads(data(value)), after checking the opcodes with pickletools
///   has_reducer(type) -> bool
///   new_run(): forgets the drained iterators
/// and copy, io, pickle, pickletools, sys, types.
void run_python(const std::string& code);

/// Skips the test where numpy is not importable (PYTHONPATH says where it is).
#define SKIP_WITHOUT_NUMPY()                                                           \
  do {                                                                                 \
    if (!::snapshot_test::test::can_import("numpy")) {                                 \
      GTEST_SKIP() << "numpy cannot be imported; set PYTHONPATH to where it is found"; \
    }                                                                                  \
  } while (false)
[[nodiscard]] bool can_import(const char* module);

}  // namespace snapshot_test::test
