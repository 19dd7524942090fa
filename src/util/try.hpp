// One line where a failure is handed to the caller, in any function that returns a Result. The names and the idea are
// ccache's.
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

/// Evaluates an expression of type Result<void>; where it failed, returns its error from the calling function. A value,
/// such as a lock, would be gone at the end of the line: TRY_ASSIGN keeps it.
#define TRY(...)                                                                 \
  do {                                                                           \
    if (auto try_result_ = (__VA_ARGS__); !try_result_) {                        \
      return tl::unexpected(std::move(try_result_.error()));                     \
    } else {                                                                     \
      static_assert(std::is_void_v<typename decltype(try_result_)::value_type>); \
    }                                                                            \
  } while (false)

/// `TRY_ASSIGN(auto value, call());` evaluates an expression of type Result<T>, and moves what it holds into the
/// variable that is declared (or assigned to); where it failed, returns its error from the calling function.
#define TRY_ASSIGN(variable, ...) TRY_ASSIGN_AT_LINE_(__LINE__, variable, __VA_ARGS__)
#define TRY_ASSIGN_AT_LINE_(line, variable, ...) TRY_ASSIGN_AT_(line, variable, __VA_ARGS__)
#define TRY_ASSIGN_AT_(line, variable, ...)                      \
  auto try_result_##line = (__VA_ARGS__);                        \
  if (!try_result_##line) {                                      \
    return tl::unexpected(std::move(try_result_##line.error())); \
  }                                                              \
  variable = *std::move(try_result_##line)
