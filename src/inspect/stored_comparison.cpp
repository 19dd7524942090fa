#include "inspect/stored_comparison.hpp"

#include <fmt/format.h>

#include <utility>

#include "compare/site.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/document.hpp"
#include "util/try.hpp"

namespace snapshot_test::inspect {

namespace {

compare::Options options_for(const model::Rules& rules, const model::SiteValue& baseline) {
  compare::Options options{rules};
  options.ignored_paths = baseline.unstable;
  options.bounds = baseline.bounds;
  options.unordered_items = baseline.site.kind == model::SiteKind::kThreads;
  options.sketches = true;
  return options;
}

void note_kind(const model::SiteValue& baseline, const NewValue& now, std::vector<std::string>& notes) {
  if (!baseline.type.empty() && baseline.type != now.type) {
    notes.push_back(fmt::format("{}: {} now, {} in the snapshot; what they hold agrees", baseline.site.text(), now.type,
                                baseline.type));
  }
  if (baseline.partly.empty() && !now.partly.empty()) {
    notes.push_back(fmt::format("{}: only a part of it was compared: {}", baseline.site.text(), now.partly));
  }
}

}  // namespace

std::optional<KnownBy> known_by(const model::SiteValue& baseline) {
  if (baseline.sketch_of) {
    const model::WholeValue& whole = *baseline.sketch_of;
    return whole.fingerprint.empty() ? std::nullopt : std::optional(KnownBy{whole.bytes, whole.fingerprint});
  }
  // Parts that may differ are found by comparing, so most such values would be pickled twice.
  const bool is_known = !baseline.fingerprint.empty() && baseline.unstable.empty() && baseline.bounds.empty();
  return is_known ? std::optional(KnownBy{baseline.bytes, baseline.fingerprint}) : std::nullopt;
}

Result<std::unique_ptr<StoredComparison>> StoredComparison::open(const model::Locator& store,
                                                                 const model::SiteValue& baseline,
                                                                 std::filesystem::path scratch) {
  std::unique_ptr<StoredComparison> made(new StoredComparison(baseline, std::move(scratch)));
  TRY_ASSIGN(made->snapshot_, store::open_object(store, baseline.object, baseline.bytes));
  TRY_ASSIGN(auto hash, store::Sha256::create());
  if (baseline.sketch_of) {
    TRY_ASSIGN(made->stored_, made->snapshot_->load_verified(made->scratch_));
    TRY_ASSIGN(made->spool_, util::unnamed_file(made->scratch_));
    made->hash_.emplace(std::move(hash));
    return made;
  }
  TRY_ASSIGN(made->again_, store::open_object(store, baseline.object, baseline.bytes));
  made->sink_.emplace(*made->snapshot_, *made->again_, std::move(hash), made->scratch_);
  return made;
}

Result<void> StoredComparison::write(std::span<const std::byte> bytes) {
  if (sink_) {
    return sink_->write(bytes);
  }
  hash_->update(bytes);
  bytes_ += bytes.size();
  return util::write_all(spool_.get(), bytes, scratch_);
}

Result<bool> StoredComparison::is_the_whole() {
  if (sink_) {
    return sink_->finish();
  }
  const std::string sha256 = hash_->finish();
  return bytes_ == baseline_.sketch_of->bytes && sha256 == baseline_.sketch_of->sha256;
}

Result<void> StoredComparison::finish(const NewValue& now, const model::Rules& rules, model::SiteComparison& comparison,
                                      std::vector<std::string>& notes) {
  TRY_ASSIGN(const bool equal, is_the_whole());
  if (equal) {
    comparison.match = model::SiteMatch::kIdentical;
    return {};
  }
  if (sink_) {
    TRY_ASSIGN(stored_, snapshot_->load_verified(scratch_));
  }
  TRY_ASSIGN(const auto actual_bytes, sink_ ? sink_->spooled() : util::MappedFile::map(spool_.get(), scratch_));
  TRY_ASSIGN(const auto expected, pickle::read(stored_.bytes()));
  TRY_ASSIGN(const auto actual, pickle::read(actual_bytes.bytes()));
  compare::Options options = options_for(rules, baseline_);
  options.expected_reduced = baseline_.sketch_of.has_value();
  const compare::Comparison result = compare::compare(actual, expected, options);
  compare::describe(comparison, result);
  if (now.rounds && baseline_.rounds && comparison.match == model::SiteMatch::kDifferent) {
    comparison.explanation += fmt::format("\n    ([i] is round i of {}, counted from 0)", now.count);
  }
  if (result.outcome != compare::Outcome::kDifferent) {
    note_kind(baseline_, now, notes);
  }
  return {};
}

Result<void> mark_unreadable(const Error& error, model::SiteComparison& comparison) {
  if (error.kind == ErrorKind::kIo) {  // not the snapshot's fault
    return tl::unexpected(error);
  }
  comparison.match = model::SiteMatch::kUnreadable;
  comparison.explanation = error.message;
  return {};
}

}  // namespace snapshot_test::inspect
