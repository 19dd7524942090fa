// What stands in a pickle for the things that cannot be pickled. All need the GIL; the value's own Python code runs in
// some. They throw error_already_set where it raises.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

/// {"type"} and "name" where it has one: says what it is, holds nothing that could be checked.
[[nodiscard]] Description describe_by_type(pybind11::handle object, std::string kind = "object");

/// {"type", "items"}, "more": True where the limit cut it off, "raised" where it ended with an exception.
[[nodiscard]] Description describe_drained(pybind11::handle iterator, const ReducerContext& context,
                                           KeepItems keep = KeepItems::kAsTheyAre);

/// {"name", "code"}: module and qualified name, and a hash of its code object.
[[nodiscard]] Description describe_function(pybind11::handle function);
[[nodiscard]] Description describe_code(pybind11::handle code);

/// {"type", "format", "shape", "bytes"} of what exports its memory.
[[nodiscard]] Description describe_buffer(pybind11::handle exporter);

/// {"type", "items"} of what has a length and can be iterated over again.
[[nodiscard]] Description describe_sized(pybind11::handle iterable, const ReducerContext& context);

/// {"pattern", "string", "span", "groups", "named"} of a re.Match.
[[nodiscard]] Description describe_match(pybind11::handle match);

/// For an instance that refuses to be pickled, the first that fits: its items, its memory, {"type", "value", "state"}
/// (the built-in it derives from, its __dict__ and slots), its length's worth of items, its type.
[[nodiscard]] Description describe_instance(pybind11::handle object, const ReducerContext& context);

}  // namespace snapshot_test::host::pickling
