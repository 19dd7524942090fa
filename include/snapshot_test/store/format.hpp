// The version of the store's files.
#pragma once

namespace snapshot_test::store {

/// The version of the layout, the manifests and the run files that this build writes (docs/store.md).
inline constexpr int kFormatVersion = 2;
/// That of manifests with values of which only a sketch is stored, and of stores that hold such: what knows no sketches
/// must not take them for values.
inline constexpr int kSketchFormat = 3;
/// The oldest one that it reads.
inline constexpr int kOldestFormat = 1;

/// Does this build read files of that version?
constexpr bool is_read_format(unsigned long long version) {
  return version >= kOldestFormat && version <= kSketchFormat;
}

}  // namespace snapshot_test::store
