#include "store/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "store/folder_store.hpp"
#include "store/partial_store.hpp"
#include "util/try.hpp"

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

Result<ObjectInfo> copy_object(ObjectReader& from, const model::Locator& to, Compression compression) {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  TRY_ASSIGN(const auto writer, create_object(to, compression));
  std::vector<std::byte> piece(std::clamp<std::uint64_t>(from.plain_size(), 1, kPiece));
  for (;;) {
    TRY_ASSIGN(const std::size_t got, from.read(piece));
    if (got == 0) {
      return writer->finish();
    }
    TRY(writer->write(std::span(piece).first(got)));
  }
}

Result<bool> has_object(const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes) {
  return kind_of(where).and_then([&](const Kind* kind) { return kind->has_object(where, sha256, plain_bytes); });
}

}  // namespace snapshot_test::store
