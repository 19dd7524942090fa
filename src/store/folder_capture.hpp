// A capture on its way into a folder: what it stages lies beside the baseline until it is committed (docs/store.md).
#pragma once

#include "snapshot_test/store/transaction.hpp"
#include "store/folder_store.hpp"

namespace snapshot_test::store {

class FolderCapture final : public CaptureTransaction {
 public:
  /// As begin_capture() and resume_capture().
  [[nodiscard]] static Result<FolderCapture> begin(const FolderStore& store, std::string run_id,
                                                   Patience patience = {});
  [[nodiscard]] static Result<FolderCapture> resume(const FolderStore& store, std::string run_id,
                                                    const nlohmann::json& key, Patience patience = {});
  FolderCapture(FolderCapture&&) noexcept;
  FolderCapture& operator=(FolderCapture&&) noexcept;
  ~FolderCapture() override;

  /// Where FileObjectWriters of this capture put their objects; other processes may write there.
  [[nodiscard]] std::filesystem::path staging_objects() const;

  [[nodiscard]] model::Locator locator() const override;
  [[nodiscard]] const std::string& run_id() const override;
  [[nodiscard]] Resumed& resumed() override;
  [[nodiscard]] Result<void> write_journal(const nlohmann::json& line) override;
  [[nodiscard]] bool holds(const model::SiteValue& site) const override;
  [[nodiscard]] Result<void> put_manifest(const Manifest& manifest) override;
  [[nodiscard]] Result<void> put_run(const RunInfo& run) override;
  [[nodiscard]] Result<void> commit() override;

 private:
  struct Impl;
  explicit FolderCapture(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshot_test::store
