// How parameter ids are compared.
#pragma once

#include <string>

namespace snapshot_test::store {

/// The id as the store would give it back, without addresses ("<… at 0x7f…>"): equal ones mean the same value.
[[nodiscard]] std::string stable_id(const std::string& id);

}  // namespace snapshot_test::store
