#include "snapshot_test/pickle/form.hpp"

#include <algorithm>
#include <iterator>

namespace snapshot_test::pickle {

std::vector<Pair> without_lazy_marks(std::span<const Pair> pairs) {
  std::vector<Pair> out;
  out.reserve(pairs.size());
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(out),
               [](const Pair& pair) { return !is_lazy_mark(*pair.value); });
  return out;
}

std::optional<Form> form_of(const Value& value) {
  if (value.kind() != Kind::kDict || value.pairs().empty()) return std::nullopt;
  const Pair& first = value.pairs().front();
  const bool marked = first.key->kind() == Kind::kStr && first.key->text() == kFormKey;
  if (!marked || first.value->kind() != Kind::kStr) return std::nullopt;
  return Form{first.value->text(), value.pairs().subspan(1)};
}

const Value* field(const Form& form, std::string_view name) {
  for (const Pair& pair : form.fields) {
    if (pair.key->kind() == Kind::kStr && pair.key->text() == name) return pair.value;
  }
  return nullptr;
}

std::string_view text_field(const Form& form, std::string_view name) {
  const Value* value = field(form, name);
  return value != nullptr && value->kind() == Kind::kStr ? value->text() : std::string_view();
}

std::string_view form_name(const Form& form) {
  if (form.kind == "iterator") return "iterator";
  const std::string_view type = text_field(form, "type");
  if (form.kind == "items" && type.ends_with("dict_keys")) return "keys view";
  if (form.kind == "items" && type.ends_with("dict_items")) return "items view";
  if (form.kind == "items" && type.ends_with("dict_values")) return "values view";
  return type.empty() ? form.kind : type;
}

}  // namespace snapshot_test::pickle
