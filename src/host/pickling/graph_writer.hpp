// One dump: walks a value, and has each part of it written by the saver of its type (save_….hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/pickling/array_view.hpp"
#include "host/pickling/limits.hpp"
#include "host/pickling/pickled_info.hpp"
#include "host/pickling/reducers.hpp"
#include "host/pickling/save_array.hpp"
#include "host/pickling/save_description.hpp"
#include "host/pickling/save_global.hpp"
#include "host/pickling/save_number.hpp"
#include "host/pickling/save_reduce.hpp"
#include "host/pickling/type_routes.hpp"
#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// Made for one dump; all arguments are borrowed. GIL held throughout.
class GraphWriter final : private Walk {
 public:
  GraphWriter(util::ByteSink& sink, const Limits& limits, const Reducers& reducers, DrainCache& drained,
              Buffers* buffers);

  [[nodiscard]] Result<PickledInfo> dump(PyObject* value);

 private:
  Result<void> save_no_scalar(PyObject* object) override;
  Result<void> save_reduction(PyObject* object, const Reduction& reduction) override {
    return reductions_.save_reduction(object, reduction);
  }
  Result<void> save_by_type(PyObject* object);
  Result<void> save_routed(PyObject* object);
  Result<void> save_number(PyObject* object);
  Reducer::result_type call_reducer(const Reducer& reducer, PyObject* object);
  [[nodiscard]] bool stack_is_low() const;

  ReducerContext context_;
  ArrayTypes array_types_;
  TypeRoutes routes_;
  DescriptionSaver descriptions_;
  GlobalSaver globals_;
  ReductionSaver reductions_;
  ArraySaver arrays_;
  NumberSaver numbers_;
  std::size_t depth_ = 0;
  std::uintptr_t stack_floor_;  ///< addresses below this are the reserve
};

}  // namespace snapshot_test::host::pickling
