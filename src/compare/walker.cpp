#include "compare/walker.hpp"
#include "compare/lazy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "compare/digests.hpp"
#include "compare/plain.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Value;

// What looking for options that would let differences pass may cost.
constexpr std::uint64_t kMostNodesForHints = 2'000'000;
constexpr std::uint64_t kMostGrouped = 10'000;  // differences: the text of a path costs
constexpr std::uint64_t kHintSteps = 2'000'000;
constexpr std::uint64_t kHintBytes = std::uint64_t{256} << 20;

// Pairs that may be visited. Without sharing there are no more than nodes; every other way to a shared node is a byte
// of the pickle at least. The rest is for values that are shared in different ways on the two sides, where there could
// otherwise be as many as products of nodes.
std::uint64_t step_budget(const pickle::Document& a, const pickle::Document& b) {
  return 10'000'000 + 64 * (a.nodes() + b.nodes()) + a.consumed() + b.consumed();
}

// Bytes of arrays and texts that may be read; more only where the same ones are referred to again and again.
std::uint64_t byte_budget(const pickle::Document& a, const pickle::Document& b) {
  return (std::uint64_t{4} << 30) + 64 * (a.extent() + b.extent());
}

// One that takes longer to compare than to look up.
bool is_long_text(const Value& value) {
  constexpr std::size_t kLong = 512;
  switch (value.kind()) {
    case Kind::kStr:
    case Kind::kBytes:
    case Kind::kByteArray:
    case Kind::kBigInt: return value.bytes().size() >= kLong;
    default: return false;
  }
}

bool is_shareable(const Value& value) {
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kDict:
    case Kind::kSet:
    case Kind::kFrozenSet:
    case Kind::kObject:
    case Kind::kArray:
    case Kind::kSketch:
    case Kind::kPersistentId: return true;
    case Kind::kScalar: return value.array().has_items;
    default: return false;
  }
}

bool is_sequence(Kind kind) { return kind == Kind::kList || kind == Kind::kTuple; }
bool is_array(Kind kind) { return kind == Kind::kArray || kind == Kind::kScalar; }
bool is_set(Kind kind) { return kind == Kind::kSet || kind == Kind::kFrozenSet; }

}  // namespace

std::size_t Walker::PairHash::operator()(const std::pair<const Value*, const Value*>& pair) const noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(pair.first) >> 3;
  const auto second = reinterpret_cast<std::uintptr_t>(pair.second) >> 3;
  return first * 0x9e3779b97f4a7c15U ^ (second + (first << 7)) * 0xd1b54a32d192ed03U;
}

Walker::Walker(const Value& actual, const Value& expected, const Options& options, IdenticalNans identical_nans,
               Budget budget, Hints hints)
    : options_(options),
      identical_nans_(identical_nans),
      actual_(actual),
      expected_(expected),
      ignored_(options.ignored_paths),
      has_auto_atol_(has_auto_atol(options)),
      magnitudes_(budget.steps),
      actual_digests_(DigestKind::kExact, options.ignore_order ? Order::kIgnored : Order::kMatters),
      expected_digests_(DigestKind::kExact, options.ignore_order ? Order::kIgnored : Order::kMatters),
      steps_left_(budget.steps),
      bytes_left_(budget.bytes),
      hints_(hints),
      hint_budget_{kHintSteps, kHintBytes},
      rough_actual_(DigestKind::kRough, Order::kIgnored),
      rough_expected_(DigestKind::kRough, Order::kIgnored) {}

Walker::Walker(const pickle::Document& actual, const pickle::Document& expected, const Options& options,
               IdenticalNans identical_nans)
    : Walker(actual.root(), expected.root(), options, identical_nans,
             Budget{step_budget(actual, expected), byte_budget(actual, expected)},
             actual.nodes() + expected.nodes() <= kMostNodesForHints ? Hints::kGiven : Hints::kNone) {}

