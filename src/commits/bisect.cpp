#include "commits/bisect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "commits/cache_entry.hpp"
#include "util/file.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;
using model::Verdict;
using nlohmann::json;

namespace {

constexpr int kStateFormat = 1;

/// Hears of a run at one commit: shows that it goes on, and keeps the verdicts.
class Verdicts : public model::Listener {
 public:
  explicit Verdicts(model::Listener& shown, std::string name) : shown_(shown), name_(std::move(name)) {}
  void phase(const std::string& what, std::size_t cases) override { shown_.phase(what + " " + name_, cases); }
  void started(const model::CaseId& id) override { shown_.started(id); }
  void ended(const model::CaseId& id) override { shown_.ended(id); }
  void tick() override { shown_.tick(); }
  void note(const std::string& text) override { shown_.note(text); }
  void verified(const model::CaseVerdict& result) override {
    verdicts_[result.id.label] = {result.verdict, result.reason, result.id.benchmark};
  }

  struct Seen {
    Verdict verdict = Verdict::kNoSnapshot;
    std::string reason;
    std::string benchmark;
  };
  [[nodiscard]] const std::map<std::string, Seen>& verdicts() const { return verdicts_; }

 private:
  model::Listener& shown_;
  std::string name_;
  std::map<std::string, Seen> verdicts_;
};

/// A value that is another is bad. A case that does not run says nothing, unless that is what it does at the bad
/// commit.
Finding finding_of(Verdict verdict, Verdict at_bad) {
  if (model::standing(verdict) == model::Standing::kPass) {
    return Finding::kGood;
  }
  return verdict == Verdict::kDifferent || verdict == at_bad ? Finding::kBad : Finding::kSkip;
}

/// What save() writes: of each commit a text, or the verdict, reason and benchmark of each label.
bool is_state(const json& state) {
  if (!state.is_object() || !state.contains("format") || state["format"] != kStateFormat || !state.contains("seen") ||
      !state["seen"].is_object()) {
    return false;
  }
  return std::all_of(state["seen"].begin(), state["seen"].end(), [](const json& labels) {
    return labels.is_string() ||
           (labels.is_object() && std::all_of(labels.begin(), labels.end(), [](const json& each) {
              return each.is_array() && each.size() == 3 &&
                     std::all_of(each.begin(), each.end(), [](const json& text) { return text.is_string(); });
            }));
  });
}

/// A Python regular expression that these labels alone match.
std::string filter_for(const std::vector<std::string>& labels) {
  std::string filter = "^(?:";
  for (const std::string& label : labels) {
    filter += filter.size() > 4 ? "|" : "";
    filter += util::regex_quoted(label);
  }
  return filter + ")$";
}

/// One search: its cases, and what each commit has said.
class Bisection {
 public:
  Bisection(const BisectOptions& options, CommitRuns& runs, model::Listener& listener)
      : options_(options), runs_(runs), listener_(listener) {}

  Result<BisectEnd> run();

 private:
  struct Case {
    std::string benchmark;
    std::string reason;
    Verdict at_bad = Verdict::kDifferent;
    std::optional<Search> search;
  };
  Result<void> begin();
  Result<void> look_at(std::size_t commit);
  Result<void> save() const;
  void load();
  [[nodiscard]] std::optional<std::size_t> choose() const;
  [[nodiscard]] BisectEnd end() const;
  [[nodiscard]] bool is_wanted(const std::string& label, const std::string& benchmark) const;
  /// Of all cases that the search of which is not over and for which the commit may be the first.
  [[nodiscard]] std::vector<std::string> open_at(std::size_t commit) const;
  void take_over(const std::string& id, const json& labels);
  [[nodiscard]] std::string why_skipped(const json& labels) const;

