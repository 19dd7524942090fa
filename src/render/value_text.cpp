#include "render/value_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compare/digests.hpp"
#include "render/array_text.hpp"
#include "report/format.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::render {
namespace {

using pickle::Kind;
using pickle::Value;

bool is_leaf(const Value& value) {
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kFrozenSet: return value.items().empty();
    case Kind::kDict: return value.pairs().empty();
    case Kind::kArray:
    case Kind::kObject:
    case Kind::kPersistentId: return false;
    default: return true;
  }
}

/// A container that is best read on one line: short, and of leaves only.
bool fits_a_line(const Value& value) {
  constexpr std::size_t kMost = 12;
  if (value.kind() == Kind::kArray || value.kind() == Kind::kObject || value.kind() == Kind::kDict ||
      value.kind() == Kind::kPersistentId) {
    return false;
  }
  const auto items = value.items();
  return items.size() <= kMost && std::all_of(items.begin(), items.end(), [](const Value* item) {
           return is_leaf(*item) && item->kind() != Kind::kStr && item->kind() != Kind::kBytes;
         });
}

class TextWriter {
 public:
  explicit TextWriter(const TextLimits& limits) : limits_(limits) {}

  void write(const std::string& label, const Value& value, const std::string& indent, std::size_t depth) {
    if (lines_ > limits_.lines) return;
    const std::string head = label.empty() ? "" : label + ": ";
    if (compare::is_digest(value)) {
      line(indent, head + compare::digest_text(value));
    } else if (is_leaf(value)) {
      line(indent, head + leaf(value));
    } else if (depth >= limits_.depth) {
      line(indent, head + pickle::type_name(value) + " …");
    } else if (value.kind() == Kind::kArray) {
      array(head, value, indent, depth);
    } else if (const auto form = pickle::form_of(value)) {
      this->form(head, *form, indent, depth);
    } else if (value.kind() == Kind::kDict) {
      line(indent, fmt::format("{}dict of {}", head, pickle::without_lazy_marks(value.pairs()).size()));
      pairs(value, indent + "  ", depth);
    } else if (value.kind() == Kind::kObject) {
      object(head, value, indent, depth);
    } else if (fits_a_line(value)) {
      line(indent, head + pickle::preview(value, 4 * limits_.width));
    } else {
      line(indent, fmt::format("{}{} of {}", head, pickle::type_name(value), value.items().size()));
      items(value, indent + "  ", depth);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  std::string leaf(const Value& value) const {
    const bool scalar = value.kind() == Kind::kScalar && !value.array().has_items;
    if (scalar) return fmt::format("{}({})", pickle::type_name(value), element_text(value.array(), 0));
    return pickle::preview(value, limits_.width);
  }

  void line(const std::string& indent, const std::string& content) {
    ++lines_;
    if (lines_ > limits_.lines) {
      text_ += indent + "…\n";
      return;
    }
    text_ += indent + report::one_line(content) + "\n";
  }

  void more(std::size_t all, const std::string& indent) {
    if (all > limits_.items && lines_ <= limits_.lines) line(indent, fmt::format("… and {} more", all - limits_.items));
  }

  void items(const Value& value, const std::string& indent, std::size_t depth) {
    const auto all = value.items();
    const bool labelled = value.kind() == Kind::kList || value.kind() == Kind::kTuple;
    for (std::size_t i = 0; i < std::min(all.size(), limits_.items); ++i) {
      write(labelled ? fmt::format("[{}]", i) : "", *all[i], indent, depth + 1);
    }
    more(all.size(), indent);
  }

  void pairs(const Value& value, const std::string& indent, std::size_t depth) {
    const std::vector<pickle::Pair> all = pickle::without_lazy_marks(value.pairs());
    for (std::size_t i = 0; i < std::min(all.size(), limits_.items); ++i) {
      write(fmt::format("[{}]", pickle::preview(*all[i].key, limits_.width)), *all[i].value, indent, depth + 1);
    }
    more(all.size(), indent);
  }

  /// What cannot be pickled: its items as a sequence's, the rest of what is known of it by name.
  void form(const std::string& head, const pickle::Form& form, const std::string& indent, std::size_t depth) {
    line(indent, head + pickle::form_text(form));
    const Value* sequence = pickle::field(form, "items");
    if (sequence != nullptr && sequence->kind() != Kind::kList && sequence->kind() != Kind::kTuple) sequence = nullptr;
    for (const pickle::Pair& pair : form.fields) {
      const std::string name(pair.key->kind() == Kind::kStr ? pair.key->text() : "");
      if (pair.value == sequence || name == "name" || (name == "type" && pickle::form_name(form) != "iterator")) {
        continue;
      }
      write(name, *pair.value, indent + "  ", depth + 1);
    }
    if (sequence != nullptr) items(*sequence, indent + "  ", depth);
  }

  void array(const std::string& head, const Value& value, const std::string& indent, std::size_t depth) {
    const pickle::Array& array = value.array();
    line(indent, head + array_heading(value));
    const std::string inner = indent + "  ";
    if (array.has_items) {
      for (std::uint64_t i = 0; i < std::min<std::uint64_t>(array.size, limits_.items); ++i) {
        write("", item(array, i), inner, depth + 1);
      }
      more(static_cast<std::size_t>(array.size), inner);
    } else {
      elements(array, inner);
    }
  }

  /// The first elements and the last three, in C order.
  void elements(const pickle::Array& array, const std::string& indent) {
    constexpr std::uint64_t kLast = 3;
    if (array.size == 0 || array.dtype->itemsize == 0) return;
    const std::uint64_t first = std::min<std::uint64_t>(array.size, limits_.items);
    const std::uint64_t resume = std::max(first, array.size - std::min(array.size, kLast));
    std::string text;
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (std::uint64_t i = 0; i < first; ++i) add(element_text(array, i));
    if (resume > first) add("…");
    for (std::uint64_t i = resume; i < array.size; ++i) add(element_text(array, i));
    line(indent, "[" + text + "]");
  }

  void object(const std::string& head, const Value& value, const std::string& indent, std::size_t depth) {
    const pickle::Object& object = value.object();
    line(indent, head + pickle::type_name(value));
    const std::string inner = indent + "  ";
    const auto part = [&](const char* label, const Value* child) {
      if (child != nullptr && !(child->kind() == Kind::kTuple && child->items().empty())) {
        write(label, *child, inner, depth + 1);
      }
    };
    // A plain instance is its attributes.
    if (object.callable != nullptr && object.callable->kind() != Kind::kGlobal) part("callable", object.callable);
    part("arguments", object.args);
    part("keywords", object.kwargs);
    part("items", object.list_items);
    part("entries", object.dict_items);
    part("state", object.state);
  }

  const TextLimits& limits_;
  std::string text_;
  std::size_t lines_ = 0;
};

}  // namespace

std::string value_text(const Value& value, const TextLimits& limits, const std::string& indent) {
  TextWriter writer(limits);
  writer.write("", value, indent, 0);
  return writer.take();
}

}  // namespace snapshot_test::render
