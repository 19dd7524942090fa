#include "remote/snapshot_list.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "remote/layout.hpp"
#include "store/json_text.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kListFormat = "snapshot_test snapshot";
constexpr int kListVersion = 1;

using PackNumbers = std::map<std::string, std::size_t>;

void add_place(ordered_json& out, const Place& place, const PackNumbers& packs) {
  if (place.range) {
    out["pack"] = packs.at(place.key);
    out["at"] = place.range->offset;
  } else {
    out["key"] = place.key;
  }
}

ordered_json text_json(const ListedText& text, const char* name, const PackNumbers& packs) {
  ordered_json out = {{name, text.name}, {"sha256", text.sha256}, {"bytes", text.bytes}};
  add_place(out, text.place, packs);
  return out;
}

/// An array with one entry a line.
void append_array(std::string& out, const char* name, const std::vector<ordered_json>& entries) {
  out += fmt::format(",\n \"{}\": [", name);
  const char* separator = "\n  ";
  for (const ordered_json& entry : entries) {
    out += separator + util::json_text(entry);
    separator = ",\n  ";
  }
  out += entries.empty() ? "]" : "\n ]";
}

struct PackRow {
  std::string key;
  std::uint64_t bytes;
};

Place place_from(const json& in, std::uint64_t bytes, const std::vector<PackRow>& packs) {
  if (in.contains("key")) {
    Place place{in.at("key").get<std::string>(), std::nullopt};
    if (!is_key(place.key)) {
      throw std::invalid_argument("it has no key of a remote");
    }
    return place;
  }
  const PackRow& pack = packs.at(store::get_unsigned(in, "pack"));
  const std::uint64_t at = store::get_unsigned(in, "at");
  if (at > pack.bytes || bytes > pack.bytes - at) {
    throw std::invalid_argument("it is not within its pack");
  }
  return {pack.key, Range{at, bytes}};
}

std::string digest_from(const json& in, const char* key) {
  auto digest = in.at(key).get<std::string>();
  if (!store::paths::is_object_name(digest)) {
    throw std::invalid_argument(fmt::format("'{}' must be 64 hex digits", key));
  }
  return digest;
}

