#include "session/pending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "inspect/compare_snapshots.hpp"
#include "session/baseline.hpp"
#include "session/remove_snapshots.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;

namespace {

using Labels = std::map<std::string, std::set<std::string>>;  ///< of cases, by benchmark

Labels labels_of(const std::vector<PendingCase>& cases) {
  Labels labels;
  for (const PendingCase& each : cases) {
    labels[each.benchmark].insert(each.label);
  }
  return labels;
}

/// Why a value cannot take the place of what the baseline has now.
std::string moved(const store::Proposal& proposal, const store::CaseRecord* present) {
  const std::vector<std::string> objects =
      present == nullptr ? std::vector<std::string>() : store::objects_of(*present);
  if (objects != proposal.before || (present == nullptr) != proposal.run_before.empty()) {
    return fmt::format(
        "the baseline of the case has changed since its value was staged (it was that of run {}, and is "
        "that of run {})",
        proposal.run_before.empty() ? "none" : proposal.run_before, present == nullptr ? "none" : present->run);
  }
  if (std::error_code ignored; !proposal.file.empty() && !fs::exists(proposal.file, ignored)) {
    return fmt::format("the benchmark's file '{}' is gone", proposal.file);
  }
  if (!proposal.file.empty() && digest_of_file(proposal.file) != proposal.source) {
    return fmt::format("the benchmark's file '{}' has changed since its value was staged", proposal.file);
  }
  return "";
}

/// Nothing would change by accepting it: a process that accepted it ended before it let go of it.
bool is_accepted(const store::CaseRecord& record, const store::CaseRecord* present) {
  return present != nullptr && present->run == record.run && store::objects_of(*present) == store::objects_of(record);
}

/// Copies a value, and checks it: what is in the baseline is what was staged.
Result<void> copy_object(const store::Store& from, const store::CaptureTransaction& to, const model::SiteValue& site) {
  TRY_ASSIGN(const auto reader, from.open_object(site.object, site.bytes));
  TRY_ASSIGN(const auto info, store::copy_object(*reader, to.locator(), model::Compression::kAuto));
  return info.sha256 == site.object
             ? Result<void>()
             : fail(ErrorKind::kCorrupt, fmt::format("a pending value (object {}) is damaged", site.object));
}

std::string label_of(const store::Manifest& manifest, const store::CaseRecord& record) {
  return store::case_label(manifest, record);
}

}  // namespace

fs::path pending_folder(const fs::path& snapshot_dir, const std::optional<fs::path>& pending_dir) {
  return pending_dir.value_or(snapshot_dir / "pending");
}

std::string digest_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (file.empty() || !in) {
    return "";
  }
  return store::sha256_hex(std::string(std::istreambuf_iterator<char>(in), {}));
}

Result<void> leave_out_of_git(const fs::path& folder) {
  std::error_code ignored;  // of a store that is no folder there is nothing to leave out
  return fs::is_directory(folder, ignored) ? util::write_file_atomically(folder / ".gitignore", "*\n") : Result<void>();
}

Result<void> forget_pending(const store::Store& pending, const std::set<std::string>& labels) {
  TRY_ASSIGN(const auto names, pending.benchmark_names());
  std::map<std::string, std::set<std::size_t>> cases;
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto manifest, pending.load_manifest(name));
    for (const store::CaseRecord& record : manifest ? manifest->cases : std::vector<store::CaseRecord>()) {
      if (labels.contains(label_of(*manifest, record))) {
        cases[name].insert(record.index);
      }
    }
  }
  if (cases.empty()) {
    return {};
  }
  TRY(remove_snapshots(pending, cases, Undo::kNever));
  TRY_ASSIGN(const auto cleaned, pending.clean(std::nullopt, store::CleanMode::kRemove));
  static_cast<void>(cleaned);  // nobody asked how much there was
  return {};
}

