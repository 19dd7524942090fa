// Descriptions, of iterators too.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "host/pickling/class_layout.hpp"
#include "host/pickling/describe.hpp"
#include "host/pickling/graph_writer.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"
#include "snapshot_test/util/form_key.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {
namespace {

/// Fields that are dicts of attributes or variables: their keys are labels.
constexpr std::array<std::string_view, 4> kLabelled = {"state", "closure", "globals", "attributes"};

}  // namespace

Result<void> GraphWriter::describe_refusal(PyObject* object, const std::string& why) {
  if (is_iterator(object)) {
    return save_iterator(object);
  }
  std::optional<Description> description;
  try {
    description = describe_instance(object, context());
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    note(fmt::format("{} could be described by its type only: {}", type_name(py::type::handle_of(object)),
                     one_line(error)));
    description = describe_by_type(object);
  }
  note(fmt::format("{} is described, it cannot be pickled: {}", type_name(py::type::handle_of(object)), why));
  return save_description(object, *description);
}

Result<void> GraphWriter::save_description(PyObject* object, const Description& description) {
  ++described_;
  if (const auto number = memo_.find(object)) {
    get(*number);
    return {};
  }
  if (!description.partly.empty()) {
    note_part(description.partly);
  }
  stream_.op(Opcode::kEmptyDict);
  memoize(object);
  stream_.op(Opcode::kMark);
  stream_.short_text(util::kFormKey);
  stream_.short_text(description.kind);
  TRY(save_fields(object, description.fields));
  stream_.op(Opcode::kSetItems);
  return stream_state();
}

Result<void> GraphWriter::save_fields(PyObject* object, const std::vector<Description::Field>& fields) {
  PathScope path(path_, PathStep::Kind::kField);
  for (const Description::Field& field : fields) {
    path.set_field(field.name.c_str());
    stream_.short_text(field.name);
    const bool content_before = content_;
    const bool labelled = std::find(kLabelled.begin(), kLabelled.end(), field.name) != kLabelled.end();
    auto saved = field.made ? save_reduction(field.value.ptr(), *field.made)
                 : labelled ? save_state(field.value.ptr(), Py_TYPE(object))
                            : save(field.value.ptr());
    if (!saved) {
      return saved;
    }
    if (field.content == Content::kDescribedOnly) {
      content_ = content_before;
    }
  }
  return {};
}

/// What it holds comes before its items: taking them may change that.
Result<void> GraphWriter::save_iterator(PyObject* object) {
  Description first{"iterator", {type_field(object)}, {}};
  const bool seen = memo_.find(object).has_value();
  if (py::dict attributes = attributes_of(object); is_python_class(Py_TYPE(object)) && !attributes.empty()) {
    first.fields.push_back({"state", std::move(attributes)});
  }
  if (auto saved = save_description(object, first); !saved || seen) {
    return saved;
  }
  Description items{"iterator", {}, {}};
  add_drained(items, drained_.drain(object, limits_, reducers_), context());
  if (!items.partly.empty()) {
    note_part(items.partly);
  }
  stream_.op(Opcode::kMark);
  TRY(save_fields(object, items.fields));
  stream_.op(Opcode::kSetItems);
  return stream_state();
}

}  // namespace snapshot_test::host::pickling
