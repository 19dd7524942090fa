// A suite without processes: hosts whose cases show what a test says, and a listener that remembers what it heard.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "memory_store.hpp"
#include "session/with_hosts.hpp"
#include "store/digest.hpp"
#include "store_support.hpp"

namespace snapshot_test::session {

using store::must;

/// What one run of a case shows.
struct Shown {
  model::Ending ending = model::Ending::kReturned;
  std::optional<std::string> value = "1";  ///< of its return; none: it returns None
  std::string detail;
  double seconds = 0;                   ///< that all of the case took
  std::vector<std::string> paths = {};  ///< of what differs, where not all of it does
  bool readable = true;                 ///< the snapshot's value, where it is compared
};

/// Which run of a case it is.
struct Look {
  runner::Pass pass = runner::Pass::kFirst;
  std::size_t before = 0;  ///< how often it has run in this pass
  model::Observe observe = model::Observe::kValues;
  bool in_series = false;
};

/// The suite, what its cases show, and what has been run of it.
class FakeSuite {
 public:
  using Case = std::function<Shown(const Look&)>;

  /// A benchmark of one case, or of several that show the same.
  void add(const std::string& name, Case what, std::size_t cases = 1) {
    model::Benchmark benchmark;
    benchmark.name = "bench." + name;
    benchmark.type = "time";
    benchmark.version = "v";
    benchmark.module = "bench";
    benchmark.function = name;
    if (cases > 1) {
      model::ParamAxis& axis = benchmark.params.emplace_back(model::ParamAxis{"n", {}});
      for (std::size_t i = 0; i < cases; ++i) {
        axis.ids.push_back(std::to_string(i));
      }
    }
    suite.benchmarks.push_back(std::move(benchmark));
    cases_.insert_or_assign("bench." + name, std::move(what));
  }
  void add(const std::string& name, Shown always) {
    add(name, [always](const Look&) { return always; });
  }
  /// In place of what it has shown so far.
  void change(const std::string& name, Case what) { cases_.at("bench." + name) = std::move(what); }
  void change(const std::string& name, Shown always) {
    change(name, [always](const Look&) { return always; });
  }
  void remove(const std::string& name) {
    std::erase_if(suite.benchmarks, [&](const auto& each) { return each.function == name; });
  }

  [[nodiscard]] runner::OpenHosts hosts();
  Shown run(const runner::CaseTask& task, const Look& look) { return cases_.at(task.benchmark->name)(look); }

  model::Suite suite;
  bool interrupted = false;
  std::map<std::string, model::Rules> rules;  ///< by which each function's cases were to be compared last
  bool has_series = false;                    ///< cases that may be in one are
  std::vector<std::string> ran;               ///< the functions of the cases that ran, in this order
  std::vector<std::string> events;            ///< "start 1", "end 1", ...: the hosts of the two passes
  std::function<void()> on_run = [] {};

 private:
  std::map<std::string, Case> cases_;
};

/// Runs one case after the other, in the order of the tasks.
class FakeHost : public runner::CaseRunner {
 public:
  FakeHost(FakeSuite& suite, runner::Pass pass) : suite_(suite), pass_(pass) { log("start"); }
  ~FakeHost() override { log("end"); }

  Result<model::DiscoverReply> discover(model::DiscoverRequest request) override {
    model::DiscoverReply reply;
    reply.suite = suite_.suite;
    for (const model::Benchmark& benchmark : suite_.suite.benchmarks) {
      std::vector<std::size_t>& all = reply.selected.emplace_back(benchmark.case_count());
      std::iota(all.begin(), all.end(), 0U);
    }
    reply.excluded.assign(suite_.suite.benchmarks.size(), 0);
    reply.stored_selected.assign(request.stored.size(), {0});
    reply.sources = {{"bench", "digest"}};
    return reply;
  }
  void preload(const std::vector<std::string>&) override {}
  void judge_by(runner::Referee*) override {}

  Result<void> run(std::vector<runner::CaseTask> tasks, const RulesOf& rules_of, const MakeRequest& make_request,
                   const OnStarted& on_started, const OnFinished& on_finished) override {
    for (runner::CaseTask& task : tasks) {
      if (suite_.interrupted) {
        break;
      }
      on_started(task);
      suite_.rules.insert_or_assign(task.benchmark->function, rules_of(*task.benchmark));
      Then then = Then::kRunAgain;
      for (std::size_t before = 0; then == Then::kRunAgain; ++before) {
        const bool in_series = suite_.has_series && task.in_series;
        const Shown shown = suite_.run(task, {pass_, before, task.observe, in_series});
        suite_.ran.push_back(task.benchmark->function + (in_series ? " in series" : ""));
        runner::CaseOutcome outcome = outcome_of(shown, make_request(task));
        outcome.in_series = in_series;
        task.in_series = false;  // what runs again does so by itself
        then = on_finished(task, std::move(outcome));
        suite_.on_run();
      }
      if (then == Then::kStop) {
        break;
      }
    }
    return {};
  }

