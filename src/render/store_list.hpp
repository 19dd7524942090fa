// What is in a store: its benchmarks, with their cases by capture status.
#pragma once

#include "render/shown.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::render {

/// Each value is checked against its name. kIo and kCorrupt as Store's.
[[nodiscard]] Result<ShownText> store_text(const store::Store& store);
[[nodiscard]] Result<ShownJson> store_json(const store::Store& store);

}  // namespace snapshot_test::render
