// The loop over the opcodes that nearly all of a large pickle consists of. What is unusual about them (an end that is
// near, a stack that is too short, a memo with gaps) is left to the careful steps in machine.cpp.
#include <cstring>

#include "pickle/machine.hpp"

namespace snapshot_test::pickle {
namespace {

constexpr std::ptrdiff_t kFloatLength = 9;
/// No opcode but its text or bytes is longer.
constexpr std::ptrdiff_t kLongest = kFloatLength;

std::uint64_t little_endian(const std::byte* at, std::size_t width) {
  std::uint64_t number = 0;
  for (std::size_t i = width; i-- > 0;) number = number << 8 | std::to_integer<std::uint64_t>(at[i]);
  return number;
}

}  // namespace

const std::byte* Machine::read_floats(const std::byte* at, const std::byte* end) {
  std::ptrdiff_t count = 1;
  while (end - at >= (count + 1) * kFloatLength && static_cast<Opcode>(at[count * kFloatLength]) == Opcode::kBinFloat) {
    ++count;
  }
  const std::size_t before = stack_.size();
  stack_.resize(before + static_cast<std::size_t>(count));
  builder_.reals(at, std::span(stack_).subspan(before));
  return at + count * kFloatLength;
}

// `at` is behind a length of `width` bytes. Null where there are fewer bytes left.
const std::byte* Machine::read_view(const std::byte* at, const std::byte* end, std::size_t width, Kind kind) {
  const std::uint64_t length = little_endian(at, width);
  at += width;
  if (length > static_cast<std::uint64_t>(end - at)) return nullptr;
  stack_.push_back(builder_.text({reinterpret_cast<const char*>(at), length}, kind));
  return at + length;
}

bool Machine::put_in_order(std::uint64_t index) {
  if (index != memo_.size() || !far_memo_.empty() || stack_.size() == floor()) return false;
  memo_.push_back(stack_.back());
  return true;
}

bool Machine::get_in_order(std::uint64_t index) {
  if (index >= memo_.size()) return false;
  Builder::mark_shared(*memo_[index]);
  stack_.push_back(memo_[index]);
  return true;
}

bool Machine::tuple_of(std::size_t count) {
  if (stack_.size() - floor() < count) return false;
  Value* tuple = builder_.items(Kind::kTuple, std::span(stack_).last(count));
  stack_.resize(stack_.size() - count);
  stack_.push_back(tuple);
  return true;
}

// Is there a mark, below it a container of this kind, and below that no other mark?
bool Machine::marked_container(Kind kind) const {
  if (marks_.empty()) return false;
  const std::size_t first = marks_.back();
  const std::size_t below = marks_.size() > 1 ? marks_[marks_.size() - 2] : 0;
  return first > below && stack_[first - 1]->kind() == kind;
}

bool Machine::append_to_list() {
  if (!marked_container(Kind::kList)) return false;
  const std::size_t first = marks_.back();
  marks_.pop_back();
  builder_.append(*stack_[first - 1], std::span(stack_).subspan(first));
  stack_.resize(first);
  return true;
}

bool Machine::set_in_dict() {
  if (!marked_container(Kind::kDict) || (stack_.size() - marks_.back()) % 2 != 0) return false;
  const std::size_t first = marks_.back();
  marks_.pop_back();
  builder_.set_items(*stack_[first - 1], std::span(stack_).subspan(first));
  stack_.resize(first);
  return true;
}

std::uint64_t Machine::run_common(std::uint64_t from) {
  const std::byte* const begin = bytes_.data();
  const std::byte* const end = begin + bytes_.size();
  const std::byte* at = begin + from;
  const auto push = [this](Value* value) {
    stack_.push_back(value);
    return true;
  };
  for (;;) {
    const std::byte* const opcode = at;
    if (end - at < kLongest) return static_cast<std::uint64_t>(at - begin);
    bool done = true;
    switch (static_cast<Opcode>(*at++)) {
      case Opcode::kBinFloat: at = read_floats(opcode, end); break;
      case Opcode::kBinInt1: push(Builder::small_integer(std::to_integer<std::uint8_t>(*at++))); break;
      case Opcode::kBinInt2:
        push(builder_.integer(static_cast<std::int64_t>(little_endian(at, 2))));
        at += 2;
        break;
      case Opcode::kBinInt:
        push(builder_.integer(static_cast<std::int32_t>(little_endian(at, 4))));
        at += 4;
        break;
      case Opcode::kNone: push(Builder::none()); break;
      case Opcode::kNewTrue: push(Builder::boolean(true)); break;
      case Opcode::kNewFalse: push(Builder::boolean(false)); break;
      case Opcode::kShortBinUnicode: at = read_view(at, end, 1, Kind::kStr); break;
      case Opcode::kBinUnicode: at = read_view(at, end, 4, Kind::kStr); break;
      case Opcode::kShortBinBytes: at = read_view(at, end, 1, Kind::kBytes); break;
      case Opcode::kMemoize: done = put_in_order(memo_.size()); break;
      case Opcode::kBinPut: done = put_in_order(std::to_integer<std::uint64_t>(*at++)); break;
      case Opcode::kLongBinPut:
        done = put_in_order(little_endian(at, 4));
        at += 4;
        break;
      case Opcode::kBinGet: done = get_in_order(std::to_integer<std::uint64_t>(*at++)); break;
      case Opcode::kLongBinGet:
        done = get_in_order(little_endian(at, 4));
        at += 4;
        break;
      case Opcode::kMark: marks_.push_back(stack_.size()); break;
      case Opcode::kEmptyList: push(builder_.container(Kind::kList)); break;
      case Opcode::kEmptyDict: push(builder_.container(Kind::kDict)); break;
      case Opcode::kEmptyTuple: push(Builder::empty_tuple()); break;
      case Opcode::kTuple1: done = tuple_of(1); break;
      case Opcode::kTuple2: done = tuple_of(2); break;
      case Opcode::kTuple3: done = tuple_of(3); break;
      case Opcode::kAppends: done = append_to_list(); break;
      case Opcode::kSetItems: done = set_in_dict(); break;
      default: done = false; break;
    }
    if (!done || at == nullptr) [[unlikely]]
      return static_cast<std::uint64_t>(opcode - begin);
  }
}

}  // namespace snapshot_test::pickle
