#include "audit/mutant.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "audit/numbers.hpp"
#include "pickle/builder.hpp"
#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::audit {

using pickle::Array;
using pickle::Builder;
using pickle::Document;
using pickle::DtypeKind;
using pickle::Kind;
using pickle::Pair;
using pickle::Value;

namespace {

/// Is a node what a value consists of, or a part of an object (its arguments and attributes)?
enum class Place { kContent, kInside };

bool is_plain_number(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInt || kind == Kind::kBigInt || kind == Kind::kFloat ||
         kind == Kind::kComplex;
}
bool is_plain_text(Kind kind) { return kind == Kind::kStr || kind == Kind::kBytes || kind == Kind::kByteArray; }
bool is_inexact_kind(Kind kind) { return kind == Kind::kFloat || kind == Kind::kComplex; }
bool is_array(Kind kind) { return kind == Kind::kArray || kind == Kind::kScalar; }

/// Calls visit(child, place) for each part of a value that a mutant may have another of.
template <class Visit>
void for_each_part(const Value& value, Place place, Visit visit) {
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
      for (const Value* item : value.items()) visit(item, place);
      return;
    case Kind::kDict: {
      const auto form = pickle::form_of(value);
      if (form && form->kind == "digest") return;  // its hashes and sums belong together
      for (const Pair& pair : value.pairs()) visit(pair.value, form ? Place::kInside : place);
      return;
    }
    case Kind::kObject: {
      const pickle::Object& object = value.object();
      for (const Value* part : {object.args, object.kwargs, object.state, object.list_items, object.dict_items}) {
        if (part != nullptr) visit(part, Place::kInside);
      }
      return;
    }
    case Kind::kArray:
    case Kind::kScalar:
      for (const Value* item : value.array().items) visit(item, place);
      return;
    default: return;
  }
}

/// Parts that may be reached more than once are visited once: only these can be many more than there are nodes.
class Visited {
 public:
  [[nodiscard]] bool is_new(const Value& value) { return !value.shared() || seen_.insert(&value).second; }

 private:
  std::unordered_set<const Value*> seen_;
};

long double plain_magnitude(const Value& value) {
  long double size = -1;
  switch (value.kind()) {
    case Kind::kBool: size = value.boolean() ? 1 : 0; break;
    case Kind::kInt: size = std::fabs(static_cast<long double>(value.integer())); break;
    case Kind::kBigInt:
      size = std::ldexp(1.0L, static_cast<int>(std::min<std::size_t>(8 * value.bytes().size(), 16000)));
      break;
    case Kind::kFloat: size = std::fabs(value.real()); break;
    case Kind::kComplex:
      size = std::hypot(static_cast<long double>(value.complex().real()), value.complex().imag());
      break;
    default: break;
  }
  return std::isfinite(size) ? size : -1;
}

/// What has to be known of a whole value before a part of it is changed.
struct Survey {
  bool has_inexact = false;
  // The number with the largest magnitude, the first one of several; inexact ones before all others.
  const Value* largest = nullptr;
  std::uint64_t element = 0;                    ///< of an array
  std::size_t plane = 0;                        ///< of the element
  std::unordered_map<int, const Value*> first;  ///< plain numbers and texts, by kind
};

class Surveyor {
 public:
  [[nodiscard]] static Survey survey(const Value& root) {
    Surveyor surveyor;
    // Twice, since what is inside of objects counts only if there is nothing inexact anywhere.
    surveyor.walk(root, Pass::kInexact);
    if (surveyor.survey_.largest == nullptr && !surveyor.survey_.has_inexact) surveyor.walk(root, Pass::kExact);
    return std::move(surveyor.survey_);
  }

 private:
  enum class Pass { kInexact, kExact };

  void walk(const Value& root, Pass pass) {
    Visited visited;
    size_ = 0;
    std::vector<std::pair<const Value*, Place>> open = {{&root, Place::kContent}};
    std::vector<std::pair<const Value*, Place>> parts;
    while (!open.empty()) {
      const auto [value, place] = open.back();
      open.pop_back();
      if (!visited.is_new(*value)) continue;
      look_at(*value, place, pass);
      parts.clear();
      for_each_part(*value, place, [&parts](const Value* part, Place where) { parts.emplace_back(part, where); });
      open.insert(open.end(), parts.rbegin(), parts.rend());
    }
  }

