#include "session/sealed.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "session/comparer.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "snapshot_test/store/object.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;
using model::SiteComparison;
using model::SiteKind;
using model::SiteMatch;
using model::SiteValue;

namespace {

bool agrees_with_snapshot(const SiteComparison& comparison) {
  return comparison.match == SiteMatch::kIdentical || comparison.match == SiteMatch::kClose;
}

bool decides_a_case(const SiteValue& baseline) {
  return model::usable(baseline) && (model::is_outer(baseline.site.kind) || baseline.site.kind == SiteKind::kState);
}

bool is_compared(const SiteValue& baseline) { return !baseline.object.empty() && !baseline.wholly_unstable; }

/// Where files without a name can be made that never have one; empty where only memory is such a place.
fs::path place_for_unnamed_files() {
  const char* temporary = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  const fs::path folder = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
  const util::Fd made(::open(folder.c_str(), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  return made ? folder : fs::path();
}

/// What a case has offered, and how it compares.
class SealedHearing final : public runner::Hearing {
 public:
  SealedHearing(const HeldStore& store, SealedReferee::Reading reading, StoredCase stored, const model::Offer& offer);

  [[nodiscard]] Wanted wanted() override;
  /// One comparison for each site of the snapshot. `shared` as in CaseReply.
  [[nodiscard]] Result<std::vector<SiteComparison>> comparisons(
      const std::vector<std::pair<std::size_t, std::size_t>>& shared);

 private:
  /// Where a site's comparison comes from.
  struct Source {
    enum class Kind { kKnown, kSameAs, kSent } kind = Kind::kKnown;
    std::size_t other = 0;    ///< kSameAs: the site; kSent: its place among what is awaited
    bool has_second = false;  ///< kSent: the next that is awaited stands for this site, too
    bool decided = false;     ///< kSameAs: by a site that decides
    SiteComparison comparison;
  };

  [[nodiscard]] Result<void> check(const model::Offer& offer) const;
  void take_site(std::size_t site, const model::Offer& offer);
  [[nodiscard]] std::optional<Source> shared_with_one_before(std::size_t site, const model::Offer& offer) const;
  [[nodiscard]] Result<bool> is_identical(const SiteValue& baseline, const model::OfferedValue& value) const;
  void await(const SiteValue& baseline, std::size_t place, const model::OfferedValue& value);
  [[nodiscard]] bool goes_by_fingerprint(const SiteValue& baseline) const;
  void mark_shared(std::vector<SiteComparison>& all, const std::vector<std::pair<std::size_t, std::size_t>>& shared);

  const HeldStore& store_;
  SealedReferee::Reading reading_;
  StoredCase stored_;
  std::vector<Source> sources_;
  std::vector<AwaitedValue> awaited_;
  model::Wanted wanted_;
  std::unique_ptr<Comparer> comparer_;
  std::vector<int> descriptors_;
  Result<void> heard_;  ///< why nothing can be made of it
};

SealedHearing::SealedHearing(const HeldStore& store, SealedReferee::Reading reading, StoredCase stored,
                             const model::Offer& offer)
    : store_(store), reading_(reading), stored_(std::move(stored)), descriptors_(store.descriptors()) {
  heard_ = check(offer);
  for (std::size_t site = 0; heard_ && site < stored_.record->sites.size(); ++site) {
    take_site(site, offer);
  }
  if (!heard_ || awaited_.empty()) {
    return;
  }
  static const fs::path scratch = place_for_unnamed_files();
  auto comparer = Comparer::start({store_.locator(), descriptors_, scratch}, stored_.rules, awaited_);
  if (comparer) {
    comparer_ = std::move(*comparer);
  } else {
    heard_ = tl::unexpected(comparer.error());
  }
}

/// Whoever made it need not have been our own code.
Result<void> SealedHearing::check(const model::Offer& offer) const {
  const auto& sites = stored_.record->sites;
  bool sound = offer.sites.size() == sites.size();
  for (std::size_t i = 0; sound && i < offer.sites.size(); ++i) {
    sound = offer.sites[i].same_as <= i;
  }
  std::vector<int> count(sites.size());
  for (std::size_t i = 0; sound && i < offer.values.size(); ++i) {
    const std::size_t site = offer.values[i].site;
    sound = site < sites.size() && (i == 0 || offer.values[i - 1].site <= site) &&
            ++count[site] <= (sites[site].site.kind == SiteKind::kResult ? 2 : 1);
  }
  return sound ? Result<void>() : fail(ErrorKind::kCorrupt, "what it offers does not fit its snapshot");
}

bool SealedHearing::goes_by_fingerprint(const SiteValue& baseline) const {
  return reading_ == SealedReferee::Reading::kByFingerprint && inspect::known_by(baseline).has_value();
}

/// As an unsealed case shares comparisons (host/execution/values.cpp). That two sites showed the same object is the
/// case's word: where it is not true, the site that decides was compared all the same.
std::optional<SealedHearing::Source> SealedHearing::shared_with_one_before(std::size_t site,
                                                                           const model::Offer& offer) const {
  const SiteValue& baseline = stored_.record->sites[site];
  const model::OfferedSite& said = offer.sites[site];
  for (std::size_t before = 0; before < site; ++before) {
    const SiteValue& other = stored_.record->sites[before];
    if (!is_compared(other) || said.same_as == site || offer.sites[before].same_as != said.same_as) {
      continue;
    }
    const bool alike =
        other.object == baseline.object && other.unstable == baseline.unstable && other.bounds == baseline.bounds;
    const bool decided = model::is_inner(baseline.site.kind) && decides_a_case(other) && !said.by_chance;
    if (alike || decided) {
      Source source;
      source.kind = Source::Kind::kSameAs;
      source.other = before;
      source.decided = decided;
      return source;
    }
  }
  return std::nullopt;
}

Result<bool> SealedHearing::is_identical(const SiteValue& baseline, const model::OfferedValue& value) const {
  TRY_ASSIGN(const bool is_there, store::has_object(store_.locator(), baseline.object, baseline.bytes));
  const auto known = inspect::known_by(baseline);
  return is_there && known && value.bytes == known->bytes && value.fingerprint == known->fingerprint;
}

void SealedHearing::await(const SiteValue& baseline, std::size_t place, const model::OfferedValue& value) {
  AwaitedValue awaited{&baseline, {value.type, value.partly, value.count, value.rounds}, {}};
  if (goes_by_fingerprint(baseline)) {
    awaited.promised = {value.bytes, value.fingerprint};
  }
  awaited_.push_back(std::move(awaited));
  wanted_.offers.push_back(place);
}

void SealedHearing::take_site(std::size_t site, const model::Offer& offer) {
  const SiteValue& baseline = stored_.record->sites[site];
  const model::OfferedSite& said = offer.sites[site];
  Source& source = sources_.emplace_back();
  source.comparison.site = baseline.site;
  source.comparison.meaningful = baseline.meaningful;
  if (!is_compared(baseline)) {
    source.comparison.match = baseline.object.empty() ? SiteMatch::kOpaque : SiteMatch::kUnstable;
    source.comparison.explanation = baseline.opaque;
    return;
  }
  if (said.missing) {
    source.comparison.match = SiteMatch::kMissing;
    source.comparison.explanation = "the snapshot has a value here; nothing was observed now";
    return;
  }
  if (auto shared = shared_with_one_before(site, offer)) {
    shared->comparison = std::move(source.comparison);
    source = std::move(*shared);
    return;
  }
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < offer.values.size(); ++i) {
    if (offer.values[i].site == site) {
      places.push_back(i);
    }
  }
  for (const std::size_t place : places) {
    const auto identical =
        goes_by_fingerprint(baseline) ? is_identical(baseline, offer.values[place]) : Result<bool>(false);
    if (!identical) {
      heard_ = tl::unexpected(identical.error());
      return;
    }
    if (*identical) {
      source.comparison.match = SiteMatch::kIdentical;
      return;
    }
  }
  if (!said.opaque.empty()) {
    source.comparison.match = SiteMatch::kOpaque;
    source.comparison.explanation = said.opaque;
  }
  if (places.empty()) {
    if (said.opaque.empty()) {
      heard_ = fail(ErrorKind::kCorrupt, "it has offered nothing for a site at which it has seen something");
    }
    return;
  }
  source.kind = Source::Kind::kSent;
  source.other = awaited_.size();
  source.has_second = places.size() > 1;
  for (const std::size_t place : places) {
    await(baseline, place, offer.values[place]);
  }
}

runner::Hearing::Wanted SealedHearing::wanted() {
  if (!comparer_) {
    return {};
  }
  return {wanted_, comparer_->take_socket()};
}

/// Inner sites that differ although what decides agrees and shares objects with them.
void SealedHearing::mark_shared(std::vector<SiteComparison>& all,
                                const std::vector<std::pair<std::size_t, std::size_t>>& shared) {
  const std::vector<SiteValue>& sites = stored_.record->sites;
  for (const auto& [inner, other] : shared) {
    if (inner >= all.size() || other >= all.size()) {
      continue;
    }
    SiteComparison& comparison = all[inner];
    const bool differs = comparison.match == SiteMatch::kDifferent || comparison.match == SiteMatch::kOpaque;
    if (differs && !comparison.shares_with && model::is_inner(sites[inner].site.kind) && decides_a_case(sites[other]) &&
        agrees_with_snapshot(all[other])) {
      comparison.shares_with = sites[other].site;
    }
  }
}

Result<std::vector<SiteComparison>> SealedHearing::comparisons(
    const std::vector<std::pair<std::size_t, std::size_t>>& shared) {
  TRY(heard_);
  std::vector<SiteComparison> sent;
  if (comparer_) {
    TRY_ASSIGN(sent, comparer_->results());
    if (sent.size() != awaited_.size()) {
      return fail(ErrorKind::kCorrupt, "not all of its values were compared");
    }
  }
  std::vector<SiteComparison> all;
  for (Source& source : sources_) {
    SiteComparison comparison = source.comparison;
    if (source.kind == Source::Kind::kSent) {
      const bool second = source.has_second && !agrees_with_snapshot(sent[source.other]) &&
                          agrees_with_snapshot(sent[source.other + 1]);
      SiteComparison& compared = sent[source.other + (second ? 1 : 0)];
      // Of two, the first of which cannot be pickled, the other counts only where it agrees.
      if (comparison.match != SiteMatch::kOpaque || agrees_with_snapshot(compared)) {
        comparison = std::move(compared);
      }
    } else if (source.kind == Source::Kind::kSameAs) {
      const SiteComparison& other = all[source.other];
      const model::Site site = comparison.site;
      const bool meaningful = comparison.meaningful;
      comparison = other;
      comparison.site = site;
      comparison.meaningful = meaningful;
      if (source.decided && agrees_with_snapshot(other)) {
        comparison.shares_with = stored_.record->sites[source.other].site;
      }
    }
    comparison.explanation = store_.named(std::move(comparison.explanation));
    all.push_back(std::move(comparison));
  }
  mark_shared(all, shared);
  return all;
}

}  // namespace

HeldStore::HeldStore(model::Locator store) : store_(std::move(store)), held_(store_) {
  const bool has_proc = ::access("/proc/self/fd", X_OK) == 0;
  for (std::string& place : held_.places) {
    util::Fd& folder = folders_.emplace_back(::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder && has_proc) {
      place = fmt::format("/proc/self/fd/{}", folder.get());
    }
  }
}

std::vector<int> HeldStore::descriptors() const {
  std::vector<int> open;
  for (const util::Fd& each : folders_) {
    if (each) {
      open.push_back(each.get());
    }
  }
  return open;
}

std::string HeldStore::named(std::string text) const {
  for (std::size_t i = 0; i < held_.places.size(); ++i) {
    const std::string& held = held_.places[i];
    for (std::size_t at = text.find(held + "/"); at != std::string::npos && held != store_.places[i];
         at = text.find(held + "/", at + store_.places[i].size())) {
      text.replace(at, held.size(), store_.places[i]);
    }
  }
  return text;
}

SealedReferee::SealedReferee(const HeldStore& store, Reading reading, FindCase find_case)
    : store_(store), reading_(reading), find_case_(std::move(find_case)) {}

std::unique_ptr<runner::Hearing> SealedReferee::hear(const runner::CaseTask& task, const model::Offer& offer) {
  static const store::CaseRecord kNothing;
  return std::make_unique<SealedHearing>(store_, reading_, find_case_(task).value_or(StoredCase{&kNothing, {}}), offer);
}

void SealedReferee::conclude(const runner::CaseTask& task, runner::Hearing* hearing, const model::CaseReply* reply,
                             runner::CaseOutcome& outcome) {
  outcome.comparisons.clear();  // whatever a case says of that itself
  model::Observation& shown = outcome.observation;
  if (reply == nullptr || shown.ending == model::Ending::kRefused) {
    return;
  }
  const auto give_up = [&](const Error& error) {
    if (shown.ending == model::Ending::kReturned) {
      shown.ending = error.kind == ErrorKind::kIo ? model::Ending::kRefused : model::Ending::kProtocol;
      shown.detail = store_.named(error.message);
    }
  };
  if (hearing == nullptr) {
    if (find_case_(task)) {
      give_up({ErrorKind::kCorrupt, "it has not said what it has seen"});
    }
    return;
  }
  // Whoever is heard was heard by hear().
  auto compared = static_cast<SealedHearing*>(hearing)->comparisons(reply->shared);
  if (compared) {
    outcome.comparisons = std::move(*compared);
  } else {
    give_up(compared.error());
  }
}

}  // namespace snapshot_test::session
