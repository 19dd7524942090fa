#include "store/partial_store.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/store/transaction.hpp"
#include "store/file_objects.hpp"
#include "store/folder_store.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPartial = "partial";
/// Between the two folders: no path has it.
constexpr char kBetween = '\n';

tl::unexpected<Error> cannot_be_written() {
  return fail(ErrorKind::kUsage,
              "this baseline is kept in a remote and can only be read here; `snapshot_test pull` "
              "brings it into the snapshot folder");
}

class PartialStore final : public Store {
 public:
  PartialStore(FolderStore folder, fs::path objects) : folder_(std::move(folder)), objects_(std::move(objects)) {}

  [[nodiscard]] std::string name() const override { return folder_.name(); }
  [[nodiscard]] model::Locator locator() const override { return {std::string(kPartial), {objects_.string()}, ""}; }
  [[nodiscard]] Result<std::optional<Manifest>> load_manifest(std::string_view benchmark) const override {
    return folder_.load_manifest(benchmark);
  }
  [[nodiscard]] Result<std::vector<std::string>> benchmark_names() const override { return folder_.benchmark_names(); }
  [[nodiscard]] Result<std::optional<RunInfo>> load_run(std::string_view id) const override {
    return folder_.load_run(id);
  }
  [[nodiscard]] Result<std::vector<std::string>> run_ids() const override { return folder_.run_ids(); }
  [[nodiscard]] std::optional<StoredObject> find_object(std::string_view sha256) const override {
    std::error_code missing;
    for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
      const fs::path file = paths::object(objects_, sha256, encoding);
      if (const std::uintmax_t bytes = fs::file_size(file, missing); !missing) {
        return StoredObject{file.string(), bytes};
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> manifest_place(std::string_view benchmark) const override {
    return folder_.manifest_place(benchmark);
  }
  [[nodiscard]] Result<std::uint64_t> disk_usage() const override { return folder_.disk_usage(); }
  [[nodiscard]] Result<std::unique_ptr<CaptureTransaction>> begin_capture(std::string /*run_id*/, Patience /*patience*/,
                                                                          Leftovers /*leftovers*/) const override {
    return cannot_be_written();
  }
  [[nodiscard]] Result<std::unique_ptr<CaptureTransaction>> resume_capture(std::string /*run_id*/,
                                                                           const nlohmann::json& /*key*/,
                                                                           Patience /*patience*/) const override {
    return cannot_be_written();
  }
  [[nodiscard]] Result<CleanReport> clean(const std::optional<std::vector<std::string>>& /*live_benchmarks*/,
                                          CleanMode /*mode*/, Patience /*patience*/) const override {
    return cannot_be_written();
  }
  [[nodiscard]] Result<bool> forget_case(std::string_view /*benchmark*/, const std::vector<std::string>& /*ids*/,
                                         Patience /*patience*/) const override {
    return cannot_be_written();
  }
  [[nodiscard]] Result<std::optional<Undoable>> find_undoable() const override { return std::nullopt; }
  [[nodiscard]] Result<void> undo_capture(std::string_view /*run_id*/, Patience /*patience*/) const override {
    return cannot_be_written();
  }

 private:
  FolderStore folder_;
  fs::path objects_;
};

Result<std::unique_ptr<Store>> open_partial(const fs::path& location, Opening opening) {
  if (opening == Opening::kToWrite) {
    return cannot_be_written();
  }
  const std::string text = location.string().substr(kPartial.size() + 1);
  const std::size_t between = text.find(kBetween);
  TRY_ASSIGN(auto folder, FolderStore::open(text.substr(0, between)));
  return std::make_unique<PartialStore>(std::move(folder),
                                        between == std::string::npos ? fs::path() : fs::path(text.substr(between + 1)));
}

std::vector<fs::path> folders_of(const model::Locator& where) { return {where.places.begin(), where.places.end()}; }

}  // namespace

fs::path partial_location(const fs::path& folder, const fs::path& objects) {
  return fmt::format("{}:{}{}{}", kPartial, fs::absolute(folder).string(), kBetween, fs::absolute(objects).string());
}

Kind partial_kind() {
  const auto create = [](const model::Locator& /*where*/,
                         Compression /*compression*/) -> Result<std::unique_ptr<ObjectWriter>> {
    return cannot_be_written();
  };
  const auto open = [](const model::Locator& where, std::string_view sha256,
                       std::optional<std::uint64_t> plain_bytes) -> Result<std::unique_ptr<ObjectReader>> {
    TRY_ASSIGN(FileObjectReader reader, FileObjectReader::open(folders_of(where), sha256, plain_bytes));
    return std::make_unique<FileObjectReader>(std::move(reader));
  };
  const auto has = [](const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes) -> Result<bool> {
    // What is there and damaged is not there: it is fetched again. What is not there is in the remote, as its list
    // says.
    std::error_code missing;
    for (const fs::path& folder : folders_of(where)) {
      for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
        if (fs::exists(fs::symlink_status(paths::object(folder, sha256, encoding), missing))) {
          return is_object_there(folders_of(where), sha256, plain_bytes);
        }
      }
    }
    return paths::is_object_name(sha256);
  };
  return {std::string(kPartial), open_partial, create, open, has};
}

}  // namespace snapshot_test::store
