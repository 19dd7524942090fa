// The processes of a host as a conductor sees them: HostTree has real ones.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/process.hpp"

namespace snapshot_test::runner {

/// Single-threaded. Destroying it ends all of them.
class Processes {
 public:
  /// Hears of processes. May start and release others meanwhile.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// It has done its preparation and all of its orders, and can be forked.
    virtual void on_ready(Process& process) = 0;
    /// A series has said what its case came to: `answer` has it, and it can be given the next.
    virtual void on_answered(Process& process) = 0;
    /// A sealed case has said what it has seen: what is wanted of that. None where it had no reason to say so, or has
    /// said so before: then its process has broken the protocol.
    [[nodiscard]] virtual std::optional<Hearing::Wanted> on_offered(Process& process, const model::Offer& offer) = 0;
    /// It has ended, and everything below it (which was reported first).
    virtual void on_ended(std::unique_ptr<Process> process) = 0;
  };

  virtual ~Processes() = default;

  /// A new interpreter, which then becomes what `orders` say; without any it is a base, and imports what is to be
  /// preloaded.
  [[nodiscard]] virtual Result<Process*> spawn(std::deque<Order> orders) = 0;
  /// A child of `parent`; null where that is about to end, which will be reported.
  [[nodiscard]] virtual Result<Process*> fork(Process& parent, Order order) = 0;
  /// Has a process that is ready become this.
  virtual void give(Process& process, Order order) = 0;
  /// Has a series run this case, whose time begins now. False where it is about to end, which will be reported.
  [[nodiscard]] virtual bool run(Process& series, model::RunCase order, double timeout, LimitFrom limit_from) = 0;
  /// Has bases import these before they fork on: `base` now, others when they start. What fails to import is left to
  /// the modules that want it.
  virtual void preload(Process* base, const std::vector<std::string>& modules) = 0;
  /// Nothing more will be asked of it: it ends when its children have.
  virtual void release(Process& process) = 0;
  /// release(), as soon as nothing that was forked from it is left: until then it reports their ends.
  virtual void retire(Process& process) = 0;
  [[nodiscard]] virtual Process* find(int id) = 0;
  /// Waits until something happens, but no longer than `at_most`, and deals with all that has.
  [[nodiscard]] virtual Result<void> turn(std::chrono::milliseconds at_most) = 0;
};

}  // namespace snapshot_test::runner
