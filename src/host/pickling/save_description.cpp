#include "host/pickling/save_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "host/pickling/class_layout.hpp"
#include "host/pickling/describe.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/save_container.hpp"
#include "host/pickling/type_names.hpp"
#include "snapshot_test/util/form_key.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// Fields that are dicts of attributes or variables: their keys are labels.
constexpr std::array<std::string_view, 4> kLabelled = {"state", "closure", "globals", "attributes"};

}  // namespace

Result<void> DescriptionSaver::describe_refusal(PyObject* object, const std::string& why) {
  if (is_iterator(object)) {
    return save_iterator(object);
  }
  std::optional<Description> description;
  try {
    description = describe_instance(object, context_);
  } catch (const py::error_already_set& error) {
    if (is_fatal(error)) {
      throw;
    }
    record_.note(fmt::format("{} could be described by its type only: {}", type_name(py::type::handle_of(object)),
                             one_line(error)));
    description = describe_by_type(object);
  }
  record_.note(fmt::format("{} is described, it cannot be pickled: {}", type_name(py::type::handle_of(object)), why));
  return save_description(object, *description);
}

Result<void> DescriptionSaver::save_description(PyObject* object, const Description& description) {
  ++record_.described;
  if (const auto number = out_.find(object)) {
    out_.get(*number);
    return {};
  }
  if (!description.partly.empty()) {
    record_.note_part(description.partly);
  }
  out_.op(Opcode::kEmptyDict);
  out_.memoize(object);
  out_.op(Opcode::kMark);
  out_.short_text(util::kFormKey);
  out_.short_text(description.kind);
  TRY(save_fields(object, description.fields));
  out_.op(Opcode::kSetItems);
  return out_.state();
}

Result<void> DescriptionSaver::save_fields(PyObject* object, const std::vector<Description::Field>& fields) {
  PathScope path(record_.path, PathStep::Kind::kField);
  for (const Description::Field& field : fields) {
    path.set_field(field.name.c_str());
    out_.short_text(field.name);
    const bool content_before = record_.content;
    const bool labelled = std::find(kLabelled.begin(), kLabelled.end(), field.name) != kLabelled.end();
    auto saved = field.made ? walk_.save_reduction(field.value.ptr(), *field.made)
                 : labelled ? save_state(walk_, field.value.ptr(), Py_TYPE(object))
                            : walk_.save(field.value.ptr());
    if (!saved) {
      return saved;
    }
    if (field.content == Content::kDescribedOnly) {
      record_.content = content_before;
    }
  }
  return {};
}

/// What it holds comes before its items: taking them may change that.
Result<void> DescriptionSaver::save_iterator(PyObject* object) {
  Description first{"iterator", {type_field(object)}, {}};
  const bool seen = out_.find(object).has_value();
  if (py::dict attributes = attributes_of(object); is_python_class(Py_TYPE(object)) && !attributes.empty()) {
    first.fields.push_back({"state", std::move(attributes)});
  }
  if (auto saved = save_description(object, first); !saved || seen) {
    return saved;
  }
  Description items{"iterator", {}, {}};
  add_drained(items, context_.drained.drain(object, context_.limits, context_.reducers), context_);
  if (!items.partly.empty()) {
    record_.note_part(items.partly);
  }
  out_.op(Opcode::kMark);
  TRY(save_fields(object, items.fields));
  out_.op(Opcode::kSetItems);
  return out_.state();
}

}  // namespace snapshot_test::host::pickling
