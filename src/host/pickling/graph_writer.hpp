// One dump: walks a value and writes it. The sources follow the kinds of values: scalars, containers, globals,
// reductions, arrays, descriptions.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/pickling/array_view.hpp"
#include "host/pickling/buffers.hpp"
#include "host/pickling/construction.hpp"
#include "host/pickling/global_names.hpp"
#include "host/pickling/inherited_state.hpp"
#include "host/pickling/limits.hpp"
#include "host/pickling/memo.hpp"
#include "host/pickling/path.hpp"
#include "host/pickling/pickle_notes.hpp"
#include "host/pickling/pickled_info.hpp"
#include "host/pickling/reducers.hpp"
#include "host/pickling/stream.hpp"
#include "host/pickling/type_routes.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

/// Made for one dump. GIL held throughout. Every save_… leaves exactly one object on the unpickler's stack, or fails;
/// a Python exception of the value's own code becomes a description, and never leaves save() unless it is fatal.
class GraphWriter {
 public:
  GraphWriter(util::ByteSink& sink, const Limits& limits, const Reducers& reducers, DrainCache& drained,
              Buffers* buffers);
  GraphWriter(const GraphWriter&) = delete;
  GraphWriter& operator=(const GraphWriter&) = delete;

  [[nodiscard]] Result<PickledInfo> dump(PyObject* value);

 private:
  /// A tuple or dict that a reduction made for us alone is written with a memo number, but needs no entry.
  enum class Sharing { kPossible, kImpossible };
  enum class Keys { kContent, kLabels };
  /// Did a construction get onto the stack, or was it taken back because a part of it could only be described?
  enum class Built { kYes, kTakenBack };

  // graph_writer.cpp
  Result<void> save(PyObject* object);
  Result<void> save_by_type(PyObject* object);
  Result<void> save_routed(PyObject* object);
  [[nodiscard]] bool stack_is_low() const;
  [[nodiscard]] tl::unexpected<Error> opaque(std::string_view why) const;
  [[nodiscard]] Result<void> stream_state() const;
  void note(const std::string& text) { notes_.add(path_, text); }
  void note_part(const std::string& why) { notes_.add_part(path_, why); }
  [[nodiscard]] ReducerContext context();
  Reducer::result_type call_reducer(const Reducer& reducer, PyObject* object);

  // save_scalar.cpp
  bool save_scalar(PyObject* object);  ///< false: not a scalar, nothing written
  void save_int(long long value);
  void save_big_int(PyObject* value);
  void save_text(PyObject* text);
  void save_bytes(PyObject* bytes);
  void put_utf8(PyObject* text);
  bool save_memoised_value(PyObject* text_or_bytes, std::size_t size);

  // save_container.cpp
  Result<void> save_tuple(PyObject* tuple, Sharing sharing = Sharing::kPossible);
  Result<void> save_list(PyObject* list);
  Result<void> save_dict(PyObject* dict, Keys keys = Keys::kContent, Sharing sharing = Sharing::kPossible,
                         PyTypeObject* owner = nullptr);
  Result<void> mark_lazy(PyTypeObject* owner, PyObject* dict);
  Result<void> save_dict_items(PyObject* dict, Keys keys);
  Result<void> save_set(PyObject* set);
  Result<void> save_frozenset(PyObject* set);
  Result<void> save_elements(const std::vector<py::object>& elements, std::size_t begin, std::size_t end);
  Result<void> save_bytearray(PyObject* bytearray);
  Result<void> save_pickle_buffer(PyObject* buffer);
  Result<void> append_items(const py::object& items);
  Result<void> set_items(const py::object& pairs);
  Result<void> finish_items(std::optional<Opcode> close);

  // save_global.cpp
  Result<void> save_class(PyObject* type);
  Result<void> save_function(PyObject* function);
  void write_global(PyObject* object, const GlobalName& global);
  Result<void> save_callable(PyObject* callable);
  [[nodiscard]] bool is_loadable(PyObject* callable);

  // save_reduce.cpp
  Result<void> save_by_reduction(PyObject* object);
  py::object reduce(PyObject* object);
  /// `added`: a dict of attributes that the reduction has no place for, or null.
  Result<void> save_reduction(PyObject* object, const Reduction& reduction, const py::object& added = {});
  Result<Built> save_construction(const Construction& construction);
  Result<std::uint64_t> save_arguments(const Construction& construction);
  Result<void> save_parts(PyObject* object, const Reduction& reduction);
  /// `owner`: the class of the object whose state it is.
  Result<void> save_state(PyObject* state, PyTypeObject* owner);
  Result<void> save_state_by_setter(PyObject* object, const Reduction& reduction);
  Result<void> save_completed(PyObject* object, Reduction& reduction);
  Result<void> save_attributes(PyObject* object, const py::dict& attributes);
  Result<void> describe_reduction(PyObject* object, const Reduction& reduction, const Construction& construction,
                                  const py::object& added);

  // save_array.cpp
  Result<void> save_array(PyObject* array);
  void save_elements_of(PyObject* array, const ArrayView& view);
  Result<void> save_dtype(PyObject* dtype);

  // save_description.cpp
  Result<void> save_description(PyObject* object, const Description& description);
  Result<void> save_fields(PyObject* object, const std::vector<Description::Field>& fields);
  Result<void> save_iterator(PyObject* object);
  Result<void> describe_refusal(PyObject* object, const std::string& why);

  // memo
  void memoize(PyObject* object) { memo_.insert(object, memoize_unnamed()); }
  std::uint64_t memoize_unnamed() {
    stream_.op(Opcode::kMemoize);
    return memo_count_++;
  }
  void get(std::uint64_t number);

  /// Does memory of that size go beside the pickle?
  [[nodiscard]] bool is_buffer(std::size_t size) const { return buffers_ != nullptr && size >= Buffers::kLeast; }
  /// Refers to the buffer that was just added.
  void refer_to_buffer(bool read_only);

  Stream stream_;
  const Limits& limits_;
  const Reducers& reducers_;
  DrainCache& drained_;
  Buffers* buffers_;
  IdentityMemo memo_;
  ValueMemo values_;
  std::uint64_t memo_count_ = 0;
  std::unordered_map<std::string, std::uint64_t> dtypes_;  ///< dtype.str of plain dtypes → memo number
  GlobalNames globals_;
  ArrayTypes arrays_;
  TypeRoutes routes_;
  InheritedState inherited_;
  py::object reduce_ex_;       ///< "__reduce_ex__", made when first needed, as the next two
  py::object protocol_;        ///< 5
  py::object dispatch_table_;  ///< copyreg's

  std::vector<PathStep> path_;
  std::size_t depth_ = 0;
  std::uintptr_t stack_floor_ = 0;  ///< addresses below this are the reserve
  bool content_ = false;            ///< something worth checking has been written
  std::uint64_t described_ = 0;
  PickleNotes notes_;
};

/// What is written until it is destroyed is a label, not content.
class LabelScope {
 public:
  explicit LabelScope(bool& content) : content_(content), before_(content) {}
  LabelScope(const LabelScope&) = delete;
  LabelScope& operator=(const LabelScope&) = delete;
  ~LabelScope() { content_ = before_; }

 private:
  bool& content_;
  bool before_;
};

}  // namespace snapshot_test::host::pickling
