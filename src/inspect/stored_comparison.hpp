// A new value against the stored one, while its pickle is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/store/object.hpp"
#include "store/compare_sink.hpp"
#include "util/byte_sink.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"

namespace snapshot_test::inspect {

/// What is known of the new value besides its pickle.
struct NewValue {
  std::string type;    ///< Python type
  std::string partly;  ///< as SiteValue::partly
  std::uint64_t count = 1;
  bool rounds = false;
};

/// Size and fingerprint by which an unchanged value is known without reading the stored one; none where it has to be
/// read: it has no fingerprint, or parts that may differ, which are found by comparing. Of what only a sketch is stored
/// of they are the whole value's.
struct KnownBy {
  std::uint64_t bytes = 0;
  std::string fingerprint;
};
[[nodiscard]] std::optional<KnownBy> known_by(const model::SiteValue& baseline);

/// Takes the pickle of what was seen at a site. Equal bytes whose SHA-256 is the object's name are the end of it; from
/// the first difference on it is spooled, and both are read as values and compared. Not thread-safe.
class StoredComparison : public util::ByteSink {
 public:
  /// Opens the stored value; kCorrupt where it cannot be read. `scratch`: where files without a name go; empty: into
  /// memory.
  [[nodiscard]] static Result<std::unique_ptr<StoredComparison>> open(const model::Locator& store,
                                                                      const model::SiteValue& baseline,
                                                                      std::filesystem::path scratch);
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  /// Fills `comparison` but for its site, after the last write; kCorrupt where what is stored turns out to be damaged.
  /// What agrees although it is not the same kind of thing, or is known less well than it was, is said in `notes`. Call
  /// once.
  [[nodiscard]] Result<void> finish(const NewValue& now, const model::Rules& rules, model::SiteComparison& comparison,
                                    std::vector<std::string>& notes);

 private:
  StoredComparison(const model::SiteValue& baseline, std::filesystem::path scratch)
      : baseline_(baseline), scratch_(std::move(scratch)) {}

  const model::SiteValue& baseline_;
  std::filesystem::path scratch_;
  std::unique_ptr<store::ObjectReader> snapshot_;
  std::unique_ptr<store::ObjectReader> again_;
  std::optional<store::CompareSink> sink_;
  // Where a sketch is stored: its bytes, and the whole new pickle, with its digest.
  [[nodiscard]] Result<bool> is_the_whole();
  util::MappedFile stored_;  ///< the stored pickle, once it is read
  std::optional<store::Sha256> hash_;
  util::Fd spool_;
  std::uint64_t bytes_ = 0;
};

/// Of a value whose comparison failed with `error`: what that makes of its site; the error itself where it is the
/// machine's (kIo), which says nothing of the value.
[[nodiscard]] Result<void> mark_unreadable(const Error& error, model::SiteComparison& comparison);

}  // namespace snapshot_test::inspect
