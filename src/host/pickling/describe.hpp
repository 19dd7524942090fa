// What stands in a pickle for the things that cannot be pickled. All need the GIL; the value's own Python code runs in
// some. They throw error_already_set where it raises.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

/// {"type"} and "name" where it has one: says what it is, holds nothing that could be checked.
[[nodiscard]] Description describe_by_type(pybind11::handle object, std::string kind = "object");

/// The field "type" of a description.
[[nodiscard]] Description::Field type_field(pybind11::handle object);

/// What an iterator gives: "items"; "rest", the digest of those that are not kept; "more": True where the last limit
/// cut it off; "raised" where it ended with an exception.
[[nodiscard]] Description describe_drained(pybind11::handle iterator, const ReducerContext& context,
                                           KeepItems keep = KeepItems::kAsTheyAre);

/// Adds the fields of an iterator but for its type, and what of it was not looked at.
void add_drained(Description& out, const Drained& drained, const ReducerContext& context);

/// {"type", "format", "shape", "bytes"} of what exports its memory.
[[nodiscard]] Description describe_buffer(pybind11::handle exporter);

/// {"type", "items"} of a view of something that is in memory.
[[nodiscard]] Description describe_view(pybind11::handle view);

/// {"pattern", "string", "span", "groups", "named"} of a re.Match.
[[nodiscard]] Description describe_match(pybind11::handle match);

/// For an instance that refuses to be pickled: its type, and what can be looked at: the built-in it derives from, or
/// what it gives as an array, as memory, as a mapping, or item by item; and its __dict__ and slots.
[[nodiscard]] Description describe_instance(pybind11::handle object, const ReducerContext& context);

/// __dict__, then the slots of all its classes that hold something.
[[nodiscard]] pybind11::dict attributes_of(pybind11::handle object);

}  // namespace snapshot_test::host::pickling