Result<PendingValues> PendingValues::open(const fs::path& snapshot_dir, const fs::path& pending_dir) {
  TRY_ASSIGN(auto baseline, open_baseline(snapshot_dir));
  auto there = store::Store::open_if_there(store::absolute_location(pending_dir));
  if (!there) {
    there.error().message = fmt::format("pending values: {}", there.error().message);
    return tl::unexpected(std::move(there.error()));
  }
  if (!*there) {
    return fail(ErrorKind::kUsage, fmt::format("nothing is pending in '{}'; `snapshot_test verify --pending always` "
                                               "stages the values of cases that differ or are new",
                                               pending_dir.string()));
  }
  PendingValues values(std::move(baseline), std::move(*there));
  if (auto read = values.read(); !read) {
    if (read.error().kind == ErrorKind::kCorrupt) {
      read.error().message += fmt::format(
          " (what is pending can be staged anew: remove the folder '{}', and run `snapshot_test verify --pending "
          "always`)",
          pending_dir.string());
    }
    return tl::unexpected(std::move(read.error()));
  }
  return values;
}

Result<void> PendingValues::read() {
  TRY_ASSIGN(const auto names, pending_->benchmark_names());
  std::map<std::string, std::string> times;
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto manifest, pending_->load_manifest(name));
    TRY_ASSIGN(const auto present, baseline_->load_manifest(name));
    const store::Manifest none;
    store::CaseFinder finder(present ? *present : none);
    for (const store::CaseRecord& record : manifest ? manifest->cases : std::vector<store::CaseRecord>()) {
      const store::CaseRecord* before = finder.find(record.ids, record.index);
      if (!record.proposal) {
        return fail(ErrorKind::kCorrupt,
                    fmt::format("'{}' in '{}' does not say what it is to replace: that is a baseline, not a folder of "
                                "pending values; name another with --pending-dir",
                                label_of(*manifest, record), pending_->name()));
      }
      if (is_accepted(record, before)) {
        continue;
      }
      if (!times.contains(record.run)) {
        const auto run = pending_->load_run(record.run);
        times[record.run] = run && *run ? (*run)->time : "";
      }
      cases_.push_back({label_of(*manifest, record), name, record.index, record.status, record.reason, record.run,
                        times[record.run], record.proposal->verdict, record.proposal->reason,
                        moved(*record.proposal, before)});
    }
  }
  return {};
}

struct PendingValues::Loaded {
  Loaded(std::string name, store::Manifest pending, store::Manifest baseline)
      : benchmark(std::move(name)), now(std::move(pending)), then(std::move(baseline)), finder(then) {
    for (const store::CaseRecord& record : now.cases) {
      by_index.emplace(record.index, &record);
    }
  }

  std::string benchmark;
  store::Manifest now;
  store::Manifest then;
  store::CaseFinder finder;
  std::map<std::size_t, const store::CaseRecord*> by_index;  ///< of `now`
};

PendingValues::PendingValues(std::unique_ptr<store::Store> baseline, std::unique_ptr<store::Store> pending)
    : baseline_(std::move(baseline)), pending_(std::move(pending)) {}
PendingValues::PendingValues(PendingValues&&) noexcept = default;
PendingValues& PendingValues::operator=(PendingValues&&) noexcept = default;
PendingValues::~PendingValues() = default;

Result<PendingValues::Loaded*> PendingValues::load(const std::string& benchmark) const {
  if (!last_ || last_->benchmark != benchmark) {
    TRY_ASSIGN(auto now, pending_->load_manifest(benchmark));
    TRY_ASSIGN(auto then, baseline_->load_manifest(benchmark));
    last_ = std::make_unique<Loaded>(benchmark, std::move(now).value_or(store::Manifest()),
                                     std::move(then).value_or(store::Manifest()));
  }
  return last_.get();
}

