#include "host/pickling/save_items.hpp"

#include <fmt/format.h>

#include <optional>

#include "host/pickling/python_error.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// After the last item: closes the batch that is open, or says why there was no next one.
Result<void> finish_items(Walk& walk, std::optional<Opcode> close) {
  Output& out = walk.out();
  if (PyErr_Occurred() != nullptr) {
    const py::error_already_set error;
    if (is_fatal(error)) {
      throw error;
    }
    return walk.record().opaque(fmt::format("iterating over its items raised {}", one_line(error)));
  }
  if (close) {
    out.op(*close);
  }
  return out.state();
}

}  // namespace

Result<void> append_items(Walk& walk, const py::object& items) {
  Output& out = walk.out();
  PathScope path(walk.record().path, PathStep::Kind::kIndex);
  Py_ssize_t count = 0;
  while (auto item = py::reinterpret_steal<py::object>(PyIter_Next(items.ptr()))) {
    if (count % Output::kBatch == 0) {
      out.op(Opcode::kMark);
    }
    path.set_index(count);
    TRY(walk.save(item.ptr()));
    if (++count % Output::kBatch == 0) {
      out.op(Opcode::kAppends);
    }
  }
  return finish_items(walk, count % Output::kBatch == 0 ? std::nullopt : std::optional(Opcode::kAppends));
}

Result<void> set_items(Walk& walk, const py::object& pairs) {
  Output& out = walk.out();
  PathScope path(walk.record().path, PathStep::Kind::kKey);
  Py_ssize_t count = 0;
  while (auto pair = py::reinterpret_steal<py::object>(PyIter_Next(pairs.ptr()))) {
    if (!PyTuple_Check(pair.ptr()) || PyTuple_GET_SIZE(pair.ptr()) != 2) {
      return walk.record().opaque("the dict items of its reduction are not pairs");
    }
    if (count % Output::kBatch == 0) {
      out.op(Opcode::kMark);
    }
    path.set_key(PyTuple_GET_ITEM(pair.ptr(), 0));
    for (Py_ssize_t i = 0; i < 2; ++i) {
      TRY(walk.save(PyTuple_GET_ITEM(pair.ptr(), i)));
    }
    if (++count % Output::kBatch == 0) {
      out.op(Opcode::kSetItems);
    }
  }
  return finish_items(walk, count % Output::kBatch == 0 ? std::nullopt : std::optional(Opcode::kSetItems));
}

}  // namespace snapshot_test::host::pickling
