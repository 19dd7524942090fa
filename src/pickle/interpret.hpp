// Recognises what Python and numpy write through __reduce__, and turns those object nodes into what they mean.
#pragma once

#include "pickle/builder.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::pickle {

/// After REDUCE or NEWOBJ made `node`, a kObject. What is not recognised stays an object.
[[nodiscard]] Result<void> interpret_call(Value& node, Builder& builder);

/// BUILD: gives `node` its state. False where a node of that kind takes none.
[[nodiscard]] Result<bool> interpret_state(Value& node, const Value& state, Builder& builder);

}  // namespace snapshot_test::pickle
