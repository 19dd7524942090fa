// The part of the machine that would call, import and look up, and only records the names and arguments.
#include <fmt/format.h>

#include "pickle/interpret.hpp"
#include "pickle/machine.hpp"
#include "pickle/text.hpp"

namespace snapshot_test::pickle {

bool Machine::step_stack(Opcode opcode) {
  std::uint64_t index = 0;
  std::size_t first = 0;
  switch (opcode) {
    case Opcode::kMark: marks_.push_back(stack_.size()); return true;
    case Opcode::kPop:
      // A mark on top counts as a value here.
      if (!marks_.empty() && marks_.back() == stack_.size()) {
        marks_.pop_back();
        return true;
      }
      if (!need(1)) return false;
      if (stack_.size() - floor() > 1) interpret_discarded(*stack_[stack_.size() - 2], *stack_.back(), builder_);
      stack_.pop_back();
      return true;
    case Opcode::kPopMark:
      if (!pop_mark(first)) return false;
      stack_.resize(first);
      return true;
    case Opcode::kDup:
      if (!need(1)) return false;
      builder_.mark_shared(*stack_.back());
      return push(stack_.back());
    case Opcode::kBinGet: return number(1, index) && memo_get(index);
    case Opcode::kLongBinGet: return number(4, index) && memo_get(index);
    case Opcode::kBinPut: return number(1, index) && memo_put(index);
    case Opcode::kLongBinPut: return number(4, index) && memo_put(index);
    case Opcode::kMemoize: return memo_put(memo_.size() + far_memo_.size());
    default: return memo_text(opcode);
  }
}

bool Machine::memo_text(Opcode opcode) {
  std::string_view text;
  if (!line(text)) return false;
  const auto index = parse_integer(text);
  if (!index || *index < 0) return bad("a memo index is not a number");
  const auto number = static_cast<std::uint64_t>(*index);
  return opcode == Opcode::kGet ? memo_get(number) : memo_put(number);
}

bool Machine::memo_put(std::uint64_t index) {
  if (!need(1)) return false;
  if (index < memo_.size()) {
    memo_[index] = stack_.back();
  } else if (index == memo_.size() && far_memo_.empty()) {
    memo_.push_back(stack_.back());
  } else {
    far_memo_[index] = stack_.back();
  }
  return true;
}

bool Machine::memo_get(std::uint64_t index) {
  Value* value = nullptr;
  if (index < memo_.size()) {
    value = memo_[index];
  } else if (const auto found = far_memo_.find(index); found != far_memo_.end()) {
    value = found->second;
  } else {
    return bad(fmt::format("memo entry {} was never stored", index));
  }
  builder_.mark_shared(*value);
  return push(value);
}

bool Machine::step_object(Opcode opcode) {
  switch (opcode) {
    case Opcode::kGlobal: {
      std::string_view module;
      std::string_view name;
      return line(module) && line(name) && make_global(module, name);
    }
    case Opcode::kStackGlobal: return stack_global();
    case Opcode::kInst:
    case Opcode::kObj: return make_instance(opcode);
    case Opcode::kBuild: return build();
    case Opcode::kPersId:
    case Opcode::kBinPersId: return persistent_id(opcode);
    case Opcode::kExt1: return extension(1);
    case Opcode::kExt2: return extension(2);
    case Opcode::kExt4: return extension(4);
    default: return reduce(opcode);
  }
}

bool Machine::make_global(std::string_view module, std::string_view name) {
  if (module.empty() || name.empty()) return bad("a class or function has no name");
  return push(builder_.global(module, name, era_));
}

bool Machine::stack_global() {
  Value* name = nullptr;
  Value* module = nullptr;
  if (!pop(name) || !pop(module)) return false;
  if (name->kind() != Kind::kStr || module->kind() != Kind::kStr) return bad("a class or function has no name");
  return make_global(module->text(), name->text());
}

bool Machine::reduce(Opcode opcode) {
  Value* kwargs = nullptr;
  Value* args = nullptr;
  Value* callable = nullptr;
  if (opcode == Opcode::kNewObjEx && !pop(kwargs)) return false;
  if (!pop(args) || !pop(callable)) return false;
  if (args->kind() != Kind::kTuple) return bad("an object's arguments are not a tuple");
  if (kwargs != nullptr && kwargs->kind() != Kind::kDict) return bad("an object's keyword arguments are not a dict");
  if (kwargs != nullptr && kwargs->pairs().empty()) kwargs = nullptr;
  Value* object = builder_.object(callable, args, kwargs);
  Builder::object_of(*object).by_new = opcode != Opcode::kReduce;
  if (auto done = interpret_call(*object, builder_); !done) return bad(done.error());
  return push(object);
}

// INST and OBJ: an instance of a class that follows the mark (OBJ) or the opcode (INST).
bool Machine::make_instance(Opcode opcode) {
  std::string_view module;
  std::string_view name;
  if (opcode == Opcode::kInst && (!line(module) || !line(name))) return false;
  std::size_t first = 0;
  if (!pop_mark(first)) return false;
  Value* callable = nullptr;
  std::size_t arguments = first;
  if (opcode == Opcode::kInst) {
    if (module.empty() || name.empty()) return bad("a class or function has no name");
    callable = builder_.global(module, name, era_);
  } else {
    if (stack_.size() == first) return bad("an object has no class");
    callable = stack_[first];
    ++arguments;
  }
  Value* args = builder_.items(Kind::kTuple, std::span(stack_).subspan(arguments));
  stack_.resize(first);
  Value* object = builder_.object(callable, args);
  if (auto done = interpret_call(*object, builder_); !done) return bad(done.error());
  return push(object);
}

bool Machine::build() {
  Value* state = nullptr;
  if (!need(2) || !pop(state)) return false;
  auto done = interpret_state(*stack_.back(), *state, builder_);
  if (!done) return bad(done.error());
  return *done || bad("a state is set on a value that has none, or is not understood");
}

bool Machine::extension(std::size_t width) {
  std::uint64_t code = 0;
  if (!number(width, code)) return false;
  if (code == 0 || code > 0x7fffffff) return bad("an extension code is not positive");
  return push(builder_.integer(static_cast<std::int64_t>(code), Kind::kExtension));
}

bool Machine::persistent_id(Opcode opcode) {
  Value* id = nullptr;
  if (opcode == Opcode::kBinPersId) {
    if (!pop(id)) return false;
  } else {
    std::string_view text;
    if (!line(text)) return false;
    id = builder_.text(text);
  }
  return push(builder_.items(Kind::kPersistentId, {&id, 1}));
}

}  // namespace snapshot_test::pickle
