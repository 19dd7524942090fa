// Values of inner calls where the result decides: what is large among them is known by its digest.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

namespace snapshot_test::host::execution {

/// Bytes that the value of an inner call may take, in memory or as a pickle, if it decides nothing.
inline constexpr std::uint64_t kMostOfInner = std::uint64_t{1} << 20;

/// Is it nothing but data, and more than that?
[[nodiscard]] bool is_large_data(pybind11::handle value);
/// The form of its digest (trace::ValueDigest); the value itself where it is not plain data. GIL held.
[[nodiscard]] pybind11::object digest_of_data(const pybind11::object& value);

}  // namespace snapshot_test::host::execution
