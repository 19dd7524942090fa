// A suite's own timeouts as numbers. Needs the GIL.
#pragma once

#include <optional>

#include "host/discovery/python.hpp"

namespace snapshot_test::host::discovery {

/// An int, a float, or what converts to one, in seconds; infinity becomes the longest timeout there is (1e9). Nothing
/// for None and for what is no positive number.
[[nodiscard]] std::optional<double> seconds_from(const py::object& value);

}  // namespace snapshot_test::host::discovery
