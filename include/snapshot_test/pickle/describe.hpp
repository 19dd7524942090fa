// Short texts about values, for messages. All are bounded and valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "snapshot_test/pickle/form.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::pickle {

/// "int", "list", "numpy.ndarray", "numpy.float64", "decimal.Decimal": what type(value) would say.
[[nodiscard]] std::string type_name(const Value& value);

/// "module.name", without "builtins.".
[[nodiscard]] std::string qualified_name(const Global& global);

/// numpy's str(dtype), near enough: "float64", "datetime64[ns]", "<U5", "{x: float32, y: (int16, (3,))}". Byte order is
/// not part of it: it is storage, not meaning.
[[nodiscard]] std::string dtype_name(const Dtype& dtype);

/// "(3, 4)", "(3,)", "()".
[[nodiscard]] std::string shape_text(std::span<const std::uint64_t> shape);

/// "iterator of 3 items", "function suite.make.<locals>.f", "_thread.lock".
[[nodiscard]] std::string form_text(const Form& form);

/// A repr-like text of about `limit` bytes at most.
[[nodiscard]] std::string preview(const Value& value, std::size_t limit = 80);

/// Python's repr of a str, cut after about `limit` bytes of it; bytes that are not UTF-8 are escaped.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t limit = 80);

}  // namespace snapshot_test::pickle
