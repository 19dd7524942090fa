#include "compare/reduction.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "compare/stored_sketch.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/document.hpp"
#include "util/pickle_opcodes.hpp"
#include "util/try.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::Kind;
using pickle::Value;
using util::PickleOpcode;

/// What large bytes of the pickle are. They are replaced only where every use of them is the same.
struct Use {
  std::uint64_t size = 0;
  const Array* array = nullptr;  ///< null: a text
  bool kept = false;
};

/// The opcodes that have their argument's length before it, by its width.
struct Counted {
  PickleOpcode opcode;
  std::size_t width;
};
constexpr std::array<Counted, 7> kCounted = {{{PickleOpcode::kBinBytes8, 8},
                                              {PickleOpcode::kBinUnicode8, 8},
                                              {PickleOpcode::kByteArray8, 8},
                                              {PickleOpcode::kBinBytes, 4},
                                              {PickleOpcode::kBinUnicode, 4},
                                              {PickleOpcode::kShortBinBytes, 1},
                                              {PickleOpcode::kShortBinUnicode, 1}}};

/// How wide the length is that stands before the argument at `at`; nothing where it is none of these opcodes'.
std::optional<std::size_t> width_before(std::span<const std::byte> pickle, std::uint64_t at, std::uint64_t size) {
  for (const Counted& each : kCounted) {
    if (at < each.width + 1) continue;
    const std::byte* opcode = pickle.data() + at - each.width - 1;
    std::uint64_t length = 0;
    std::memcpy(&length, opcode + 1, each.width);
    if (*opcode == static_cast<std::byte>(each.opcode) && length == size) return each.width;
  }
  return std::nullopt;
}

/// Finds what is large in a value tree.
class Survey {
 public:
  Survey(std::span<const std::byte> pickle, const ReductionLimits& limits) : pickle_(pickle), limits_(limits) {}

  void run(const Value& root) {
    push(&root, Keep::kNo);
    while (!stack_.empty()) {
      const auto [value, keep] = stack_.back();
      stack_.pop_back();
      if (value->shared() && !seen_.insert({value, keep}).second) continue;
      visit(*value, keep);
    }
  }
  [[nodiscard]] const std::map<std::uint64_t, Use>& uses() const { return uses_; }

 private:
  enum class Keep : bool { kNo, kYes };
  struct Hash {
    std::size_t operator()(const std::pair<const Value*, Keep>& key) const noexcept {
      return std::hash<const Value*>()(key.first) * 2 + static_cast<std::size_t>(key.second);
    }
  };

  void push(const Value* value, Keep keep) {
    if (value != nullptr) stack_.emplace_back(value, keep);
  }
  void push_all(std::span<const Value* const> items, Keep keep) {
    for (const Value* item : items) push(item, keep);
  }

  void visit(const Value& value, Keep keep) {
    switch (value.kind()) {
      case Kind::kStr:
      case Kind::kBytes:
      case Kind::kByteArray: return text(value, keep);
      case Kind::kSet:
      case Kind::kFrozenSet: return push_all(value.items(), Keep::kYes);
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kPersistentId: return push_all(value.items(), keep);
      case Kind::kDict:
        for (const pickle::Pair& pair : value.pairs()) {
          push(pair.key, Keep::kYes);
          push(pair.value, keep);
        }
        return;
      case Kind::kObject: {
        const pickle::Object& object = value.object();
        push(object.callable, Keep::kYes);
        for (const Value* part : {object.args, object.kwargs, object.state, object.list_items, object.dict_items}) {
          push(part, keep);
        }
        return;
      }
      case Kind::kScalar: return push_all(value.array().items, keep);
      case Kind::kArray: return array(value.array(), keep);
      default: return;
    }
  }

  void text(const Value& value, Keep keep) {
    const bool looks_alike = is_stand_in(value.bytes());
    if (value.bytes().size() < limits_.texts && !looks_alike) return;
    add(value.bytes(), nullptr, keep == Keep::kYes);
  }

  void array(const Array& array, Keep keep) {
    push_all(array.items, keep);
    push(array.extra, keep);
    push(array.fill_value, keep);
    const bool of_array_module =
        array.type != nullptr && array.type->kind() == Kind::kGlobal && array.type->global().module == "array";
    if (array.data.size() >= limits_.arrays) add(array.data, &array, keep == Keep::kYes || of_array_module);
  }