  void look_at(const Value& value, Place place, Pass pass) {
    const Kind kind = value.kind();
    if (is_plain_number(kind) || is_plain_text(kind)) {
      if (place == Place::kContent || is_inexact_kind(kind)) survey_.first.try_emplace(static_cast<int>(kind), &value);
      if (is_plain_number(kind) && is_inexact_kind(kind) == (pass == Pass::kInexact)) {
        survey_.has_inexact = survey_.has_inexact || is_inexact_kind(kind);
        offer(value, 0, 0, plain_magnitude(value));
      }
    } else if (is_array(kind) && !value.array().has_items) {
      look_at_array(value, pass);
    }
  }

  void look_at_array(const Value& value, Pass pass) {
    const Array& array = value.array();
    const auto planes = planes_of(*array.dtype);
    for (std::size_t p = 0; p < planes.size(); ++p) {
      const pickle::Dtype& dtype = *planes[p].dtype;
      if (!has_magnitude(dtype) || is_inexact(dtype) != (pass == Pass::kInexact)) continue;
      survey_.has_inexact = survey_.has_inexact || is_inexact(dtype);
      for (std::uint64_t i = 0; i < array.size; ++i) {
        if (array.masked && !array.mask.empty() && planes.size() == array.dtype->mask_itemsize &&
            array.mask[i * planes.size() + p] != std::byte{0}) {
          continue;
        }
        offer(value, i, p, magnitude(dtype, array.data.data() + i * array.dtype->itemsize + planes[p].offset));
      }
    }
  }

  void offer(const Value& value, std::uint64_t element, std::size_t plane, long double size) {
    if (size <= size_) return;
    size_ = size;
    survey_.largest = &value;
    survey_.element = element;
    survey_.plane = plane;
  }

  Survey survey_;
  long double size_ = 0;
};

/// Copies a tree with an explicit stack: values may be nested as deeply as their pickle is long.
class Copier {
 public:
  Copier(const Document& original, Mutation mutation)
      : mutation_(mutation), builder_(original.extent()), survey_(Surveyor::survey(original.root())) {}

  [[nodiscard]] std::optional<Document> copy(const Document& original) {
    const Value* root = copy_of(original.root(), Place::kContent);
    while (!open_.empty()) {
      const Open next = open_.back();
      open_.pop_back();
      fill(next);
    }
    if (!changed_) return std::nullopt;
    const std::uint64_t nodes = builder_.nodes();
    return Document(builder_.take_arena(), *root, nodes, original.consumed(), original.extent());
  }

 private:
  struct Open {
    const Value* from;
    Value* to;
    Place place;
  };

  /// May numbers and texts that are not inexact change there?
  [[nodiscard]] bool may_change(Place place, bool inexact) const {
    return inexact || place == Place::kContent || !survey_.has_inexact;
  }

  const Value* copy_of(const Value& value, Place place) {
    const Kind kind = value.kind();
    if (is_plain_number(kind)) return may_change(place, is_inexact_kind(kind)) ? changed_number(value) : &value;
    if (is_plain_text(kind)) return place == Place::kContent ? changed_text(value) : &value;
    switch (kind) {
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kDict:
      case Kind::kObject:
      case Kind::kArray:
      case Kind::kScalar: break;
      default: return &value;
    }
    if (value.shared()) {
      const auto [known, is_new] = copies_.try_emplace(&value, nullptr);
      if (!is_new) return known->second;
      known->second = shell(value);
      Builder::mark_shared(*known->second);
      open_.push_back({&value, known->second, place});
      return known->second;
    }
    Value* to = shell(value);
    open_.push_back({&value, to, place});
    return to;
  }

  /// A node that becomes a copy: parts may refer to it before it is one.
  Value* shell(const Value& value) {
    if (value.kind() == Kind::kObject) return builder_.object(nullptr, nullptr);
    const bool kept = value.kind() == Kind::kList || value.kind() == Kind::kTuple || value.kind() == Kind::kDict;
    return builder_.container(kept ? value.kind() : Kind::kList);
  }

  void fill(const Open& next) {
    const Value& from = *next.from;
    switch (from.kind()) {
      case Kind::kList:
      case Kind::kTuple: return fill_sequence(next);
      case Kind::kDict: return fill_dict(next);
      case Kind::kObject: return fill_object(next);
      default: return fill_array(next);
    }
  }

