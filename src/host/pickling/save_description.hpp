// What stands in a pickle for the things that cannot be pickled, written; describe.hpp and describe_callable.hpp say
// what that is.
#pragma once

#include <Python.h>

#include <string>
#include <vector>

#include "host/pickling/reducers.hpp"
#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// For one dump: both arguments outlive it. GIL held throughout.
class DescriptionSaver {
 public:
  DescriptionSaver(Walk& walk, const ReducerContext& context)
      : walk_(walk), out_(walk.out()), record_(walk.record()), context_(context) {}

  [[nodiscard]] Result<void> save_description(PyObject* object, const Description& description);
  /// Its type and its items, which are taken now if they have not been.
  [[nodiscard]] Result<void> save_iterator(PyObject* object);
  /// For an object whose own reduction will not do, and why.
  [[nodiscard]] Result<void> describe_refusal(PyObject* object, const std::string& why);

 private:
  [[nodiscard]] Result<void> save_fields(PyObject* object, const std::vector<Description::Field>& fields);

  Walk& walk_;
  Output& out_;
  DumpRecord& record_;
  const ReducerContext& context_;
};

}  // namespace snapshot_test::host::pickling
