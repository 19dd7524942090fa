#include "store/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "store/digest.hpp"
#include "store/files.hpp"
#include "store/folder_store.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/manifest_files.hpp"
#include "store/paths.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// A value as manifests speak of it.
struct Wanted {
  std::uint64_t bytes = 0;
  std::set<std::string> fingerprints;
  std::vector<std::string> cases;
};

class Checking {
 public:
  Checking(const FolderStore& store, const CheckOptions& options) : store_(store), options_(options) {}

  [[nodiscard]] Result<CheckReport> run();

 private:
  [[nodiscard]] Result<void> look_at(const FolderStore& store, const std::string& whose);
  [[nodiscard]] Result<void> look_at_runs(const FolderStore& store);
  [[nodiscard]] Result<void> look_at_object(const std::string& sha256, std::uint64_t bytes, const Wanted& wanted);
  /// Those that no manifest names.
  [[nodiscard]] Result<void> look_at_others();
  /// Is every byte what it has to be? The plain pickle's fingerprint, for manifests to be compared with.
  [[nodiscard]] Result<std::string> read(const ObjectReader& object, ObjectReader& stream);
  [[nodiscard]] Result<void> deal_with(Damage& damage, const std::string& sha256, std::optional<std::uint64_t> bytes);
  [[nodiscard]] Result<std::string> quarantine(const fs::path& file);
  [[nodiscard]] std::string relative(const fs::path& path) const { return path.lexically_relative(store_.root()); }

  const FolderStore& store_;
  const CheckOptions& options_;
  CheckReport report_;
  std::map<std::pair<std::string, std::uint64_t>, Wanted> wanted_;  ///< by name and size
};

Result<void> Checking::look_at_runs(const FolderStore& store) {
  TRY_ASSIGN(const auto ids, store.run_ids());
  for (const std::string& id : ids) {
    ++report_.runs;
    if (const auto run = store.load_run(id); !run) {
      report_.damage.push_back(
          {Damage::What::kRun, relative(paths::run(paths::runs(store.root()), id)), run.error().message, {}});
    }
  }
  return {};
}

Result<void> Checking::look_at(const FolderStore& store, const std::string& whose) {
  TRY(look_at_runs(store));
  TRY_ASSIGN(const auto names, store.benchmark_names());
  for (const std::string& name : names) {
    ++report_.manifests;
    const auto manifest = store.load_manifest(name);
    if (!manifest) {
      report_.damage.push_back({Damage::What::kManifest,
                                relative(paths::manifest(paths::cases(store.root()), name)),
                                manifest.error().message,
                                {fmt::format("every case of {}{}", name, whose)}});
    }
    if (!manifest || !*manifest) {
      continue;
    }
    for (const CaseRecord& record : (*manifest)->cases) {
      for (const model::SiteValue& site : record.sites) {
        if (site.object.empty()) {
          continue;
        }
        Wanted& wanted = wanted_[{site.object, site.bytes}];
        wanted.cases.push_back(fmt::format("{}{}, {}", case_label(**manifest, record), whose, site.site.text()));
        if (!site.fingerprint.empty()) {
          wanted.fingerprints.insert(site.fingerprint);
        }
      }
    }
  }
  return {};
}

Result<std::string> Checking::read(const ObjectReader& object, ObjectReader& stream) {
  TRY(object.check());
  report_.bytes += object.plain_size();
  constexpr std::size_t kPiece = std::size_t{64} << 10U;
  std::array<std::byte, kPiece> piece;
  Fingerprint fingerprint;
  for (;;) {
    TRY_ASSIGN(const std::size_t got, stream.read(piece));
    if (got == 0) {
      return fingerprint.text();
    }
    fingerprint.update(std::span(piece).first(got));
  }
}

Result<std::string> Checking::quarantine(const fs::path& file) {
  const fs::path folder = paths::quarantine(store_.root());
  TRY(ensure_folder(folder));
  std::error_code ignored;
  if (const auto there = read_if_there(folder / ".gitignore"); !there || !*there || (*there)->empty()) {
    TRY(util::write_file_atomically(folder / ".gitignore", "*\n"));
  }
  // objects/ab/cdef….pkl becomes abcdef….pkl; what was put aside before stays.
  const std::string name = file.parent_path().filename().string() + file.filename().string();
  fs::path target = folder / name;
  for (int copy = 2; fs::exists(fs::symlink_status(target, ignored)); ++copy) {
    target = folder / fmt::format("{}.{}", name, copy);
  }
  TRY(rename_file(file, target));
  return relative(target);
}

/// The whole pickle where `from` has it.
Result<util::MappedFile> whole_value(const Store& from, const std::string& sha256, std::optional<std::uint64_t> bytes) {
  TRY_ASSIGN(const auto object, from.open_object(sha256, bytes));
  return object->load_verified(fs::temp_directory_path());
}