  void fill_sequence(const Open& next) {
    const auto items = next.from->items();
    if (items.empty()) return;
    const Value** copies = builder_.arena().array<const Value*>(items.size());
    std::transform(items.begin(), items.end(), copies, [&](const Value* item) { return copy_of(*item, next.place); });
    shuffle(copies, items.size(), next.place);
    Builder::become_items(*next.to, next.from->kind(), {copies, items.size()});
  }

  /// Of numbers alone, or of texts of one kind: what else stands at another place differs by more than its value.
  void shuffle(const Value** items, std::size_t count, Place place) {
    if (mutation_ != Mutation::kShuffled || place == Place::kInside || count < 2) return;
    const Kind kind = items[0]->kind();
    const bool one_kind = std::all_of(items, items + count, [kind](const Value* item) { return item->kind() == kind; });
    if (!one_kind || (!is_plain_number(kind) && !is_plain_text(kind))) return;
    const std::vector<const Value*> old(items, items + count);
    const auto places = shuffled_places(count);
    std::transform(places.begin(), places.end(), items, [&old](std::size_t i) { return old[i]; });
    changed_ = true;
  }

  void fill_dict(const Open& next) {
    const auto form = pickle::form_of(*next.from);
    const bool digest = form && form->kind == "digest";
    std::vector<Value*> items;
    items.reserve(2 * next.from->pairs().size());
    for (const Pair& pair : next.from->pairs()) {
      items.push_back(const_cast<Value*>(pair.key));
      items.push_back(
          const_cast<Value*>(digest ? pair.value : copy_of(*pair.value, form ? Place::kInside : next.place)));
    }
    builder_.set_items(*next.to, items);
  }

  void fill_object(const Open& next) {
    const pickle::Object& from = next.from->object();
    pickle::Object& to = Builder::object_of(*next.to);
    to = from;
    const auto copied = [&](const Value* part) { return part == nullptr ? nullptr : copy_of(*part, Place::kInside); };
    to.args = copied(from.args);
    to.kwargs = copied(from.kwargs);
    to.state = copied(from.state);
    to.list_items = copied(from.list_items);
    to.dict_items = copied(from.dict_items);
  }

  void fill_array(const Open& next) {
    Array* array = builder_.arena().make<Array>(next.from->array());
    if (array->has_items) {
      const Value** copies = builder_.arena().array<const Value*>(array->items.size());
      std::transform(array->items.begin(), array->items.end(), copies,
                     [&](const Value* item) { return copy_of(*item, next.place); });
      shuffle(copies, array->items.size(), next.place);
      array->items = {copies, array->items.size()};
    } else if (array->size > 0 && !array->data.empty()) {
      change_array(*next.from, *array, next.place);
    }
    if (mutation_ == Mutation::kTransposed) transpose(*array, next.place);
    Builder::become_array(*next.to, next.from->kind(), array);
  }

  void transpose(Array& array, Place place) {
    const bool square = std::equal(array.shape.begin(), array.shape.end(), array.shape.rbegin());
    if (array.shape.size() < 2 || !square || array.masked ||
        !may_change(place, array.dtype->kind == DtypeKind::kStruct || is_inexact(*array.dtype))) {
      return;
    }
    std::int64_t* strides = builder_.arena().array<std::int64_t>(array.strides.size());
    std::reverse_copy(array.strides.begin(), array.strides.end(), strides);
    array.strides = {strides, array.strides.size()};
    changed_ = true;
  }

  void change_array(const Value& from, Array& array, Place place) {
    const bool one_only = mutation_ == Mutation::kOneElement || mutation_ == Mutation::kDropped;
    if (mutation_ == Mutation::kTransposed || (one_only && &from != survey_.largest)) return;
    std::vector<Plane> planes = planes_of(*array.dtype);
    const auto touched = [&](const Plane& plane) { return may_change(place, is_inexact(*plane.dtype)); };
    if (std::none_of(planes.begin(), planes.end(), touched)) return;
    const std::uint64_t itemsize = array.dtype->itemsize;
    std::byte* data = builder_.arena().array<std::byte>(array.data.size());
    std::copy(array.data.begin(), array.data.end(), data);
    if (one_only) {
      const Plane& plane = planes[survey_.plane];
      change_element(*plane.dtype, data + survey_.element * itemsize + plane.offset, mutation_);
    } else if (mutation_ == Mutation::kShuffled) {
      const auto places = shuffled_places(array.size);
      for (std::uint64_t i = 0; i < array.size; ++i) {
        std::copy_n(array.data.data() + places[i] * itemsize, itemsize, data + i * itemsize);
      }
    } else {
      for (const Plane& plane : planes) {
        if (touched(plane)) change_plane(plane, array.size, itemsize, data + plane.offset);
      }
    }
    array.data = {data, array.data.size()};
    changed_ = true;
  }

