// One process of a host as the supervisor knows it: its channel, its output, its deadline, its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "model/link.hpp"
#include "runner/case_runner.hpp"
#include "runner/schedule.hpp"
#include "util/fd.hpp"

namespace snapshot_test::runner {

/// What a process is told to do, and how long that may take.
struct Order {
  model::Request request;
  double timeout = 0;  ///< seconds
  LimitFrom limit_from = LimitFrom::kTimeout;
};

/// With what a process says all that it has to say.
using Answer = std::variant<model::BranchFailure, model::DiscoverReply, model::CaseReply>;

struct Process {
  using Clock = std::chrono::steady_clock;

  Process(model::HostLink its_link, util::Fd its_output) : link(std::move(its_link)), output(std::move(its_output)) {}

  /// It has this long from now, or it is killed.
  void grant(double seconds, LimitFrom from);
  /// What is left of that stays until resume(): the process works for us, for which it has a time of its own.
  void pause();
  void resume();
  /// It should have ended already: if it is not reported soon, whoever should do that is not well.
  void expect_end();
  /// Its time is up: gives it the time that it has waited for a processor, unless it has had that already. False where
  /// it has had its time.
  [[nodiscard]] bool give_back_waiting();
  /// Of a series: its next case begins, which nothing of the last one counts for.
  void begin_case(double seconds, LimitFrom from);
  /// Takes what it has written so far, without waiting; closes the pipe at its end.
  void read_output();
  /// What it wrote: the beginning and the end, with a mark where the middle was left out. Without the stacks that it
  /// was made to write when its time was up; those are failure()'s traceback.
  [[nodiscard]] std::string output_text() const;
  /// Why it could not do its work: its own account if it gave one, else what its end says.
  [[nodiscard]] model::BranchFailure failure() const;
  /// Its own account of why it could not do its work; null where it gave none.
  [[nodiscard]] const model::BranchFailure* answered_failure() const {
    return answer ? std::get_if<model::BranchFailure>(&*answer) : nullptr;
  }

  int id = 0;
  Process* parent = nullptr;  ///< none: started by ourselves
  model::HostLink link;
  util::Fd output;  ///< read end, non-blocking
  pid_t pid = -1;   ///< -1 until its parent has forked it; of a process without a parent, its guardian's
  Clock::time_point begun = Clock::now();
  std::deque<Order> orders;  ///< what it is to become, one after the other, as soon as it is ready
  std::optional<Clock::time_point> deadline;
  double timeout = 0;                          ///< seconds, as last granted
  std::optional<Clock::duration> paused_with;  ///< what it had left; while paused
  LimitFrom limit_from = LimitFrom::kTimeout;
  enum class Killing { kNo, kAsked, kForced } killing = Killing::kNo;
  bool timed_out = false;
  bool ready = false;
  bool retired = false;  ///< it is released when its last child has ended
  bool broken = false;   ///< it sent something that is not our protocol
  std::optional<Answer> answer;
  int status = 0;  ///< its wait status, once it has ended
  /// It ended because a process above it did, and this is how that one ended.
  std::optional<std::string> lost_with;
  Branch* branch = nullptr;                    ///< what it opens, for nodes
  std::optional<RunnableCase> runnable;        ///< what it runs, for cases and series
  std::unique_ptr<Hearing> hearing;            ///< of the sealed case that it runs, once that has offered something
  std::string folder;                          ///< of its cases: removed when it has ended
  bool is_series = false;                      ///< it answers more than once
  Series* series = nullptr;                    ///< what it runs, while it is to go on
  std::set<const model::Benchmark*> prepared;  ///< of a series: what it has been told of already
  std::string importing;                       ///< the module that discovery is at
  bool in_discovery = false;                   ///< it found the suite's benchmarks, or was forked from one that did

 private:
  Clock::duration given_back_{};
  [[nodiscard]] std::string whole_output() const;
  [[nodiscard]] model::BranchFailure timeout_failure() const;

  std::string text_;
  std::size_t text_dropped_ = 0;  ///< bytes left out of the middle of text_
};

}  // namespace snapshot_test::runner