Result<void> Checking::deal_with(Damage& damage, const std::string& sha256, std::optional<std::uint64_t> bytes) {
  std::optional<util::MappedFile> whole;
  if (options_.repair_from != nullptr) {
    auto value = whole_value(*options_.repair_from, sha256, bytes);
    if (value) {
      whole = std::move(*value);
    } else {
      damage.not_repaired = value.error().message;
    }
  }
  if (!whole && options_.damaged == CheckOptions::Damaged::kLeft) {
    return {};
  }
  for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
    const fs::path file = paths::object(store_.objects_folder(), sha256, encoding);
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored))) {
      TRY_ASSIGN(damage.quarantined, quarantine(file));
      damage.outcome = Damage::Outcome::kQuarantined;
    }
  }
  if (whole) {
    TRY_ASSIGN(const auto writer,
               create_object_file(store_.objects_folder(), store_.objects_folder(), Compression::kAuto));
    TRY(writer->write(whole->bytes()));
    TRY_ASSIGN(const auto written, writer->finish());
    if (written.sha256 != sha256) {
      return fail(ErrorKind::kInternal,
                  fmt::format("object {} became {} when it was repaired", sha256, written.sha256));
    }
    damage.outcome = Damage::Outcome::kRepaired;
  }
  return {};
}

Result<void> Checking::look_at_object(const std::string& sha256, std::uint64_t bytes, const Wanted& wanted) {
  ++report_.objects;
  const auto place = store_.find_object(sha256);
  const std::string file =
      place ? relative(place->place) : relative(paths::object(store_.objects_folder(), sha256, Encoding::kPlain));
  std::optional<Error> error;
  std::string fingerprint;
  const auto object = store_.open_object(sha256, bytes);
  if (!object) {
    error = object.error();
  } else if (options_.reading == CheckOptions::Reading::kBytes) {
    TRY_ASSIGN(const auto stream, store_.open_object(sha256, bytes));
    auto seen = read(**object, *stream);
    if (seen) {
      fingerprint = std::move(*seen);
    } else {
      error = std::move(seen.error());
    }
  }
  if (error) {
    Damage damage{Damage::What::kObject, file, error->message, wanted.cases};
    TRY(deal_with(damage, sha256, bytes));
    report_.damage.push_back(std::move(damage));
    return {};
  }
  const bool wrong = !fingerprint.empty() && std::any_of(wanted.fingerprints.begin(), wanted.fingerprints.end(),
                                                         [&](const std::string& each) { return each != fingerprint; });
  if (wrong) {
    report_.damage.push_back({Damage::What::kFingerprint, file,
                              fmt::format("the value is whole, but its manifest says that its fingerprint is not {}; "
                                          "capture the case again",
                                          fingerprint),
                              wanted.cases});
  }
  return {};
}

Result<void> Checking::look_at_others() {
  std::set<std::string> known;
  for (const auto& [key, wanted] : wanted_) {
    known.insert(key.first);
  }
  TRY_ASSIGN(const auto folders, list_folder(store_.objects_folder()));
  for (const FolderEntry& folder : folders) {
    TRY_ASSIGN(const auto entries, folder.is_folder ? list_folder(store_.objects_folder() / folder.name)
                                                    : Result<std::vector<FolderEntry>>(std::vector<FolderEntry>()));
    for (const FolderEntry& entry : entries) {
      const auto name = paths::parse_object(folder.name, entry.name);
      if (!name || known.contains(name->sha256)) {
        continue;
      }
      ++report_.objects;
      const fs::path path = store_.objects_folder() / folder.name / entry.name;
      const auto object = open_object_file(path);
      auto checked = !object              ? Result<void>(tl::unexpected(object.error()))
                     : *object == nullptr ? Result<void>()
                                          : (*object)->check();
      if (!checked) {
        Damage damage{Damage::What::kObject, relative(path), checked.error().message, {}};
        TRY(deal_with(damage, name->sha256, std::nullopt));
        report_.damage.push_back(std::move(damage));
      } else if (object && *object != nullptr) {
        report_.bytes += (*object)->plain_size();
      }
    }
  }
  return {};
}

Result<CheckReport> Checking::run() {
  TRY(look_at(store_, ""));
  TRY_ASSIGN(const auto variants, variant_names(store_.root()));
  for (const std::string& name : variants) {
    TRY_ASSIGN(const auto variant, FolderStore::open_if_there(paths::variant(store_.root(), name)));
    if (variant) {
      TRY(look_at(*variant, fmt::format(" (variant {})", name)));
    }
  }
  for (const auto& [key, wanted] : wanted_) {
    TRY(look_at_object(key.first, key.second, wanted));
  }
  if (options_.reading == CheckOptions::Reading::kBytes) {
    TRY(look_at_others());
  }
  // Also where all is whole: an earlier one, which was killed, may have made it so.
  if (options_.repair_from != nullptr || options_.damaged == CheckOptions::Damaged::kQuarantined) {
    TRY_ASSIGN(const auto watch, open_folder(store_.root()));
    TRY(sync_tree(store_.root(), watch));
  }
  return std::move(report_);
}

}  // namespace

std::size_t CheckReport::left() const {
  return static_cast<std::size_t>(std::count_if(
      damage.begin(), damage.end(), [](const Damage& each) { return each.outcome != Damage::Outcome::kRepaired; }));
}

Result<CheckReport> check_store(const fs::path& location, const CheckOptions& options, Patience patience) {
  const fs::path whole = paths::store_of(location);
  TRY_ASSIGN(const auto store, FolderStore::open_if_there(whole));
  if (!store) {
    return fail(ErrorKind::kNoBaseline, fmt::format("there is no store in '{}'; capture one", whole.string()));
  }
  std::optional<StoreLock> lock;
  if (options.repair_from != nullptr || options.damaged == CheckOptions::Damaged::kQuarantined) {
    TRY_ASSIGN(lock, StoreLock::take(store->root(), patience));
    TRY(roll_forward_all(store->root()));
  }
  return Checking(*store, options).run();
}

}  // namespace snapshot_test::store