Comparison Walker::run() {
  if (ignored_.is_ignored(ignored_.root())) {
    result_.ignored = 1;
    return result_;
  }
  visit(actual_, expected_, ignored_.root());
  while (!stack_.empty()) {
    Frame& frame = stack_.back();
    if (frame.noted_at_child != kNoChild && frame.noted_at_child != noted_) note_changed_child(frame);
    frame.noted_at_child = kNoChild;
    Child child{};
    if (!exhausted_ && next_child(frame, child)) {
      frame.step = child.step;
      const IgnoredPaths::Node below = ignored_.below(frame.ignored, child.step);
      if (ignored_.is_ignored(below)) {
        ++result_.ignored;
      } else {
        if (options_.sketches) frame.noted_at_child = noted_;
        visit(*child.actual, *child.expected, below);
      }
      continue;
    }
    finish(frame);
    stack_.pop_back();
  }
  finish_hints();
  finish_sketches();
  return result_;
}

bool Walker::next_child(Frame& frame, Child& child) {
  if (frame.next < frame.children.size()) {
    child = frame.children[frame.next++];
    return true;
  }
  const std::size_t index = frame.next - frame.children.size();
  if (index >= frame.expected_items.size() || index >= frame.actual_items.size()) return false;
  ++frame.next;
  const auto kind = frame.shape.empty() ? Step::Kind::kIndex : Step::Kind::kElement;
  child = {frame.actual_items[index], frame.expected_items[index], Step{kind, index, nullptr, {}, frame.shape}};
  return true;
}

void Walker::finish(Frame& frame) {
  // An empty container is a leaf of its own.
  if (result_.leaves == frame.leaves_before && result_.ignored == frame.ignored_before) leaf();
  hint_at_order(frame);
  finish_table(frame);
  settle(frame);
}

// What is known of a pair that may be met again.
void Walker::settle(const Frame& frame) {
  if (!frame.tracked) return;
  Status status = Status::kEqual;
  if (frame.ignored != IgnoredPaths::kNothing) {
    status = Status::kPartial;
  } else if (result_.difference_count != frame.differences_before) {
    status = Status::kDifferent;
  }
  pairs_[{frame.actual, frame.expected}] = status;
}

// Shared pairs are compared once. In a cycle, the pair that is still being compared counts as equal: if it is not, that
// is found where it is compared.
bool Walker::visited_before(const Value& actual, const Value& expected, IgnoredPaths::Node ignored, Frame& frame) {
  if (!is_long_text(actual) || !is_long_text(expected)) {
    if (!actual.shared() && !expected.shared()) return false;
    if (!is_shareable(actual) || !is_shareable(expected)) return false;
  }
  frame.tracked = true;
  const auto [place, fresh] = pairs_.try_emplace({&actual, &expected}, Status::kInProgress);
  if (fresh) return false;
  if (place->second == Status::kInProgress) return true;
  if (place->second == Status::kPartial || ignored != IgnoredPaths::kNothing) {
    place->second = Status::kInProgress;
    return false;
  }
  // The difference is reported already; this is one more path that it makes unstable.
  if (place->second == Status::kDifferent) note_path(nullptr);
  return true;
}

// Of what is about to be visited.
bool Walker::in_object() const {
  if (stack_.empty()) return root_in_object_;
  const Frame& parent = stack_.back();
  if (parent.in_object || parent.expected->kind() != Kind::kObject) return parent.in_object;
  switch (parent.step.kind) {
    case Step::Kind::kArgument:
    case Step::Kind::kKeyword:
    case Step::Kind::kAttribute:
    case Step::Kind::kPart: return true;
    default: return false;
  }
}

// A tolerance for integers is for those that were computed. The end of a range, the digits of a UUID, the indices of a
// sparse matrix, the value of an enum say which one it is.
const Options& Walker::rules_here() {
  if (options_.exact_integers || !in_object()) return options_;
  if (!object_options_) {
    object_options_ = options_;
    object_options_->exact_integers = true;
  }
  return *object_options_;
}

const Magnitude* Walker::magnitude_around() {
  if (!has_auto_atol_ || stack_.empty() || !ListMagnitudes::is_list(*stack_.back().expected)) return nullptr;
  auto outermost = stack_.rbegin();
  while (std::next(outermost) != stack_.rend() && ListMagnitudes::is_list(*std::next(outermost)->expected)) ++outermost;
  return &magnitudes_.of(*outermost->expected);
}

