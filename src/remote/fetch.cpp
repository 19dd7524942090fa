#include "remote/fetch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "store/baseline_digest.hpp"
#include "store/digest.hpp"
#include "store/file_objects.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace fs = std::filesystem;

namespace {

/// What lies this close to each other in a pack is read together, in pieces of at most this size.
constexpr std::uint64_t kGap = std::uint64_t{32} << 10U;
constexpr std::uint64_t kLongestPiece = std::uint64_t{4} << 20U;

/// Parts of one pack that are read in one request.
template <class Item>
struct Piece {
  std::string key;
  Range range;
  std::vector<const Item*> items;
};

/// Items that lie in packs.
template <class Item>
std::vector<Piece<Item>> pieces_of(std::vector<const Item*> items) {
  std::sort(items.begin(), items.end(), [](const Item* a, const Item* b) {
    return std::pair(a->place.key, a->place.range->offset) < std::pair(b->place.key, b->place.range->offset);
  });
  std::vector<Piece<Item>> pieces;
  for (const Item* item : items) {
    const Range at = *item->place.range;
    if (!pieces.empty() && pieces.back().key == item->place.key) {
      Range& range = pieces.back().range;
      const std::uint64_t end = std::max(range.offset + range.bytes, at.offset + at.bytes);
      if (at.offset <= range.offset + range.bytes + kGap && end - range.offset <= kLongestPiece) {
        range.bytes = end - range.offset;
        pieces.back().items.push_back(item);
        continue;
      }
    }
    pieces.push_back({item->place.key, at, {item}});
  }
  return pieces;
}

std::string_view part_of(std::string_view piece, const Range& whole, const Range& part) {
  return piece.substr(part.offset - whole.offset, part.bytes);
}

Result<void> missing(const Storage& storage, const std::string& key) {
  return fail(ErrorKind::kCorrupt,
              fmt::format("the remote '{}' lacks '{}', which its list names", storage.name(), key));
}

class Fetching {
 public:
  Fetching(Storage& storage, const Keep& keep, const FetchOptions& options)
      : storage_(storage), keep_(keep), options_(options) {}

  [[nodiscard]] Result<Damage> run(const std::vector<const ListedObject*>& objects) {
    std::vector<const ListedObject*> packed;
    std::vector<std::function<Result<void>()>> tasks;
    for (const ListedObject* object : objects) {
      progress_.all += object->bytes;
      if (object->place.range) {
        packed.push_back(object);
      } else {
        tasks.emplace_back([this, object] { return fetch_whole(*object); });
      }
    }
    const auto pieces = pieces_of(std::move(packed));
    for (const auto& piece : pieces) {
      tasks.emplace_back([this, &piece] { return fetch_piece(piece); });
    }
    TRY(run_all(tasks, options_.at_once));
    return std::move(damage_);
  }

 private:
  /// What is wrong with what the remote has is noted, all else is an error.
  Result<void> note(Result<void> result, const ListedObject& object) {
    const std::lock_guard lock(mutex_);
    progress_.done += object.bytes;
    if (options_.on_progress) {
      options_.on_progress(progress_);
    }
    if (!result && result.error().kind == ErrorKind::kCorrupt) {
      damage_.emplace(object.sha256, result.error().message);
      return {};
    }
    return result;
  }

  [[nodiscard]] fs::path file_of(const ListedObject& object) const {
    return store::paths::object(options_.scratch, object.sha256, object.encoding);
  }

  static Result<util::Fd> create(const fs::path& file) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    util::Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!fd) {
      return tl::unexpected(util::io_error("create", file));
    }
    return fd;
  }

  Result<void> check_and_keep(const ListedObject& object, const fs::path& file) {
    const std::vector<fs::path> folders{options_.scratch};
    const auto checked = store::FileObjectReader::open(folders, object.sha256, object.plain_bytes)
                             .and_then([](const store::FileObjectReader& reader) { return reader.check(); });
    if (!checked && checked.error().kind == ErrorKind::kCorrupt) {
      ::unlink(file.c_str());
      return fail(ErrorKind::kCorrupt,
                  fmt::format("what the remote '{}' has of the value {} (in '{}') is damaged: it is not what its name "
                              "says; `snapshot_test remote check` says what else is",
                              storage_.name(), object.sha256, object.place.key));
    }
    TRY(Result<void>(checked));
    auto kept = keep_(object, file);
    ::unlink(file.c_str());
    return kept;
  }

  Result<void> fetch_whole(const ListedObject& object) {
    const auto fetched = [&]() -> Result<void> {
      const fs::path file = file_of(object);
      TRY_ASSIGN(util::Fd fd, create(file));
      std::uint64_t got = 0;
      TRY_ASSIGN(const bool there,
                 storage_.read(object.place.key, std::nullopt, [&](std::string_view piece) -> Result<void> {
                   got += piece.size();
                   if (got > object.bytes) {
                     return fail(ErrorKind::kCorrupt, fmt::format("'{}/{}' is longer than the {} bytes that are listed",
                                                                  storage_.name(), object.place.key, object.bytes));
                   }
                   return util::write_all(fd.get(), std::as_bytes(std::span(piece)), file);
                 }));
      if (!there) {
        return missing(storage_, object.place.key);
      }
      if (got != object.bytes) {
        return fail(ErrorKind::kCorrupt, fmt::format("'{}/{}' has {} bytes, where {} are listed", storage_.name(),
                                                     object.place.key, got, object.bytes));
      }
      fd.reset();
      return check_and_keep(object, file);
    }();
    return note(fetched, object);
  }

  Result<void> fetch_piece(const Piece<ListedObject>& piece) {
    const auto bytes = read_whole(storage_, piece.key, piece.range, piece.range.bytes);
    for (const ListedObject* object : piece.items) {
      TRY(note(fetch_part(piece, bytes, *object), *object));
    }
    return {};
  }

  Result<void> fetch_part(const Piece<ListedObject>& piece, const Result<std::optional<std::string>>& bytes,
                          const ListedObject& object) {
    if (!bytes) {
      return tl::unexpected(bytes.error());
    }
    if (!*bytes) {
      return missing(storage_, piece.key);
    }
    const fs::path file = file_of(object);
    TRY_ASSIGN(util::Fd fd, create(file));
    const std::string_view part = part_of(**bytes, piece.range, *object.place.range);
    TRY(util::write_all(fd.get(), std::as_bytes(std::span(part)), file));
    fd.reset();
    return check_and_keep(object, file);
  }

  Storage& storage_;
  const Keep& keep_;
  const FetchOptions& options_;
  std::mutex mutex_;  ///< of what follows
  Damage damage_;
  Progress progress_;
};