std::vector<ListedText> texts_from(const json& in, const char* array, const char* name,
                                   const std::vector<PackRow>& packs, std::string& where) {
  std::vector<ListedText> texts;
  std::set<std::string> names;
  const json& entries = store::get_array(in, array);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    where = fmt::format("{}[{}]", array, i);
    const json& each = entries[i];
    store::need_object(each);
    ListedText text;
    each.at(name).get_to(text.name);
    text.sha256 = digest_from(each, "sha256");
    text.bytes = store::get_unsigned(each, "bytes");
    text.place = place_from(each, text.bytes, packs);
    if (!names.insert(text.name).second) {
      throw std::invalid_argument("it is there twice");
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

void list_from_json(const json& in, SnapshotList& list, std::string& where) {
  list.digest = digest_from(in, "digest");
  std::vector<PackRow> packs;
  const json& pack_entries = store::get_array(in, "packs");
  for (std::size_t i = 0; i < pack_entries.size(); ++i) {
    where = fmt::format("packs[{}]", i);
    store::need_object(pack_entries[i]);
    packs.push_back({pack_entries[i].at("key").get<std::string>(), store::get_unsigned(pack_entries[i], "bytes")});
    if (!is_key(packs.back().key)) {
      throw std::invalid_argument("it has no key of a remote");
    }
    list.packs.emplace(packs.back().key, packs.back().bytes);
  }
  list.manifests = texts_from(in, "manifests", "benchmark", packs, where);
  list.runs = texts_from(in, "runs", "id", packs, where);
  for (const ListedText& run : list.runs) {
    if (!store::paths::is_run_id(run.name)) {
      throw std::invalid_argument("it is no run's id");
    }
  }
  const json& objects = store::get_array(in, "objects");
  for (std::size_t i = 0; i < objects.size(); ++i) {
    where = fmt::format("objects[{}]", i);
    const json& each = objects[i];
    store::need_object(each);
    ListedObject object;
    object.sha256 = digest_from(each, "sha256");
    object.plain_bytes = store::get_unsigned(each, "plain");
    object.bytes = store::get_unsigned(each, "bytes");
    object.encoding = each.value("zstd", false) ? store::Encoding::kZstd : store::Encoding::kPlain;
    object.place = place_from(each, object.bytes, packs);
    if (object.encoding == store::Encoding::kPlain && object.plain_bytes != object.bytes) {
      throw std::invalid_argument("its sizes do not agree");
    }
    const std::string name = object.sha256;
    if (!list.objects.emplace(name, std::move(object)).second) {
      throw std::invalid_argument("it is there twice");
    }
  }
  where.clear();
}

}  // namespace

std::map<std::string, std::uint64_t> SnapshotList::needs() const {
  std::map<std::string, std::uint64_t> all = packs;
  for (const auto& [sha256, object] : objects) {
    if (!object.place.range) {
      all.emplace(object.place.key, object.bytes);
    }
  }
  for (const auto* texts : {&manifests, &runs}) {
    for (const ListedText& text : *texts) {
      if (!text.place.range) {
        all.emplace(text.place.key, text.bytes);
      }
    }
  }
  return all;
}

std::string to_text(const SnapshotList& list) {
  PackNumbers numbers;
  std::vector<ordered_json> packs;
  for (const auto& [key, bytes] : list.packs) {
    numbers.emplace(key, numbers.size());
    packs.push_back({{"key", key}, {"bytes", bytes}});
  }
  std::vector<ordered_json> manifests;
  for (const ListedText& each : list.manifests) {
    manifests.push_back(text_json(each, "benchmark", numbers));
  }
  std::vector<ordered_json> runs;
  for (const ListedText& each : list.runs) {
    runs.push_back(text_json(each, "id", numbers));
  }
  std::vector<ordered_json> objects;
  for (const auto& [sha256, each] : list.objects) {
    ordered_json out = {{"sha256", sha256}, {"plain", each.plain_bytes}, {"bytes", each.bytes}};
    if (each.encoding == store::Encoding::kZstd) {
      out["zstd"] = true;
    }
    add_place(out, each.place, numbers);
    objects.push_back(std::move(out));
  }
  std::string text = fmt::format("{{\"format\": \"{}\",\n \"version\": {},\n \"digest\": \"{}\"", kListFormat,
                                 kListVersion, list.digest);
  append_array(text, "packs", packs);
  append_array(text, "manifests", manifests);
  append_array(text, "runs", runs);
  append_array(text, "objects", objects);
  return text + "\n}\n";
}

Result<SnapshotList> list_from_text(std::string_view text, const std::string& place) {
  SnapshotList list;
  std::uint64_t version = 0;
  auto decoded = store::decode_json(text, place, [&](const json& in, std::string& where) {
    store::need_object(in);
    if (in.at("format") != kListFormat) {
      throw std::invalid_argument("it is no list of a baseline");
    }
    version = store::get_unsigned(in, "version");
    if (version == kListVersion) {
      try {
        list_from_json(in, list, where);
      } catch (const std::out_of_range&) {
        throw std::invalid_argument("it names a pack that is not listed");
      }
    }
  });
  if (!decoded) {
    return tl::unexpected(of_remote(std::move(decoded.error())));
  }
  if (version != kListVersion) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("'{}' has version {}, and this snapshot_test reads version {}; use a newer one", place,
                            version, kListVersion));
  }
  return list;
}

Result<std::optional<SnapshotList>> load_list(Storage& storage, const std::string& key, const std::string& digest) {
  std::string text;
  TRY_ASSIGN(const bool there, storage.read(key, std::nullopt, [&](std::string_view piece) -> Result<void> {
    text += piece;
    return {};
  }));
  if (!there) {
    return std::nullopt;
  }
  const std::string place = fmt::format("{}/{}", storage.name(), key);
  TRY_ASSIGN(auto list, list_from_text(text, place));
  if (list.digest != digest) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is the list of the baseline sha256:{}, where that of sha256:{} "
                                                 "belongs; `snapshot_test remote check` says what else is wrong",
                                                 place, list.digest, digest));
  }
  return std::optional(std::move(list));
}

}  // namespace snapshot_test::remote