void Walker::visit(const Value& actual, const Value& expected, IgnoredPaths::Node ignored) {
  if (steps_left_ == 0) {
    if (!spend(bytes_left_ + 1)) return;
  }
  --steps_left_;
  const Kind kind = expected.kind();
  if (kind == Kind::kFloat && actual.kind() == Kind::kFloat &&
      std::bit_cast<std::uint64_t>(actual.real()) == std::bit_cast<std::uint64_t>(expected.real()) &&
      !std::isnan(expected.real())) {
    return leaf();
  }
  Frame frame{
      &actual,   &expected, {}, {}, {}, {}, {}, 0, ignored, result_.leaves, result_.ignored, result_.difference_count,
      reordered_};
  frame.in_object = in_object();
  if (options_.sketches) enter_part(frame);
  if (visited_before(actual, expected, ignored, frame)) {
    if (is_long_text(expected)) leaf();
    return;
  }
  const bool same = actual.kind() == kind;
  const bool any_sequence = !options_.strict_types || options_.lenient_builtins;
  if ((same && is_sequence(kind)) || (any_sequence && is_sequence(kind) && is_sequence(actual.kind()))) {
    return compare_sequence(actual, expected, std::move(frame));
  }
  if ((same && is_set(kind)) || (!options_.strict_types && is_set(kind) && is_set(actual.kind()))) {
    if (compare_elements(actual.items(), expected.items(), frame)) stack_.push_back(std::move(frame));
    return;
  }
  if (kind == Kind::kDict && is_digest(expected)) return compare_digest(actual, expected);
  if (actual.kind() == Kind::kDict && is_digest(actual)) return compare_digest(actual, expected);
  if (!options_.strict_types && compare_as_plain(actual, expected, frame)) return;
  if ((kind == Kind::kDict || actual.kind() == Kind::kDict) && compare_form(actual, expected, frame)) return;
  if (same && kind == Kind::kDict) {
    add_mapping(actual.pairs(), expected.pairs(), Step::Kind::kKey, frame);
    stack_.push_back(std::move(frame));
    return;
  }
  if (kind == Kind::kSketch || actual.kind() == Kind::kSketch) {
    return compare_sketched(actual, expected, std::move(frame));
  }
  if (same && kind == Kind::kObject) return compare_object(actual, expected, std::move(frame));
  const bool arrays = is_array(kind) && is_array(actual.kind());
  if (arrays && (same || !options_.strict_types)) {
    return compare_array(actual, expected, std::move(frame));
  }
  if (same && kind == Kind::kPersistentId) {
    frame.actual_items = actual.items();
    frame.expected_items = expected.items();
    stack_.push_back(std::move(frame));
    return;
  }
  compare_leaves(actual, expected);
  settle(frame);
}

void Walker::compare_sequence(const Value& actual, const Value& expected, Frame frame) {
  if (actual.items().size() != expected.items().size()) {
    leaf();
    differ(What::kLength, fmt::format("{}", actual.items().size()), fmt::format("{}", expected.items().size()),
           fmt::format("actual {}, expected {}{}", pickle::preview(actual), pickle::preview(expected),
                       items_between(actual.items(), expected.items())));
    note_items(actual.items(), expected.items());
    if (frame.tracked) pairs_[{&actual, &expected}] = Status::kDifferent;
    return;
  }
  if (is_shuffled()) {
    if (!compare_elements(actual.items(), expected.items(), frame)) return;
  } else {
    frame.actual_items = actual.items();
    frame.expected_items = expected.items();
  }
  stack_.push_back(std::move(frame));
}

