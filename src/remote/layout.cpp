#include "remote/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "store/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

constexpr const char* kRemoteFormat = "snapshot_test remote";
constexpr const char* kRefFormat = "snapshot_test ref";
constexpr std::size_t kLongestRef = 200;

}  // namespace

namespace keys {

std::string object(std::string_view sha256, store::Encoding encoding) {
  return store::paths::object("objects", sha256, encoding).generic_string();
}

std::string pack(std::string_view sha256) { return fmt::format("{}{}.pack", kPacks, sha256); }

std::string list(std::string_view digest) { return fmt::format("{}{}.json", kLists, digest); }

std::string ref(std::string_view name) { return fmt::format("{}{}", kRefs, name); }

std::string tombstone(std::string_view key) { return fmt::format("{}{}", kTombstones, key); }

std::string of_tombstone(std::string_view tombstone) { return std::string(tombstone.substr(kTombstones.size())); }

std::string without_tombstone(const std::string& key, const std::set<std::string>& doomed) {
  std::string free = key;
  for (int generation = 1; doomed.contains(free); ++generation) {
    free = fmt::format("{}~{}", key, generation);
  }
  return free;
}

}  // namespace keys

Error of_remote(Error error) {
  constexpr std::string_view kLocalAdvice = "; restore it or capture again";
  if (error.message.ends_with(kLocalAdvice)) {
    error.message.resize(error.message.size() - kLocalAdvice.size());
    error.message += "; `snapshot_test remote check` says what else is";
  }
  return error;
}

bool is_ref_name(std::string_view name) {
  return name.size() <= kLongestRef && is_key(name) && name.find_first_of("@%~") == std::string_view::npos;
}

std::string to_text(const Ref& ref) {
  return store::json_text({{"format", kRefFormat},
                           {"version", kRemoteVersion},
                           {"digest", ref.digest},
                           {"list", ref.list},
                           {"time", ref.time}});
}

Result<Ref> ref_from_text(std::string_view text, const std::string& place) {
  Ref ref;
  std::uint64_t version = 0;
  auto decoded = store::decode_json(text, place, [&](const nlohmann::json& in, std::string& /*where*/) {
    store::need_object(in);
    if (in.at("format") != kRefFormat) {
      throw std::invalid_argument("it is no ref");
    }
    version = store::get_unsigned(in, "version");
    if (version != kRemoteVersion) {
      return;
    }
    in.at("digest").get_to(ref.digest);
    in.at("list").get_to(ref.list);
    ref.time = in.value("time", "");
    if (!store::paths::is_object_name(ref.digest) || !is_key(ref.list) || !ref.list.starts_with(keys::kLists)) {
      throw std::invalid_argument("it names no baseline");
    }
  });
  if (!decoded) {
    return tl::unexpected(of_remote(std::move(decoded.error())));
  }
  if (version != kRemoteVersion) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("'{}' has version {}, and this snapshot_test reads version {}; use a newer one", place,
                            version, kRemoteVersion));
  }
  return ref;
}

Result<std::optional<FoundRef>> find_ref(Storage& storage, std::string_view name) {
  TRY_ASSIGN(const auto content, storage.get(keys::ref(name)));
  if (!content) {
    return std::nullopt;
  }
  TRY_ASSIGN(auto ref, ref_from_text(content->bytes, fmt::format("{}/{}", storage.name(), keys::ref(name))));
  return FoundRef{std::move(ref), content->tag};
}

Result<std::vector<std::string>> ref_names(Storage& storage) {
  TRY_ASSIGN(const auto entries, storage.list(keys::kRefs));
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    names.push_back(entry.key.substr(keys::kRefs.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> check_format(Storage& storage) {
  TRY_ASSIGN(const auto content, storage.get(keys::kFormat));
  if (!content) {
    return false;
  }
  const std::string place = fmt::format("{}/{}", storage.name(), keys::kFormat);
  std::uint64_t version = 0;
  auto decoded = store::decode_json(content->bytes, place, [&](const nlohmann::json& in, std::string& /*where*/) {
    store::need_object(in);
    if (in.at("format") != kRemoteFormat) {
      throw std::invalid_argument(fmt::format("this is no remote, but {}", in.at("format").dump()));
    }
    version = store::get_unsigned(in, "version");
  });
  if (!decoded) {
    return tl::unexpected(of_remote(std::move(decoded.error())));
  }
  if (version != kRemoteVersion) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("the remote '{}' has version {}, and this snapshot_test knows version {}; use a newer one",
                            storage.name(), version, kRemoteVersion));
  }
  return true;
}

Result<void> ensure_format(Storage& storage) {
  TRY_ASSIGN(const bool there, check_format(storage));
  if (there) {
    return {};
  }
  const std::string text = store::json_text({{"format", kRemoteFormat}, {"version", kRemoteVersion}});
  return storage.put(keys::kFormat, text).map([](Written /*always done*/) {});
}

Result<Written> put_if(Storage& storage, std::string_view key, std::string_view bytes, const Condition& condition,
                       bool& unconditional) {
  auto written = storage.put(key, bytes, condition);
  if (written || written.error().kind != ErrorKind::kUnsupported) {
    return written;
  }
  auto anyway = storage.put(key, bytes, {});
  if (!anyway) {
    return anyway;
  }
  unconditional = true;
  return anyway;
}

}  // namespace snapshot_test::remote