  void change_plane(const Plane& plane, std::uint64_t size, std::uint64_t itemsize, std::byte* first) const {
    for (std::uint64_t i = 0; i < size; ++i) {
      if (mutation_ == Mutation::kConstant) {
        std::copy_n(first, plane.dtype->itemsize, first + i * itemsize);
      } else {
        change_element(*plane.dtype, first + i * itemsize, mutation_);
      }
    }
  }

  const Value* changed_number(const Value& value) {
    const Value* changed = number_for(value);
    changed_ = changed_ || changed != &value;
    return changed;
  }

  const Value* number_for(const Value& value) {
    switch (mutation_) {
      case Mutation::kZeros: return zero_of(value.kind());
      case Mutation::kConstant: return first_of(value);
      case Mutation::kDropped: return &value == survey_.largest ? zero_of(value.kind()) : &value;
      case Mutation::kOneElement: return &value == survey_.largest ? stepped(value) : &value;
      case Mutation::kSign: return negated(value);
      case Mutation::kFloat32: return rounded(value);
      default: return &value;
    }
  }

  const Value* first_of(const Value& value) const {
    const auto first = survey_.first.find(static_cast<int>(value.kind()));
    return first == survey_.first.end() ? &value : first->second;
  }

  const Value* complex(double real, double imaginary) {
    Value* node = builder_.container(Kind::kList);
    builder_.become_complex(*node, real, imaginary);
    return node;
  }

  const Value* zero_of(Kind kind) {
    switch (kind) {
      case Kind::kBool: return Builder::boolean(false);
      case Kind::kFloat: return builder_.real(0);
      case Kind::kComplex: return complex(0, 0);
      default: return Builder::small_integer(0);
    }
  }

  const Value* negated(const Value& value) {
    switch (value.kind()) {
      case Kind::kFloat: return builder_.real(-value.real());
      case Kind::kComplex: return complex(-value.complex().real(), -value.complex().imag());
      case Kind::kInt:
      case Kind::kBigInt: return negated_integer(value);
      default: return &value;
    }
  }

  const Value* stepped(const Value& value) {
    constexpr double kThousandth = 1e-3;
    switch (value.kind()) {
      case Kind::kBool: return Builder::boolean(!value.boolean());
      case Kind::kFloat: return builder_.real(value.real() + value.real() * kThousandth);
      case Kind::kComplex: {
        const auto number = value.complex();
        return complex(number.real() + number.real() * kThousandth, number.imag() + number.imag() * kThousandth);
      }
      case Kind::kInt: {
        const std::int64_t x = value.integer();
        const std::int64_t step = x / 1000 == 0 ? (x < 0 ? -1 : 1) : x / 1000;
        std::int64_t out = 0;
        return builder_.integer(__builtin_add_overflow(x, step, &out) ? x - step : out);
      }
      case Kind::kBigInt: return stepped_big(value);
      default: return &value;
    }
  }

  const Value* rounded(const Value& value) {
    if (value.kind() == Kind::kFloat) return builder_.real(static_cast<float>(value.real()));
    if (value.kind() == Kind::kComplex) {
      return complex(static_cast<float>(value.complex().real()), static_cast<float>(value.complex().imag()));
    }
    return &value;
  }