  const BisectOptions& options_;
  CommitRuns& runs_;
  model::Listener& listener_;
  std::vector<RangeCommit> range_;
  std::map<std::string, std::size_t> places_;  ///< by commit id
  std::map<std::string, Case> cases_;          ///< by label
  json seen_ = json::object();                 ///< commit id → label → verdict, or a text where it could not be run
  Point good_;
  std::size_t steps_ = 0;
  fs::path state_;
  fs::path store_;
};

bool Bisection::is_wanted(const std::string& label, const std::string& benchmark) const {
  const auto& wanted = options_.cases;
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), label) != wanted.end() ||
         std::find(wanted.begin(), wanted.end(), benchmark) != wanted.end();
}

Result<void> Bisection::begin() {
  TRY_ASSIGN(const Point good, runs_.at(options_.good));
  TRY_ASSIGN(const Point bad, runs_.at(options_.bad));
  TRY_ASSIGN(const bool ancestor, runs_.repository().is_ancestor(good.commit.id, bad.commit.id));
  if (!ancestor || good.commit.id == bad.commit.id) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} is no ancestor of {}: the commits between them cannot be searched{}", describe(good),
                            describe(bad),
                            runs_.repository().is_shallow() ? " (the clone is shallow: git fetch --unshallow)" : ""));
  }
  TRY_ASSIGN(range_, runs_.repository().range(good.commit, bad.commit, options_.history));
  for (std::size_t i = 0; i < range_.size(); ++i) {
    places_[range_[i].commit.id] = i;
  }
  runs_.say(fmt::format("GOOD is {}", describe(good)));
  runs_.say(fmt::format("BAD is {}, {} later", describe(bad), util::counted(range_.size(), "commit")));
  TRY(runs_.take_benchmarks_from(bad));
  TRY(runs_.check_compiled(good, bad));
  good_ = good;
  TRY_ASSIGN(store_, runs_.baseline(good, "GOOD", listener_));
  state_ = runs_.workspace().bisections() / (cache_key({{"store", store_.string()},
                                                        {"bad", bad.commit.id},
                                                        {"first_parent", options_.history == History::kFirstParent},
                                                        {"timeout", options_.runs.suite.timeout.value_or(0)}}) +
                                             ".json");
  load();
  const std::string bad_id = bad.commit.id;
  if (!seen_.contains(bad_id)) {
    Verdicts verdicts(listener_, "BAD");
    TRY_ASSIGN(const auto summary, runs_.verify(bad, "BAD", store_, verdicts));
    if (summary.status == model::ExitStatus::kInterrupted) {
      return fail(ErrorKind::kInterrupted, "interrupted; the same command goes on with what was run");
    }
    json all = json::object();
    for (const auto& [label, each] : verdicts.verdicts()) {
      all[label] = {model::name(each.verdict), each.reason, each.benchmark};
    }
    seen_[bad_id] = std::move(all);
    TRY(save());
  }
  for (const auto& [label, each] : seen_[bad_id].items()) {
    const auto verdict = model::verdict_from_name(each.at(0).get<std::string>());
    if (verdict && model::standing(*verdict) == model::Standing::kFail &&
        is_wanted(label, each.at(2).get<std::string>())) {
      Case found;
      found.benchmark = each.at(2).get<std::string>();
      found.reason = each.at(1).get<std::string>();
      found.at_bad = *verdict;
      found.search.emplace(range_);
      cases_.emplace(label, std::move(found));
    }
  }
  for (const auto& [id, labels] : seen_.items()) {
    take_over(id, labels);
  }
  return {};
}

/// What is known of a commit, in the searches of its cases.
void Bisection::take_over(const std::string& id, const json& labels) {
  const auto place = places_.find(id);
  if (place == places_.end() || place->second + 1 == range_.size()) {
    return;
  }
  for (auto& [label, each] : cases_) {
    if (labels.is_string()) {
      each.search->found(place->second, Finding::kSkip);
    } else if (labels.contains(label)) {
      const auto verdict = model::verdict_from_name(labels.at(label).at(0).get<std::string>());
      each.search->found(place->second, verdict ? finding_of(*verdict, each.at_bad) : Finding::kSkip);
    }
  }
}

