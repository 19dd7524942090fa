// How values are stored.
#pragma once

namespace snapshot_test::model {

enum class Compression {
  kAuto,  ///< large values that compress well become zstd frames
  kNone,  ///< everything stays a plain pickle
};

}  // namespace snapshot_test::model
