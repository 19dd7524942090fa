#include "pickle/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "pickle/interpret.hpp"
#include "pickle/text.hpp"

namespace snapshot_test::pickle {

bool Machine::bad(std::string_view cause, ErrorKind kind) {
  if (!error_) error_ = Error{kind, fmt::format("not a readable pickle: at byte {}: {}", opcode_at_, cause)};
  return false;
}

bool Machine::take(std::uint64_t length, std::span<const std::byte>& out) {
  const std::uint64_t left = bytes_.size() - at_;
  if (length > left) return bad(fmt::format("{} more bytes are needed, {} are left", length, left));
  out = bytes_.subspan(at_, length);
  at_ += length;
  return true;
}

bool Machine::number(std::size_t width, std::uint64_t& out) {
  std::span<const std::byte> raw;
  if (!take(width, raw)) return false;
  out = 0;
  for (std::size_t i = width; i-- > 0;) out = out << 8 | std::to_integer<std::uint64_t>(raw[i]);
  return true;
}

bool Machine::line(std::string_view& out) {
  const std::string_view rest{reinterpret_cast<const char*>(bytes_.data()) + at_, bytes_.size() - at_};
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return bad("a line has no end");
  out = rest.substr(0, end);
  at_ += end + 1;
  return true;
}

bool Machine::push(Value* value) {
  stack_.push_back(value);
  return true;
}

bool Machine::need(std::size_t count) {
  return stack_.size() - floor() >= count || bad("the stack has too few values");
}

bool Machine::pop(Value*& out) {
  if (!need(1)) return false;
  out = stack_.back();
  stack_.pop_back();
  return true;
}

bool Machine::pop_mark(std::size_t& first) {
  if (marks_.empty()) return bad("there is no mark");
  first = marks_.back();
  marks_.pop_back();
  return true;
}

Result<Value*> Machine::run() {
  for (;;) {
    at_ = run_common(at_);
    opcode_at_ = at_;
    if (at_ == bytes_.size()) {
      bad("it ends without STOP");
      break;
    }
    const auto opcode = static_cast<Opcode>(bytes_[at_++]);
    if (opcode == Opcode::kStop) {
      if (stack_.empty() || !need(1)) {
        bad("it stops with an empty stack");
        break;
      }
      return stack_.back();
    }
    if (!step(opcode)) break;
  }
  return tl::unexpected(*error_);
}

bool Machine::step(Opcode opcode) {
  switch (opcode) {
    case Opcode::kNone: return push(builder_.none());
    case Opcode::kNewTrue: return push(builder_.boolean(true));
    case Opcode::kNewFalse: return push(builder_.boolean(false));
    case Opcode::kInt:
    case Opcode::kBinInt:
    case Opcode::kBinInt1:
    case Opcode::kBinInt2:
    case Opcode::kLong:
    case Opcode::kLong1:
    case Opcode::kLong4:
    case Opcode::kFloat:
    case Opcode::kBinFloat: return step_number(opcode);
    case Opcode::kString:
    case Opcode::kBinString:
    case Opcode::kShortBinString:
    case Opcode::kUnicode:
    case Opcode::kShortBinUnicode:
    case Opcode::kBinUnicode:
    case Opcode::kBinUnicode8:
    case Opcode::kShortBinBytes:
    case Opcode::kBinBytes:
    case Opcode::kBinBytes8:
    case Opcode::kByteArray8: return step_bytes(opcode);
    case Opcode::kMark:
    case Opcode::kPop:
    case Opcode::kPopMark:
    case Opcode::kDup:
    case Opcode::kGet:
    case Opcode::kBinGet:
    case Opcode::kLongBinGet:
    case Opcode::kPut:
    case Opcode::kBinPut:
    case Opcode::kLongBinPut:
    case Opcode::kMemoize: return step_stack(opcode);
    case Opcode::kGlobal:
    case Opcode::kStackGlobal:
    case Opcode::kReduce:
    case Opcode::kBuild:
    case Opcode::kInst:
    case Opcode::kObj:
    case Opcode::kNewObj:
    case Opcode::kNewObjEx:
    case Opcode::kPersId:
    case Opcode::kBinPersId:
    case Opcode::kExt1:
    case Opcode::kExt2:
    case Opcode::kExt4: return step_object(opcode);
    case Opcode::kProto:
    case Opcode::kFrame:
    case Opcode::kNextBuffer:
    case Opcode::kReadOnlyBuffer: return step_frame(opcode);
    default: return step_container(opcode);
  }
}

bool Machine::step_number(Opcode opcode) {
  std::uint64_t raw = 0;
  std::string_view text;
  switch (opcode) {
    case Opcode::kBinInt1: return number(1, raw) && push(Builder::small_integer(static_cast<std::uint8_t>(raw)));
    case Opcode::kBinInt2: return number(2, raw) && push(builder_.integer(static_cast<std::int64_t>(raw)));
    case Opcode::kBinInt: return number(4, raw) && push(builder_.integer(static_cast<std::int32_t>(raw)));
    case Opcode::kLong1: return number(1, raw) && read_big_integer(raw);
    case Opcode::kLong4:
      if (!number(4, raw)) return false;
      return raw <= 0x7fffffff ? read_big_integer(raw) : bad("an int has a negative length");
    case Opcode::kBinFloat: {
      std::span<const std::byte> big_endian;
      if (!take(8, big_endian)) return false;
      for (const std::byte byte : big_endian) raw = raw << 8 | std::to_integer<std::uint64_t>(byte);
      return push(builder_.real(std::bit_cast<double>(raw)));
    }
    case Opcode::kFloat: {
      if (!line(text)) return false;
      const auto parsed = parse_float(text);
      return parsed ? push(builder_.real(*parsed)) : bad("a float's text is not a number");
    }
    case Opcode::kInt: return read_int_text();
    default: return read_long_text();
  }
}

bool Machine::read_int_text() {
  std::string_view text;
  if (!line(text)) return false;
  if (text == "00" || text == "01") return push(builder_.boolean(text == "01"));
  if (const auto parsed = parse_integer(text)) return push(builder_.integer(*parsed));
  const auto big = parse_big_integer(text, builder_.arena());
  return big ? push(builder_.big_integer(*big)) : bad("an int's text is not a decimal number, or far too long");
}

bool Machine::read_long_text() {
  std::string_view text;
  if (!line(text)) return false;
  if (!text.empty() && text.back() == 'L') text.remove_suffix(1);
  if (const auto parsed = parse_integer(text)) return push(builder_.integer(*parsed));
  const auto big = parse_big_integer(text, builder_.arena());
  return big ? push(builder_.big_integer(*big)) : bad("an int's text is not a decimal number, or far too long");
}

bool Machine::read_big_integer(std::uint64_t length) {
  std::span<const std::byte> raw;
  return take(length, raw) && push(builder_.big_integer(raw));
}

bool Machine::read_text(std::uint64_t length, Kind kind) {
  std::span<const std::byte> raw;
  if (!take(length, raw)) return false;
  return push(builder_.text({reinterpret_cast<const char*>(raw.data()), raw.size()}, kind));
}

// A Python 2 str: text where it is ASCII; else its encoding is unknown.
bool Machine::read_python2_text(std::uint64_t length) {
  std::span<const std::byte> raw;
  if (!take(length, raw)) return false;
  const std::string_view text{reinterpret_cast<const char*>(raw.data()), raw.size()};
  return push(builder_.text(text, is_ascii(text) ? Kind::kStr : Kind::kBytes));
}

bool Machine::read_quoted() {
  std::string_view text;
  if (!line(text)) return false;
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"')) {
    return bad("a string has no quotes");
  }
  const auto body = unescape_string(text.substr(1, text.size() - 2), builder_.arena());
  if (!body) return bad("a string has a malformed escape");
  return push(builder_.text(*body, is_ascii(*body) ? Kind::kStr : Kind::kBytes));
}

