// What a kind of store is.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::store {

/// What a store is opened for: Store::open(), open_or_create(), open_if_there().
enum class Opening { kToRead, kToWrite, kIfThere };

/// All that the rest of the program needs of a kind of store.
struct Kind {
  std::string name;  ///< stores of this kind are at "NAME:..."; a location that no other kind claims is a folder
  std::function<Result<std::unique_ptr<Store>>(const std::filesystem::path& location, Opening opening)> open;
  std::function<Result<std::unique_ptr<ObjectWriter>>(const model::Locator& where, Compression compression)>
      create_object;
  std::function<Result<std::unique_ptr<ObjectReader>>(const model::Locator& where, std::string_view sha256,
                                                      std::optional<std::uint64_t> plain_bytes)>
      open_object;
  std::function<Result<bool>(const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes)>
      has_object;
};

}  // namespace snapshot_test::store
