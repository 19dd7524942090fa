#include "render/value_json.hpp"

#include <algorithm>
#include <cmath>

#include "render/array_text.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::render {
namespace {

using Json = nlohmann::ordered_json;
using pickle::Kind;
using pickle::Value;

class JsonWriter {
 public:
  explicit JsonWriter(const JsonLimits& limits) : limits_(limits) {}

  Json write(const Value& value, std::size_t depth) {
    Json out = {{"type", pickle::type_name(value)}};
    if (++nodes_ > limits_.nodes || depth > limits_.depth) {
      out["truncated"] = true;
      return out;
    }
    switch (value.kind()) {
      case Kind::kNone: out["value"] = nullptr; break;
      case Kind::kBool: out["value"] = value.boolean(); break;
      case Kind::kInt: out["value"] = value.integer(); break;
      case Kind::kFloat: number(out, value.real()); break;
      case Kind::kStr: text(out, value.text()); break;
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet:
      case Kind::kFrozenSet:
      case Kind::kPersistentId: out.update(sequence(value.items(), depth)); break;
      case Kind::kDict:
        if (const auto described = pickle::form_of(value)) {
          out.update(form(*described, depth));
        } else {
          out.update(mapping(value.pairs(), depth));
        }
        break;
      case Kind::kArray:
      case Kind::kScalar: array(out, value, depth); break;
      case Kind::kObject: object(out, value.object(), depth); break;
      default: out["text"] = pickle::preview(value, kLongestText); break;
    }
    return out;
  }

 private:
  static constexpr std::size_t kLongestText = 10'000;

  static void number(Json& out, double real) {
    out["value"] = std::isfinite(real) ? Json(real) : Json(nullptr);
    if (!std::isfinite(real)) out["text"] = std::isnan(real) ? "nan" : real > 0 ? "inf" : "-inf";
  }

  static void text(Json& out, std::string_view whole) {
    out["value"] = std::string(whole.substr(0, kLongestText));
    if (whole.size() > kLongestText) {
      out["length"] = whole.size();
      out["truncated"] = true;
    }
  }

  Json sequence(std::span<const Value* const> items, std::size_t depth) {
    Json out = {{"length", items.size()}, {"items", Json::array()}};
    for (std::size_t i = 0; i < std::min(items.size(), limits_.items) && nodes_ <= limits_.nodes; ++i) {
      out["items"].push_back(write(*items[i], depth + 1));
    }
    if (out["items"].size() < items.size()) out["truncated"] = true;
    return out;
  }

  Json mapping(std::span<const pickle::Pair> written, std::size_t depth) {
    const std::vector<pickle::Pair> pairs = pickle::without_lazy_marks(written);
    Json out = {{"length", pairs.size()}, {"entries", Json::array()}};
    for (std::size_t i = 0; i < std::min(pairs.size(), limits_.items) && nodes_ <= limits_.nodes; ++i) {
      out["entries"].push_back(
          {{"key", write(*pairs[i].key, depth + 1)}, {"value", write(*pairs[i].value, depth + 1)}});
    }
    if (out["entries"].size() < pairs.size()) out["truncated"] = true;
    return out;
  }

  /// What cannot be pickled, by what is known of it.
  Json form(const pickle::Form& form, std::size_t depth) {
    Json out = {{"described", pickle::form_text(form)}, {"fields", Json::object()}};
    for (const pickle::Pair& pair : form.fields) {
      if (pair.key->kind() == Kind::kStr) out["fields"][std::string(pair.key->text())] = write(*pair.value, depth + 1);
    }
    return out;
  }

  /// A number or a truth value where it is one that JSON can hold, else its text.
  static Json element(const pickle::Array& array, std::uint64_t n) {
    std::string text = element_text(array, n);
    switch (array.dtype->kind) {
      case pickle::DtypeKind::kBool:
        if (text == "True" || text == "False") return text == "True";
        break;
      case pickle::DtypeKind::kInt:
      case pickle::DtypeKind::kUInt:
      case pickle::DtypeKind::kFloat:
      case pickle::DtypeKind::kBfloat16:
        if (Json parsed = Json::parse(text, nullptr, false); parsed.is_number()) return parsed;
        break;
      default: break;
    }
    return text;
  }

  void array(Json& out, const Value& value, std::size_t depth) {
    const pickle::Array& array = value.array();
    out["dtype"] = pickle::dtype_name(*array.dtype);
    out["shape"] = array.shape;
    if (const auto range = extremes(array); range && value.kind() == Kind::kArray) {
      if (range->any) {
        Json bound;
        number(bound, range->min);
        out["min"] = bound["value"];
        number(bound, range->max);
        out["max"] = bound["value"];
      }
      out["nans"] = range->nans;
    }
    Json elements = Json::array();
    const bool nothing = array.size == 0 || (!array.has_items && array.dtype->itemsize == 0);
    const std::uint64_t shown = nothing ? 0 : std::min<std::uint64_t>(array.size, limits_.items);
    for (std::uint64_t i = 0; i < shown && nodes_ <= limits_.nodes; ++i) {
      ++nodes_;
      elements.push_back(array.has_items ? write(item(array, i), depth + 1) : element(array, i));
    }
    if (elements.size() < array.size) out["truncated"] = true;
    out["elements"] = std::move(elements);
  }

  void object(Json& out, const pickle::Object& object, std::size_t depth) {
    const auto part = [&](const char* name, const Value* child) {
      if (child != nullptr) out[name] = write(*child, depth + 1);
    };
    if (object.callable != nullptr && object.callable->kind() != Kind::kGlobal) part("callable", object.callable);
    part("arguments", object.args);
    part("keywords", object.kwargs);
    part("list_items", object.list_items);
    part("dict_items", object.dict_items);
    part("state", object.state);
  }

  const JsonLimits& limits_;
  std::size_t nodes_ = 0;
};

}  // namespace

Json value_json(const Value& value, const JsonLimits& limits) { return JsonWriter(limits).write(value, 0); }

}  // namespace snapshot_test::render
