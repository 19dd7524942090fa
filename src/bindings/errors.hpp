// Failures of the library as Python exceptions.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <type_traits>
#include <utility>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::bindings {

/// Throws what becomes the class `name` of diff_tester.snapshot.errors, made of `arguments`. Needs the GIL.
[[noreturn]] void raise(const char* name, const pybind11::tuple& arguments);

/// The value, or BenchmarkError. Needs the GIL.
template <class T>
T or_benchmark_error(Result<T> result) {
  if (!result) {
    raise("BenchmarkError", pybind11::make_tuple(result.error().message));
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

/// The value, or ConfigError. Needs the GIL.
template <class T>
T or_config_error(Result<T> result) {
  if (!result) {
    raise("ConfigError", pybind11::make_tuple(result.error().message));
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

/// The value, or StoreError with the store's folder. Needs the GIL.
template <class T>
T or_store_error(Result<T> result, const std::string& path) {
  if (!result) {
    raise("StoreError", pybind11::make_tuple(result.error().message, path));
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

}  // namespace snapshot_test::bindings