// Where types do not matter: what values of different classes hold. False where they do not hold the same kind of
// thing.
bool Walker::compare_as_plain(const Value& actual, const Value& expected, Frame& frame) {
  if (actual.kind() == expected.kind() && pickle::type_name(actual) == pickle::type_name(expected)) return false;
  if (is_array(actual.kind()) && is_array(expected.kind())) return false;
  const std::optional<PlainPair> plain = without_classes(actual, expected);
  if (!plain) return false;
  close();
  switch (plain->kind) {
    case PlainPair::Kind::kLeaf:
      compare_leaves(*plain->actual_leaf, *plain->expected_leaf);
      settle(frame);
      return true;
    case PlainPair::Kind::kMapping:
      add_mapping(plain->actual_pairs, plain->expected_pairs, Step::Kind::kKey, frame);
      break;
    case PlainPair::Kind::kSequence:
      if (plain->actual_items.size() != plain->expected_items.size()) {
        leaf();
        differ(What::kLength, fmt::format("{}", plain->actual_items.size()),
               fmt::format("{}", plain->expected_items.size()));
        settle(frame);
        return true;
      }
      if (!is_shuffled()) {
        frame.actual_items = plain->actual_items;
        frame.expected_items = plain->expected_items;
        break;
      }
      [[fallthrough]];
    case PlainPair::Kind::kUnordered:
      if (!compare_elements(plain->actual_items, plain->expected_items, frame)) return true;
      break;
  }
  stack_.push_back(std::move(frame));
  return true;
}

// Elements without an order. False where there is no budget left to compare them.
bool Walker::compare_elements(std::span<const Value* const> actual, std::span<const Value* const> expected,
                              Frame& frame) {
  if (!spend(actual.size() + expected.size())) return false;
  const std::uint64_t digested = actual_digests_.spent() + expected_digests_.spent();
  const Matching matching = match_elements(actual, expected, actual_digests_, expected_digests_, options_);
  if (!spend(actual_digests_.spent() + expected_digests_.spent() - digested)) return false;
  const Step member{Step::Kind::kMember, 0, nullptr, {}, {}};
  if (ignored_.is_ignored(ignored_.below(frame.ignored, member))) {
    result_.ignored += matching.same;
  } else {
    result_.leaves += matching.same;
  }
  for (const MatchedPair& pair : matching.pairs) frame.children.push_back({pair.actual, pair.expected, member});
  report_unmatched(matching, Step::Kind::kMember, member, frame);
  return true;
}

void Walker::add_mapping(std::span<const pickle::Pair> actual, std::span<const pickle::Pair> expected, Step::Kind kind,
                         Frame& frame) {
  if (has_lazy(actual) || has_lazy(expected)) {
    Laziness lazy = take_out_lazy(actual, expected);
    for (const MatchedPair& pair : lazy.common) {
      frame.children.push_back({pair.actual, pair.expected, Step{kind, 0, pair.key, {}, {}}});
    }
    return add_mapping(lazy.actual, lazy.expected, kind, frame);
  }
  const std::uint64_t digested = actual_digests_.spent() + expected_digests_.spent();
  if (!spend(actual.size() + expected.size())) return;
  const Matching matching = match_keys(actual, expected, actual_digests_, expected_digests_);
  if (!spend(actual_digests_.spent() + expected_digests_.spent() - digested)) return;
  for (const MatchedPair& pair : matching.pairs) {
    frame.children.push_back({pair.actual, pair.expected, Step{kind, 0, pair.key, {}, {}}});
  }
  report_unmatched(matching, kind, Step{Step::Kind::kKeys, 0, nullptr, {}, {}}, frame);
}

// What only one side has. Which keys there are is a leaf of its own, `owner`: it can be left out without leaving out
// the values of the keys that both sides have.
void Walker::report_unmatched(const Matching& matching, Step::Kind kind, const Step& owner, Frame& frame) {
  if (matching.missing.empty() && matching.unexpected.empty()) return;
  if (ignored_.is_ignored(ignored_.below(frame.ignored, owner))) {
    ++result_.ignored;
    return;
  }
  leaf();
  const auto report = [&](const Value* key, What what) {
    Difference difference;
    difference.what = what;
    (what == What::kMissing ? difference.expected : difference.actual) = pickle::preview(*key);
    const Step shown{kind, 0, key, {}, {}};
    differ(std::move(difference), &owner, kind == Step::Kind::kMember ? nullptr : &shown);
  };
  if (options_.sketches) note_unmatched(matching, kind, frame);
  for (const Value* key : matching.missing) report(key, What::kMissing);
  for (const Value* key : matching.unexpected) report(key, What::kUnexpected);
}