/// The texts by name, checked by their own digests.
Result<std::map<std::string, std::string>> read_texts(Storage& storage, const std::vector<ListedText>& texts,
                                                      unsigned at_once) {
  std::map<std::string, std::string> found;
  std::mutex mutex;
  const auto take = [&](const ListedText& text, std::string_view bytes) -> Result<void> {
    if (const std::string sha256 = store::sha256_hex(bytes); sha256 != text.sha256) {
      return fail(
          ErrorKind::kCorrupt,
          fmt::format("'{}' in '{}/{}' is damaged: its SHA-256 is {}, where {} is listed; `snapshot_test remote "
                      "check` says what else is",
                      text.name, storage.name(), text.place.key, sha256, text.sha256));
    }
    const std::lock_guard lock(mutex);
    found.emplace(text.name, bytes);
    return {};
  };
  std::vector<const ListedText*> packed;
  std::vector<std::function<Result<void>()>> tasks;
  for (const ListedText& text : texts) {
    if (text.place.range) {
      packed.push_back(&text);
      continue;
    }
    tasks.emplace_back([&]() -> Result<void> {
      TRY_ASSIGN(const auto bytes, read_whole(storage, text.place.key, std::nullopt, text.bytes));
      return bytes ? take(text, *bytes) : missing(storage, text.place.key);
    });
  }
  const auto pieces = pieces_of(std::move(packed));
  for (const auto& piece : pieces) {
    tasks.emplace_back([&]() -> Result<void> {
      TRY_ASSIGN(const auto bytes, read_whole(storage, piece.key, piece.range, piece.range.bytes));
      if (!bytes) {
        return missing(storage, piece.key);
      }
      for (const ListedText* text : piece.items) {
        TRY(take(*text, part_of(*bytes, piece.range, *text->place.range)));
      }
      return {};
    });
  }
  TRY(run_all(tasks, at_once));
  return found;
}

}  // namespace

Result<FetchedTexts> fetch_texts(Storage& storage, const SnapshotList& list, unsigned at_once) {
  TRY_ASSIGN(const auto manifests, read_texts(storage, list.manifests, at_once));
  TRY_ASSIGN(const auto runs, read_texts(storage, list.runs, at_once));
  FetchedTexts texts;
  std::map<std::string, std::string> digests;
  for (const auto& [name, text] : manifests) {
    TRY_ASSIGN(auto manifest, store::manifest_from_text(text, fmt::format("{}: {}", storage.name(), name)));
    if (manifest.benchmark != name) {
      return fail(ErrorKind::kCorrupt,
                  fmt::format("the remote '{}' has the manifest of '{}', where that of '{}' belongs", storage.name(),
                              manifest.benchmark, name));
    }
    digests.emplace(name, store::manifest_digest(manifest));
    texts.manifests.push_back(std::move(manifest));
  }
  if (const std::string root = store::baseline_digest(digests); root != list.digest) {
    return fail(
        ErrorKind::kCorrupt,
        fmt::format("the manifests in the remote '{}' are those of the baseline sha256:{}, and not of sha256:{}: "
                    "it has been altered; `snapshot_test remote check` says what else has",
                    storage.name(), root, list.digest));
  }
  for (const store::Manifest& manifest : texts.manifests) {
    for (const store::CaseRecord& record : manifest.cases) {
      for (const model::SiteValue& site : record.sites) {
        if (!site.object.empty() && !list.objects.contains(site.object)) {
          return fail(ErrorKind::kCorrupt,
                      fmt::format("the list of sha256:{} in the remote '{}' lacks the value {} of {}; push it again",
                                  list.digest, storage.name(), site.object, store::case_label(manifest, record)));
        }
      }
    }
  }
  for (const auto& [id, text] : runs) {
    TRY_ASSIGN(auto run, store::run_info_from_text(text, fmt::format("{}: run {}", storage.name(), id)));
    texts.runs.push_back(std::move(run));
  }
  return texts;
}

Result<Damage> fetch_objects(Storage& storage, const std::vector<const ListedObject*>& objects, const Keep& keep,
                             const FetchOptions& options) {
  return Fetching(storage, keep, options).run(objects);
}

Result<ScratchFolder> ScratchFolder::create(const fs::path& parent) {
  std::error_code error;
  fs::create_directories(parent, error);
  std::string name = (parent / ".tmp-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr) {
    return tl::unexpected(util::io_error("make a folder in", parent));
  }
  return ScratchFolder(name);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) {
    fs::remove_all(path_, ignored);
  }
}

}  // namespace snapshot_test::remote
