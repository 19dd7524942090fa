#include "pickle/interpret.hpp"

#include <array>

#include "pickle/dtype.hpp"
#include "pickle/known.hpp"

namespace snapshot_test::pickle {
namespace {

const Known* known(const Global& callable) {
  for (const std::span<const Known> table : {known_of_python(), known_of_numpy()}) {
    for (const Known& entry : table) {
      if (entry.name == callable.name && entry.module == callable.module) return &entry;
    }
  }
  return nullptr;
}

// More than one BUILD: all of them count.
const Value* both(const Value* first, const Value& second, Builder& builder) {
  if (first == nullptr) return &second;
  const std::array<Value*, 2> states = {const_cast<Value*>(first), const_cast<Value*>(&second)};
  return builder.items(Kind::kTuple, states);
}

// False where a node of that kind takes none.
bool add_state(Value& node, const Value& state, Builder& builder) {
  if (node.kind() == Kind::kArray || node.kind() == Kind::kSketch) {
    Array& array = Builder::array_of(node);
    array.extra = both(array.extra, state, builder);
    return true;
  }
  if (node.kind() == Kind::kObject) {
    Object& object = Builder::object_of(node);
    object.state = both(object.state, state, builder);
    return true;
  }
  return false;
}

}  // namespace

Result<void> interpret_call(Value& node, Builder& builder) {
  const Object& object = node.object();
  if (object.callable->kind() != Kind::kGlobal || object.kwargs != nullptr) return {};
  const Known* entry = known(object.callable->global());
  if (entry == nullptr) return {};
  return entry->handler(node, object.args->items(), builder);
}

Result<bool> interpret_state(Value& node, const Value& state, Builder& builder) {
  auto done = set_numpy_state(node, state, builder);
  if (!done || *done) return done;
  if (node.kind() == Kind::kDtype) {
    // Arrays that were checked against the dtype as it was keep it.
    Dtype* changed = builder.arena().make<Dtype>(node.dtype());
    if (!apply_dtype_state(*changed, state, builder)) return false;
    builder.become_dtype(node, changed);
    return true;
  }
  return add_state(node, state, builder);
}

void interpret_discarded(Value& node, const Value& value, Builder& builder) {
  if (value.kind() != Kind::kObject) return;
  const Object& call = value.object();
  if (call.args->kind() != Kind::kTuple || call.args->items().size() != 2 || call.args->items()[0] != &node) return;
  const std::array<Value*, 2> effect = {const_cast<Value*>(call.callable), const_cast<Value*>(call.args->items()[1])};
  add_state(node, *builder.items(Kind::kTuple, effect), builder);
}

}  // namespace snapshot_test::pickle