Result<std::vector<model::SiteComparison>> PendingValues::compare(const PendingCase& pending,
                                                                  const model::ComparisonOptions& how) const {
  TRY_ASSIGN(Loaded* const loaded, load(pending.benchmark));
  const auto found = loaded->by_index.find(pending.index);
  if (found == loaded->by_index.end()) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is not pending any more", pending.label));
  }
  const store::CaseRecord& record = *found->second;
  const store::CaseRecord* before = loaded->finder.find(record.ids, record.index);
  if (before == nullptr) {
    return std::vector<model::SiteComparison>();
  }
  const model::Rules rules = model::rules_for(store::benchmark_of(loaded->now), how.rules, how.changes);
  return inspect::compare_snapshots({pending_->locator(), record}, {baseline_->locator(), *before}, rules);
}

Result<void> PendingValues::accept(const std::vector<PendingCase>& cases, const std::string& who,
                                   const std::string& why) const {
  const std::time_t now = std::time(nullptr);
  TRY_ASSIGN(const auto transaction, baseline_->begin_capture(store::new_run_id(now)));
  std::set<std::string> runs;
  for (const auto& [benchmark, labels] : labels_of(cases)) {
    TRY_ASSIGN(const auto staged, pending_->load_manifest(benchmark));
    TRY_ASSIGN(const auto present, baseline_->load_manifest(benchmark));
    const store::Manifest none;
    store::CaseFinder finder(present ? *present : none);
    store::Manifest fresh = staged.value_or(none);
    std::erase_if(fresh.cases,
                  [&, &labels = labels](const auto& record) { return !labels.contains(label_of(*staged, record)); });
    for (store::CaseRecord& record : fresh.cases) {
      const std::string label = label_of(fresh, record);
      const store::CaseRecord* before = finder.find(record.ids, record.index);
      // Looked at once more: now nobody else writes.
      if (const std::string why_not = moved(record.proposal.value_or(store::Proposal()), before); !why_not.empty()) {
        return fail(ErrorKind::kUsage,
                    fmt::format("{}: {}; run `snapshot_test verify --pending always` again, or reject what no case has "
                                "any more; nothing was accepted",
                                label, why_not));
      }
      for (const model::SiteValue& site : record.sites) {
        if (site.object.empty()) {
          continue;
        }
        if (auto copied = copy_object(*pending_, *transaction, site); !copied) {
          copied.error().message = fmt::format(
              "{}: {}; reject it, and run `snapshot_test verify --pending always` "
              "again; nothing was accepted",
              label, copied.error().message);
          return copied;
        }
      }
      record.history = before == nullptr ? std::vector<store::Change>() : before->history;
      record.history.push_back({store::utc_text(now), who, why, before == nullptr ? "" : before->run, record.run,
                                record.proposal->before, store::objects_of(record)});
      record.proposal.reset();
      runs.insert(record.run);
    }
    if (fresh.cases.size() != labels.size()) {
      return fail(ErrorKind::kUsage,
                  fmt::format("something of '{}' is not pending any more; nothing was accepted", benchmark));
    }
    if (present) {
      fresh = store::merge(*present, std::move(fresh));
    }
    TRY(transaction->put_manifest(fresh));
  }
  for (const std::string& id : runs) {
    TRY_ASSIGN(const auto run, pending_->load_run(id));
    if (run) {
      TRY(transaction->put_run(*run));
    }
  }
  transaction->keep_replaced();
  TRY(transaction->commit());
  if (auto let_go = reject(cases); !let_go) {
    let_go.error().message =
        fmt::format("the values are accepted and in the baseline, but '{}' could not be rid of them: {}",
                    pending_->name(), let_go.error().message);
    return let_go;
  }
  return {};
}

Result<void> PendingValues::reject(const std::vector<PendingCase>& cases) const {
  std::set<std::string> labels;
  for (const PendingCase& each : cases) {
    labels.insert(each.label);
  }
  return forget_pending(*pending_, labels);
}

}  // namespace snapshot_test::session