bool Machine::step_bytes(Opcode opcode) {
  std::uint64_t length = 0;
  std::string_view text;
  switch (opcode) {
    case Opcode::kString: return read_quoted();
    case Opcode::kShortBinString: return number(1, length) && read_python2_text(length);
    case Opcode::kBinString: return number(4, length) && read_python2_text(length);
    case Opcode::kShortBinUnicode: return number(1, length) && read_text(length, Kind::kStr);
    case Opcode::kBinUnicode: return number(4, length) && read_text(length, Kind::kStr);
    case Opcode::kBinUnicode8: return number(8, length) && read_text(length, Kind::kStr);
    case Opcode::kShortBinBytes: return number(1, length) && read_text(length, Kind::kBytes);
    case Opcode::kBinBytes: return number(4, length) && read_text(length, Kind::kBytes);
    case Opcode::kBinBytes8: return number(8, length) && read_text(length, Kind::kBytes);
    case Opcode::kByteArray8: return number(8, length) && read_text(length, Kind::kByteArray);
    default: {
      if (!line(text)) return false;
      const auto unescaped = unescape_unicode(text, builder_.arena());
      return unescaped ? push(builder_.text(*unescaped)) : bad("a string has a malformed escape");
    }
  }
}

bool Machine::step_container(Opcode opcode) {
  std::size_t first = 0;
  switch (opcode) {
    case Opcode::kEmptyList: return push(builder_.container(Kind::kList));
    case Opcode::kEmptyDict: return push(builder_.container(Kind::kDict));
    case Opcode::kEmptySet: return push(builder_.container(Kind::kSet));
    case Opcode::kEmptyTuple: return push(builder_.empty_tuple());
    case Opcode::kTuple1: return make_tuple(1);
    case Opcode::kTuple2: return make_tuple(2);
    case Opcode::kTuple3: return make_tuple(3);
    case Opcode::kAppend: return need(2) && append(stack_.size() - 1);
    case Opcode::kAppends: return pop_mark(first) && append(first);
    case Opcode::kSetItem: return need(3) && set_items(stack_.size() - 2);
    case Opcode::kSetItems: return pop_mark(first) && set_items(first);
    case Opcode::kAddItems: return add_items();
    case Opcode::kTuple: return pop_mark(first) && make_tuple(stack_.size() - first);
    case Opcode::kDict: return make_dict();
    case Opcode::kList:
    case Opcode::kFrozenSet: {
      if (!pop_mark(first)) return false;
      const Kind kind = opcode == Opcode::kList ? Kind::kList : Kind::kFrozenSet;
      Value* value = builder_.items(kind, std::span(stack_).subspan(first));
      stack_.resize(first);
      return push(value);
    }
    default: return bad(fmt::format("opcode 0x{:02x} is unknown", static_cast<unsigned>(opcode)));
  }
}