  /// Two's complement, as long as `size` bytes.
  static std::vector<std::byte> integer_bytes(const Value& value, std::size_t size) {
    std::vector<std::byte> bytes(size);
    if (value.kind() == Kind::kInt) {
      for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(value.integer() >> std::min<std::size_t>(8 * i, 63));
      }
      return bytes;
    }
    const auto from = value.bytes();
    const bool negative = (from.back() & std::byte{0x80}) != std::byte{0};
    std::fill(bytes.begin(), bytes.end(), negative ? std::byte{0xff} : std::byte{0});
    std::copy(from.begin(), from.end(), bytes.begin());
    return bytes;
  }

  /// Adds `what` at the byte of that index; what is carried out of the last one is gone.
  static void add_at(std::vector<std::byte>& bytes, std::size_t index, unsigned what) {
    for (; index < bytes.size() && what != 0; ++index) {
      what += std::to_integer<unsigned>(bytes[index]);
      bytes[index] = static_cast<std::byte>(what & 0xffU);
      what >>= 8U;
    }
  }

  const Value* integer_of(const std::vector<std::byte>& bytes) {
    std::byte* kept = builder_.arena().array<std::byte>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), kept);
    return builder_.big_integer({kept, bytes.size()});
  }

  const Value* negated_integer(const Value& value) {
    if (value.kind() == Kind::kInt && value.integer() == 0) return &value;
    const std::size_t size = value.kind() == Kind::kInt ? sizeof(std::int64_t) : value.bytes().size();
    std::vector<std::byte> bytes = integer_bytes(value, size + 1);
    for (std::byte& each : bytes) each = ~each;
    add_at(bytes, 0, 1);
    return integer_of(bytes);
  }

  /// By something near a thousandth: 1 in the last but one of its bytes.
  const Value* stepped_big(const Value& value) {
    const std::size_t size = value.bytes().size();
    std::vector<std::byte> bytes = integer_bytes(value, size + 1);
    add_at(bytes, size - 2, 1);
    return integer_of(bytes);
  }

  const Value* changed_text(const Value& value) {
    const Value* changed = &value;
    if (mutation_ == Mutation::kZeros) changed = builder_.text({}, value.kind());
    if (mutation_ == Mutation::kConstant) changed = first_of(value);
    changed_ = changed_ || changed != &value;
    return changed;
  }

  Mutation mutation_;
  Builder builder_;
  Survey survey_;
  std::vector<Open> open_;
  std::unordered_map<const Value*, Value*> copies_;
  bool changed_ = false;
};

/// The sizes of numbers by what would change them.
struct Magnitudes {
  long double content = 0;
  long double inexact_inside = 0;
  long double exact_inside = 0;
  bool has_inexact = false;
  bool other = false;  ///< there is something else that zeros would show in

  void add(long double size, Place place, bool inexact) {
    other = other || size < 0;
    has_inexact = has_inexact || inexact;
    long double& sum = place == Place::kContent ? content : inexact ? inexact_inside : exact_inside;
    sum = std::max(sum, size);
  }
};

void add_array(const Array& array, Place place, Magnitudes& sizes) {
  for (const Plane& plane : planes_of(*array.dtype)) {
    const pickle::Dtype& dtype = *plane.dtype;
    if (!has_magnitude(dtype)) {
      const bool zero =
          std::all_of(array.data.begin(), array.data.end(), [](std::byte b) { return b == std::byte{0}; });
      sizes.other = sizes.other || (place == Place::kContent && !zero);
      continue;
    }
    const bool inexact = is_inexact(dtype);
    for (std::uint64_t i = 0; i < array.size && !sizes.other; ++i) {
      sizes.add(magnitude(dtype, array.data.data() + i * array.dtype->itemsize + plane.offset), place, inexact);
    }
  }
}

void add_node(const Value& value, Place place, Magnitudes& sizes) {
  const Kind kind = value.kind();
  if (is_plain_number(kind)) {
    sizes.add(plain_magnitude(value), place, is_inexact_kind(kind));
  } else if (is_plain_text(kind)) {
    sizes.other = sizes.other || (place == Place::kContent && !value.bytes().empty());
  } else if (is_array(kind) && !value.array().has_items) {
    add_array(value.array(), place, sizes);
  }
}

}  // namespace

std::optional<double> largest_magnitude(const Document& value) {
  Magnitudes sizes;
  Visited visited;
  std::vector<std::pair<const Value*, Place>> open = {{&value.root(), Place::kContent}};
  while (!open.empty() && !sizes.other) {
    const auto [node, place] = open.back();
    open.pop_back();
    if (!visited.is_new(*node)) continue;
    add_node(*node, place, sizes);
    for_each_part(*node, place, [&open](const Value* part, Place where) { open.emplace_back(part, where); });
  }
  if (sizes.other) return std::nullopt;
  long double largest = std::max(sizes.content, sizes.inexact_inside);
  if (!sizes.has_inexact) largest = std::max(largest, sizes.exact_inside);
  return std::min(static_cast<double>(largest), std::numeric_limits<double>::max());
}

std::optional<Document> make_mutant(const Document& original, Mutation mutation) {
  return Copier(original, mutation).copy(original);
}

}  // namespace snapshot_test::audit