  void add(std::span<const std::byte> bytes, const Array* array, bool kept) {
    if (bytes.data() < pickle_.data() || bytes.data() + bytes.size() > pickle_.data() + pickle_.size()) return;
    const auto at = static_cast<std::uint64_t>(bytes.data() - pickle_.data());
    const auto [place, is_new] = uses_.try_emplace(at, Use{bytes.size(), array, kept});
    if (is_new) return;
    const bool same = place->second.size == bytes.size() && (place->second.array == nullptr) == (array == nullptr);
    // Two arrays may have the same bytes and other dtypes.
    place->second.kept = place->second.kept || kept || !same || place->second.array != array;
  }

  std::span<const std::byte> pickle_;
  const ReductionLimits& limits_;
  std::vector<std::pair<const Value*, Keep>> stack_;
  std::unordered_set<std::pair<const Value*, Keep>, Hash> seen_;
  std::map<std::uint64_t, Use> uses_;
};

/// A pickle with frames, as Python writes them and this program does not, says how long its parts are: it is kept
/// whole.
/// So is one whose parts overlap, or that would not be what it stands for.
bool stands_for(const Reduction& reduction, const pickle::Document& whole) {
  struct Memory : util::ByteSink {
    Result<void> write(std::span<const std::byte> piece) override {
      bytes.insert(bytes.end(), piece.begin(), piece.end());
      return {};
    }
    std::vector<std::byte> bytes;
  };
  Memory memory;
  if (!reduction.write(memory) || memory.bytes.size() != reduction.bytes()) return false;
  const auto reduced = pickle::read(memory.bytes);
  Options options;
  options.expected_reduced = true;
  return reduced && compare(whole, *reduced, options).differences.empty();
}

std::vector<std::byte> replacement_of(std::span<const std::byte> bytes, const Use& use) {
  if (use.array != nullptr) return make_stored_sketch(*use.array);
  const std::string text = stand_in(bytes);
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace

Reduction::Reduction(std::span<const std::byte> pickle, std::vector<Piece> pieces)
    : pickle_(pickle), pieces_(std::move(pieces)), bytes_(pickle.size()) {
  for (const Piece& piece : pieces_) bytes_ = bytes_ - piece.replaced + piece.with.size();
}

Result<void> Reduction::write(util::ByteSink& sink) const {
  std::uint64_t at = 0;
  for (const Piece& piece : pieces_) {
    TRY(sink.write(pickle_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(piece.at - at))));
    TRY(sink.write(piece.with));
    at = piece.at + piece.replaced;
  }
  return sink.write(pickle_.subspan(static_cast<std::size_t>(at)));
}

Result<std::optional<Reduction>> reduce(std::span<const std::byte> pickle, const ReductionLimits& limits) {
  TRY_ASSIGN(const pickle::Document document, pickle::read(pickle));
  Survey survey(pickle, limits);
  survey.run(document.root());
  std::vector<Reduction::Piece> pieces;
  std::uint64_t end = 0;
  for (const auto& [at, use] : survey.uses()) {
    const auto width = width_before(pickle, at, use.size);
    if (use.kept || !width || at - *width < end) continue;
    end = at + use.size;
    Reduction::Piece piece;
    piece.at = at - *width;
    piece.replaced = *width + use.size;
    const std::vector<std::byte> with =
        replacement_of(pickle.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(use.size)), use);
    // Of many fields and few elements a sketch is no smaller. A text that looks like a stand-in is stood for all the
    // same.
    if (use.array != nullptr && with.size() > use.size / 2) continue;
    const std::uint64_t length = with.size();
    const auto* digits = reinterpret_cast<const std::byte*>(&length);
    piece.with.assign(digits, digits + *width);
    piece.with.insert(piece.with.end(), with.begin(), with.end());
    pieces.push_back(std::move(piece));
  }
  Reduction reduction(pickle, std::move(pieces));
  if (reduction.bytes() > pickle.size() / 2 || !stands_for(reduction, document)) return std::nullopt;
  return std::optional(std::move(reduction));
}

}  // namespace snapshot_test::compare
