#include "store/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/folder_store.hpp"
#include "store/partial_store.hpp"

namespace snapshot_test::store {

namespace {

std::vector<Kind>& kinds() {
  static std::vector<Kind> all{folder_kind(), partial_kind()};
  return all;
}

const Kind& kind_of(const std::filesystem::path& location) {
  const std::string text = location.string();
  const auto found =
      std::find_if(kinds().begin(), kinds().end(), [&](const Kind& kind) { return text.starts_with(kind.name + ":"); });
  return found == kinds().end() ? kinds().front() : *found;
}

Result<const Kind*> kind_of(const model::Locator& where) {
  const auto found =
      std::find_if(kinds().begin(), kinds().end(), [&](const Kind& kind) { return kind.name == where.kind; });
  if (found == kinds().end()) {
    return fail(ErrorKind::kInternal, fmt::format("there is no kind of store called '{}'", where.kind));
  }
  return &*found;
}

}  // namespace

void add_kind(Kind kind) { kinds().push_back(std::move(kind)); }

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& location) {
  return kind_of(location).open(location, Opening::kToRead);
}

Result<std::unique_ptr<Store>> Store::open_or_create(const std::filesystem::path& location) {
  return kind_of(location).open(location, Opening::kToWrite);
}

Result<std::unique_ptr<Store>> Store::open_if_there(const std::filesystem::path& location) {
  return kind_of(location).open(location, Opening::kIfThere);
}

std::filesystem::path absolute_location(const std::filesystem::path& location) {
  return &kind_of(location) == &kinds().front() ? std::filesystem::absolute(location) : location;
}

Result<std::unique_ptr<ObjectWriter>> create_object(const model::Locator& where, Compression compression) {
  return kind_of(where).and_then([&](const Kind* kind) { return kind->create_object(where, compression); });
}

Result<std::unique_ptr<ObjectReader>> open_object(const model::Locator& where, std::string_view sha256,
                                                  std::optional<std::uint64_t> plain_bytes) {
  return kind_of(where).and_then([&](const Kind* kind) { return kind->open_object(where, sha256, plain_bytes); });
}

Result<bool> has_object(const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes) {
  return kind_of(where).and_then([&](const Kind* kind) { return kind->has_object(where, sha256, plain_bytes); });
}

}  // namespace snapshot_test::store
