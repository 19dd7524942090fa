// Everything without a form of its own: copyreg's table, then __reduce_ex__(5), as in Lib/pickle.py.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "host/pickling/array_view.hpp"
#include "host/pickling/construction.hpp"
#include "host/pickling/inherited_state.hpp"
#include "host/pickling/save_description.hpp"
#include "host/pickling/save_global.hpp"
#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// For one dump: all arguments outlive it. GIL held throughout.
class ReductionSaver {
 public:
  ReductionSaver(Walk& walk, const ReducerContext& context, ArrayTypes& arrays, GlobalSaver& globals,
                 DescriptionSaver& descriptions)
      : walk_(walk),
        out_(walk.out()),
        record_(walk.record()),
        context_(context),
        arrays_(arrays),
        globals_(globals),
        descriptions_(descriptions) {}

  /// As what its __reduce_ex__ says; as a description where that will not do.
  [[nodiscard]] Result<void> save_by_reduction(PyObject* object);
  /// `added`: a dict of attributes that the reduction has no place for, or null.
  [[nodiscard]] Result<void> save_reduction(PyObject* object, const Reduction& reduction,
                                            const pybind11::object& added = {});

 private:
  /// Did a construction get onto the stack, or was it taken back because a part of it could only be described?
  enum class Built { kYes, kTakenBack };

  pybind11::object reduce(PyObject* object);
  Result<Built> save_construction(const Construction& construction);
  Result<std::uint64_t> save_arguments(const Construction& construction);
  Result<void> save_parts(PyObject* object, const Reduction& reduction);
  Result<void> save_state_by_setter(PyObject* object, const Reduction& reduction);
  Result<void> save_completed(PyObject* object, Reduction& reduction);
  Result<void> save_attributes(PyObject* object, const pybind11::dict& attributes);
  Result<void> describe_reduction(PyObject* object, const Reduction& reduction, const Construction& construction,
                                  const pybind11::object& added);

  Walk& walk_;
  Output& out_;
  DumpRecord& record_;
  const ReducerContext& context_;
  ArrayTypes& arrays_;
  GlobalSaver& globals_;
  DescriptionSaver& descriptions_;
  InheritedState inherited_;
  pybind11::object reduce_ex_;       ///< "__reduce_ex__", made when first needed, as the next two
  pybind11::object protocol_;        ///< 5
  pybind11::object dispatch_table_;  ///< copyreg's
};

}  // namespace snapshot_test::host::pickling
