#include "host/pickling/pickler.hpp"

#include "host/pickling/graph_writer.hpp"

namespace snapshot_test::host::pickling {

Pickler::Pickler(util::ByteSink& sink, const Limits& limits, const Reducers& reducers, DrainCache& drained,
                 Buffers* buffers)
    : sink_(sink), limits_(limits), reducers_(reducers), drained_(drained), buffers_(buffers) {}

Result<PickledInfo> Pickler::dump(pybind11::handle value) {
  GraphWriter writer(sink_, limits_, reducers_, drained_, buffers_);
  return writer.dump(value.ptr());
}

Result<PickledInfo> pickle_items(util::ByteSink& sink, const Limits& limits, const Reducers& reducers,
                                 DrainCache& drained, pybind11::handle items) {
  return Pickler(sink, limits, reducers, drained).dump(items);
}

}  // namespace snapshot_test::host::pickling
