// Where an object was in memory, in what its repr says: "<Foo object at 0x7f12…>". It differs from process to process
// and means nothing.
#pragma once

#include <string>
#include <string_view>

namespace snapshot_test::util {

/// Without the digits of addresses, and only of those: "<… at 0x7f12>" as object.__repr__ ends, nested ones too, and
/// the few built-in forms that go on after the address (code objects, frames, weak references, cells, futures, numpy's
/// generators). "error at 0x10" and any other hexadecimal number is content. Linear in the text.
[[nodiscard]] std::string without_addresses(std::string_view text);

}  // namespace snapshot_test::util