/// Why a commit has said nothing of any case; empty where it has.
std::string Bisection::why_skipped(const json& labels) const {
  if (labels.is_string()) {
    return labels.get<std::string>();
  }
  std::string why;
  for (const auto& [label, each] : cases_) {
    if (const auto found = labels.find(label); found != labels.end()) {
      const auto verdict = model::verdict_from_name(found->at(0).get<std::string>());
      if (verdict && finding_of(*verdict, each.at_bad) != Finding::kSkip) {
        return "";
      }
      const std::size_t said = found->at(1).get<std::string>().empty() ? 0 : 1;
      why = why.empty() ? found->at(said).get<std::string>() : why;
    }
  }
  return why;
}

void Bisection::load() {
  const auto text = util::read_file(state_);
  const json state = text ? json::parse(*text, nullptr, false) : json();
  if (is_state(state)) {
    seen_ = state["seen"];
    runs_.say(fmt::format("an earlier search goes on, which has run {}", util::counted(seen_.size(), "commit")));
  }
}

Result<void> Bisection::save() const {
  const json state = {{"format", kStateFormat}, {"seen", seen_}};
  return util::write_file_atomically(state_, state.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

std::vector<std::string> Bisection::open_at(std::size_t commit) const {
  std::vector<std::string> labels;
  for (const auto& [label, each] : cases_) {
    if (each.search->next() && each.search->is_open(commit) && !each.search->finding(commit)) {
      labels.push_back(label);
    }
  }
  return labels;
}

/// The commit that the widest of the open searches asks for.
std::optional<std::size_t> Bisection::choose() const {
  std::optional<std::size_t> chosen;
  std::size_t widest = 0;
  for (const auto& [label, each] : cases_) {
    if (const auto next = each.search->next(); next && each.search->candidates().size() > widest) {
      widest = each.search->candidates().size();
      chosen = next;
    }
  }
  return chosen;
}

Result<void> Bisection::look_at(std::size_t commit) {
  const Commit& at = range_[commit].commit;
  const std::vector<std::string> labels = open_at(commit);
  runs_.say(fmt::format("{} for {}", describe(at), util::counted(labels.size(), "case")));
  runs_.select(filter_for(labels));
  Verdicts verdicts(listener_, at.id.substr(0, 10));
  const Point point = runs_.at(at);
  const auto compiled = runs_.check_compiled(good_, point);
  const Result<model::VerifySummary> summary =
      compiled ? runs_.verify(point, "COMMIT", store_, verdicts) : tl::unexpected(compiled.error());
  const bool machine = !summary && summary.error().kind != ErrorKind::kUsage &&
                       summary.error().kind != ErrorKind::kPython && summary.error().kind != ErrorKind::kUnsupported;
  if (machine) {
    return tl::unexpected(summary.error());
  }
  if (summary && summary->status == model::ExitStatus::kInterrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted; the same command goes on with what was run");
  }
  if (summary && summary->status == model::ExitStatus::kInternal) {
    return fail(ErrorKind::kIo, summary->failure);  // says nothing about the commit
  }
  ++steps_;
  json& seen = seen_[at.id];
  if (!summary) {
    runs_.say(fmt::format("  skipped: {}", summary.error().message));
    seen = summary.error().message;
  } else {
    seen = seen.is_object() ? seen : json::object();
    for (const std::string& label : labels) {
      const auto found = verdicts.verdicts().find(label);
      seen[label] = found == verdicts.verdicts().end()
                        ? json{model::name(Verdict::kNoSnapshot), "it was not run", ""}
                        : json{model::name(found->second.verdict), found->second.reason, found->second.benchmark};
    }
  }
  take_over(at.id, seen);
  return save();
}

BisectEnd Bisection::end() const {
  BisectEnd end;
  end.good = good_.commit;
  end.bad = range_.back().commit;
  end.commits = range_.size();
  end.steps = steps_;
  end.done = runs_.done();
  end.status = cases_.empty() ? model::ExitStatus::kNothingVerified : model::ExitStatus::kSuccess;
  for (std::size_t i = 0; i + 1 < range_.size(); ++i) {
    if (const auto seen = seen_.find(range_[i].commit.id); seen != seen_.end()) {
      ++end.runs;
      if (std::string why = why_skipped(*seen); !why.empty()) {
        end.skipped.push_back({range_[i].commit, std::move(why)});
      }
    }
  }
  for (const auto& [label, each] : cases_) {
    Found found{label, each.benchmark, each.at_bad, each.reason, {}, std::nullopt};
    for (const std::size_t candidate : each.search->candidates()) {
      found.first.push_back(range_[candidate].commit);
    }
    if (const auto back = each.search->changed_back()) {
      found.back = range_[*back].commit;
    }
    end.status = found.first.size() > 1 ? model::ExitStatus::kFailed : end.status;
    end.found.push_back(std::move(found));
  }
  return end;
}

Result<BisectEnd> Bisection::run() {
  TRY(begin());
  for (auto commit = choose(); commit; commit = choose()) {
    TRY(look_at(*commit));
  }
  return end();
}

}  // namespace

Search::Search(const std::vector<RangeCommit>& range)
    : range_(range), open_(range.size(), true), bad_(range.size() - 1), findings_(range.size()) {
  findings_[bad_] = Finding::kBad;
  open_ = ancestors(bad_);
}

std::vector<bool> Search::ancestors(std::size_t commit) const {
  std::vector<bool> marked(range_.size(), false);
  std::vector<std::size_t> waiting = {commit};
  while (!waiting.empty()) {
    const std::size_t each = waiting.back();
    waiting.pop_back();
    if (!marked[each]) {
      marked[each] = true;
      waiting.insert(waiting.end(), range_[each].parents.begin(), range_[each].parents.end());
    }
  }
  return marked;
}

void Search::found(std::size_t commit, Finding finding) {
  findings_[commit] = finding;
  if (finding == Finding::kSkip || !open_[commit]) {
    return;
  }
  const std::vector<bool> before = ancestors(commit);
  for (std::size_t i = 0; i < open_.size(); ++i) {
    open_[i] = open_[i] && (finding == Finding::kBad ? before[i] : !before[i]);
  }
  bad_ = finding == Finding::kBad ? commit : bad_;
}

std::vector<std::size_t> Search::candidates() const {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (open_[i]) {
      all.push_back(i);
    }
  }
  return all;
}

std::optional<std::size_t> Search::next() const {
  const std::vector<std::size_t> all = candidates();
  std::optional<std::size_t> best;
  std::size_t most = 0;
  for (const std::size_t each : all) {
    if (findings_[each]) {
      continue;
    }
    const std::vector<bool> before = ancestors(each);
    const auto inside = static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](std::size_t other) { return before[other]; }));
    if (const std::size_t decided = std::min(inside, all.size() - inside); decided > most || !best) {
      most = decided;
      best = each;
    }
  }
  return best;
}

std::optional<std::size_t> Search::changed_back() const {
  const std::vector<std::size_t> first = candidates();
  for (std::size_t i = 0; i < findings_.size(); ++i) {
    if (first.size() == 1 && findings_[i] == Finding::kGood && i != first.front() && ancestors(i)[first.front()]) {
      return i;
    }
  }
  return std::nullopt;
}

Result<BisectEnd> bisect(const BisectOptions& options, const Say& say, model::Listener& listener) {
  TRY_ASSIGN(CommitRuns runs, CommitRuns::open(options.runs, say));
  TRY_ASSIGN(BisectEnd end, Bisection(options, runs, listener).run());
  runs.trim_cache();
  return end;
}

}  // namespace snapshot_test::commits