bool Machine::make_tuple(std::size_t count) {
  if (!need(count)) return false;
  if (count == 0) return push(builder_.empty_tuple());
  Value* value = builder_.items(Kind::kTuple, std::span(stack_).last(count));
  stack_.resize(stack_.size() - count);
  return push(value);
}

bool Machine::append(std::size_t first) {
  if (first <= floor()) return bad("there is nothing to append to");
  Value& target = *stack_[first - 1];
  const auto items = std::span(stack_).subspan(first);
  if (target.kind() == Kind::kList) {
    builder_.append(target, items);
  } else if (target.kind() == Kind::kObject) {
    Object& object = Builder::object_of(target);
    Value* list = const_cast<Value*>(object.list_items);
    if (list == nullptr) object.list_items = list = builder_.container(Kind::kList);
    builder_.append(*list, items);
  } else if (!items.empty()) {
    return bad("items are appended to something that is not a list");
  }
  stack_.resize(first);
  return true;
}

bool Machine::set_items(std::size_t first) {
  if (first <= floor()) return bad("there is nothing to set items in");
  Value& target = *stack_[first - 1];
  const auto items = std::span(stack_).subspan(first);
  if (items.size() % 2 != 0) return bad("a key has no value");
  if (target.kind() == Kind::kDict) {
    builder_.set_items(target, items);
  } else if (target.kind() == Kind::kObject) {
    Object& object = Builder::object_of(target);
    Value* dict = const_cast<Value*>(object.dict_items);
    if (dict == nullptr) object.dict_items = dict = builder_.container(Kind::kDict);
    builder_.set_items(*dict, items);
  } else if (!items.empty()) {
    return bad("items are set in something that is not a dict");
  }
  stack_.resize(first);
  return true;
}

bool Machine::add_items() {
  std::size_t first = 0;
  if (!pop_mark(first)) return false;
  if (first > floor() && stack_[first - 1]->kind() == Kind::kObject) return append(first);
  if (first <= floor() || stack_[first - 1]->kind() != Kind::kSet || !Builder::can_grow(*stack_[first - 1])) {
    return bad("items are added to something that is not a set");
  }
  builder_.append(*stack_[first - 1], std::span(stack_).subspan(first));
  stack_.resize(first);
  return true;
}

bool Machine::make_dict() {
  std::size_t first = 0;
  if (!pop_mark(first)) return false;
  if ((stack_.size() - first) % 2 != 0) return bad("a key has no value");
  Value* dict = builder_.container(Kind::kDict);
  builder_.set_items(*dict, std::span(stack_).subspan(first));
  stack_.resize(first);
  return push(dict);
}

bool Machine::step_frame(Opcode opcode) {
  std::uint64_t value = 0;
  switch (opcode) {
    case Opcode::kProto:
      if (!number(1, value)) return false;
      era_ = value < 3 ? Era::kPython2 : Era::kPython3;
      if (value <= 5) return true;
      return bad(fmt::format("pickle protocol {} is newer than this program knows (5)", value),
                 ErrorKind::kUnsupported);
    case Opcode::kFrame: {
      if (!number(8, value)) return false;
      const std::uint64_t left = bytes_.size() - at_;
      return value <= left || bad(fmt::format("a frame of {} bytes is announced, {} are left", value, left));
    }
    case Opcode::kNextBuffer: return next_buffer();
    default: return read_only_buffer();
  }
}

bool Machine::next_buffer() {
  if (!buffers_) {
    return bad("its buffers are stored elsewhere (out of band), so its value is incomplete", ErrorKind::kUnsupported);
  }
  if (buffers_used_ == buffers_->size()) return bad(fmt::format("it has only {} buffers", buffers_used_));
  const auto bytes = (*buffers_)[buffers_used_++];
  return push(builder_.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, Kind::kByteArray));
}

// A buffer that may not be written to is a buffer. Where those are at hand, it is what bytes would be in band.
bool Machine::read_only_buffer() {
  if (!need(1)) return false;
  Value*& top = stack_.back();
  if (buffers_ && top->kind() == Kind::kByteArray) {
    const auto bytes = top->bytes();
    top = builder_.text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, Kind::kBytes);
  }
  return true;
}

}  // namespace snapshot_test::pickle
