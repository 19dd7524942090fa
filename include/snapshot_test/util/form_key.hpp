// What the dicts that stand in a pickle for what cannot be pickled are known by (pickle/form.hpp), for what writes
// pickles and what reads them.
#pragma once

namespace snapshot_test::util {

inline constexpr char kFormKey[] = "__snapshot_test__";
/// The first of two values under the name of an attribute that is there only because the object was looked at. The
/// second is the attribute's own, and what Python reads.
inline constexpr char kLazyMark[] = "__snapshot_test__.lazy";

}  // namespace snapshot_test::util