 private:
  void log(const char* what) {
    suite_.events.push_back(std::string(what) + (pass_ == runner::Pass::kFirst ? " 1" : " 2"));
  }

  /// As a process does it: stores the value, or compares it with the baseline.
  static runner::CaseOutcome outcome_of(const Shown& shown, const model::CaseRequest& request) {
    runner::CaseOutcome outcome;
    outcome.ran = true;
    outcome.observation.ending = shown.ending;
    outcome.observation.detail = shown.detail;
    outcome.observation.total_seconds = shown.seconds;
    outcome.observation.unheld = request.observe == model::Observe::kUnheld;
    if (shown.ending != model::Ending::kReturned) {
      return outcome;
    }
    if (request.mode == model::CaseMode::kStore && shown.value) {
      outcome.observation.sites.push_back(store_value(request, *shown.value));
    }
    for (const model::SiteValue& site : request.mode == model::CaseMode::kCompare ? request.baseline : kNothing) {
      outcome.comparisons.push_back(compare(site, shown));
    }
    return outcome;
  }

  static model::SiteValue store_value(const model::CaseRequest& request, const std::string& value) {
    auto writer = must(store::create_object(request.store, store::Compression::kNone));
    must(writer->write(store::bytes_of(value)));
    return store::site_of(must(writer->finish()));
  }

  static model::SiteComparison compare(const model::SiteValue& site, const Shown& shown) {
    model::SiteComparison comparison;
    comparison.site = site.site;
    comparison.meaningful = site.meaningful;
    if (site.wholly_unstable) {
      comparison.match = model::SiteMatch::kUnstable;
    } else if (!shown.readable) {
      comparison.match = model::SiteMatch::kUnreadable;
      comparison.explanation = "it is not there";
    } else if (!shown.value) {
      comparison.match = model::SiteMatch::kMissing;
    } else if (store::sha256_hex(*shown.value) != site.object) {
      comparison.match = model::SiteMatch::kDifferent;
      comparison.differing_paths = shown.paths;
      comparison.wholly_different = shown.paths.empty();
    }
    return comparison;
  }

  static inline const std::vector<model::SiteValue> kNothing;

  FakeSuite& suite_;
  runner::Pass pass_;
};

class FakeHosts : public runner::Hosts {
 public:
  explicit FakeHosts(FakeSuite& suite) : suite_(suite) {
    python_.executable = "/usr/bin/python3";
    python_.version = "3.12.1";
  }
  Result<std::unique_ptr<runner::CaseRunner>> start(const std::vector<std::string>&, runner::Pass pass) override {
    return std::make_unique<FakeHost>(suite_, pass);
  }
  const runner::PythonEnvironment& python() const override { return python_; }
  bool interrupted() const override { return suite_.interrupted; }

 private:
  FakeSuite& suite_;
  runner::PythonEnvironment python_;
};

inline runner::OpenHosts FakeSuite::hosts() {
  return [this](const SuiteOptions&, model::Listener&) -> Result<std::unique_ptr<runner::Hosts>> {
    return std::make_unique<FakeHosts>(*this);
  };
}

class Heard : public model::Listener {
 public:
  void captured(const model::CaseCapture& result) override { captures.insert_or_assign(result.id.benchmark, result); }
  void verified(const model::CaseVerdict& result) override { verdicts.insert_or_assign(result.id.benchmark, result); }
  void started(const model::CaseId& id) override { ++running[id.benchmark]; }
  void ended(const model::CaseId& id) override { --running[id.benchmark]; }

  [[nodiscard]] const model::CaseCapture& capture_of(const std::string& name) const {
    return captures.at("bench." + name);
  }
  [[nodiscard]] const model::CaseVerdict& verdict_on(const std::string& name) const {
    return verdicts.at("bench." + name);
  }

  std::map<std::string, model::CaseCapture> captures;
  std::map<std::string, model::CaseVerdict> verdicts;
  std::map<std::string, int> running;  ///< 0: whatever started has ended
};

/// A suite, a store, and the two use cases on them.
class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    capturing.suite.benchmark_dir = verifying.suite.benchmark_dir = folder.path();
    capturing.snapshot_dir = verifying.snapshot_dir = store::memory_location();
  }

  Result<model::CaptureSummary> capture() {
    heard = Heard();
    suite.ran.clear();
    return session::capture(capturing, heard, suite.hosts());
  }
  Result<model::VerifySummary> verify() {
    heard = Heard();
    suite.ran.clear();
    return session::verify(verifying, heard, suite.hosts());
  }

  store::TemporaryFolder folder;
  FakeSuite suite;
  CaptureOptions capturing;
  VerifyOptions verifying;
  Heard heard;
};

}  // namespace snapshot_test::session