bool Walker::spend(std::uint64_t bytes) {
  if (exhausted_) return false;
  if (bytes <= bytes_left_) {
    bytes_left_ -= bytes;
    return true;
  }
  exhausted_ = true;
  differ(What::kTooComplex, "", "",
         "the parts of the two values are shared in ways that would make comparing them take too long; what follows "
         "was not compared");
  return false;
}

std::string Walker::path(const Step* extra, KeyForm form) const {
  std::string text;
  std::size_t depth = 0;
  for (const Frame& frame : stack_) {
    if (!append_step(text, depth++, frame.step, form)) return text;
  }
  if (extra != nullptr) (void)append_step(text, depth, *extra, form);
  return text;
}

// Of the container on top of the stack itself, not of the child that was visited last.
std::string Walker::path_of_top() const {
  std::string text;
  for (std::size_t depth = 0; depth + 1 < stack_.size(); ++depth) {
    if (!append_step(text, depth, stack_[depth].step)) return text;
  }
  return text;
}

// Older stores name compound keys by their digests.
std::optional<double> Walker::bound_at(const std::string& where, const Step* extra) const {
  if (options_.bounds.empty()) return std::nullopt;
  auto bound = options_.bounds.find(where);
  if (bound == options_.bounds.end()) bound = options_.bounds.find(path(extra, KeyForm::kDigest));
  return bound == options_.bounds.end() ? std::nullopt : std::optional(bound->second);
}

void Walker::note_path(const Step* extra) {
  ++noted_;
  if (options_.sketches) note_owners();
  if (result_.differing_paths.size() >= kMostPaths) {
    result_.paths_truncated = true;
    return;
  }
  std::string text = path(extra);
  if (result_.differing_paths.empty() || result_.differing_paths.back() != text) {
    result_.differing_paths.push_back(std::move(text));
  }
}

void Walker::differ(Difference difference, const Step* extra, const Step* shown) {
  const bool asked = !options_.bounds.empty() || result_.passing_rtol.size() < kMostPaths;  // the text of a path costs
  if (asked && difference.numeric && !difference.numbers.exact && std::isfinite(difference.numbers.passing_rtol)) {
    const std::string where = path(extra);
    const auto bound = bound_at(where, extra);
    if (bound && difference.numbers.passing_rtol <= *bound) return close();
    if (result_.passing_rtol.size() < kMostPaths) result_.passing_rtol.emplace(where, difference.numbers.passing_rtol);
  }
  result_.outcome = Outcome::kDifferent;
  ++result_.difference_count;
  note_path(extra);
  if (options_.sketches && result_.difference_count <= kMostGrouped) count_group(path(shown), difference.what);
  if (result_.differences.size() >= kMostDifferences) return;
  difference.path = path(shown) + difference.path;
  result_.differences.push_back(std::move(difference));
}

void Walker::differ(What what, std::string actual, std::string expected, std::string note) {
  Difference difference;
  difference.what = what;
  difference.actual = std::move(actual);
  difference.expected = std::move(expected);
  difference.note = std::move(note);
  differ(std::move(difference));
}

// Whether NaNs count is known only once everything else was compared: they do where numbers moved. Then, if all else
// agrees, they are the difference.
bool Walker::must_count_nans() const {
  return result_.outcome == Outcome::kClose && moved_ && passed_nans_ && !options_.equal_nan;
}

Comparison compare(const pickle::Document& actual, const pickle::Document& expected, const Options& options) {
  if (options.count_identical_nans && !options.equal_nan) {
    return Walker(actual, expected, options, IdenticalNans::kCounted).run();
  }
  Walker walker(actual, expected, options, IdenticalNans::kAgree);
  Comparison result = walker.run();
  if (!walker.must_count_nans()) return result;
  return Walker(actual, expected, options, IdenticalNans::kCounted).run();
}

std::string_view name(What what) {
  switch (what) {
    case What::kType: return "type";
    case What::kDtype: return "dtype";
    case What::kShape: return "shape";
    case What::kLength: return "length";
    case What::kValue: return "value";
    case What::kMissing: return "missing";
    case What::kUnexpected: return "unexpected";
    case What::kMask: return "mask";
    case What::kTooComplex: return "too-complex";
  }
  return "?";
}

}  // namespace snapshot_test::compare
