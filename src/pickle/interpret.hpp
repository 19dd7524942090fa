// Recognises what Python and numpy write through __reduce__, and replaces those object nodes by what they mean.
#pragma once

#include "pickle/builder.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::pickle {

/// After REDUCE or NEWOBJ made `node`, a kObject. What is not recognised stays an object.
[[nodiscard]] Result<void> interpret_call(Value& node, Builder& builder);

/// BUILD: gives `node` its state. False where a node of that kind takes none.
[[nodiscard]] Result<bool> interpret_state(Value& node, const Value& state, Builder& builder);

/// POP: `value`, which was made right above `node`, is thrown away. If it is a call f(node, state), that is how CPython
/// (3.8 and later) gives `node` its state through a function, the sixth part of what __reduce__ returns; the node gets
/// (f, state) as its state.
void interpret_discarded(Value& node, const Value& value, Builder& builder);

}  // namespace snapshot_test::pickle
