// The processes of a run: starting them, their messages and output, their deadlines and their ends.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "session/host_process.hpp"
#include "session/process.hpp"
#include "session/python_environment.hpp"
#include "session/scratch.hpp"
#include "session/signals.hpp"

namespace snapshot_test::session {

/// Single-threaded; never throws for what a process does. Destroying it ends all of them, and all that they started.
class HostTree {
 public:
  /// Hears of processes. May start and release others meanwhile.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// It has done its preparation and all of its orders, and can be forked.
    virtual void on_ready(Process& process) = 0;
    /// It has ended, and everything below it (which was reported first).
    virtual void on_ended(std::unique_ptr<Process> process) = 0;
  };

  struct Settings {
    const PythonEnvironment* python = nullptr;
    model::HostStart start;
    FreshMemory memory = FreshMemory::kAsItComes;
    double import_timeout = 600;  ///< seconds, for an interpreter to start and to import what `start` names
  };

  HostTree(Settings settings, const Scratch& scratch, Signals& signals, Owner& owner);
  ~HostTree();
  HostTree(const HostTree&) = delete;
  HostTree& operator=(const HostTree&) = delete;

  /// A new interpreter, which then becomes what `orders` say; without any it is a base, and imports what the settings
  /// want preloaded.
  [[nodiscard]] Result<Process*> spawn(std::deque<Order> orders);
  /// A child of `parent`; null where that is about to end, which will be reported.
  [[nodiscard]] Result<Process*> fork(Process& parent, Order order);
  /// Has bases import these before they fork on: `base` now, others when they start. What fails to import is left to
  /// the modules that want it.
  void preload(Process* base, const std::vector<std::string>& modules);
  /// Nothing more will be asked of it: it ends when its children have.
  static void release(Process& process) { process.link.close(); }

  [[nodiscard]] Process* find(int id);
  /// Waits until something happens, but no longer than `at_most`, and deals with all that has.
  [[nodiscard]] Result<void> turn(std::chrono::milliseconds at_most);

 private:
  using Clock = Process::Clock;

  void read_link(Process& process);
  void on_report(Process& process, model::Report report);
  /// The child that a report of its parent names; null for one that it does not have.
  [[nodiscard]] Process* child_of(const Process& parent, int id);
  void on_ready(Process& process);
  void give_next_order(Process& process);
  void enforce_deadlines();
  static void lose_reporter(Process& process);
  void reap_own_children();
  void kill_adopted() const;
  void on_exit(int id, int status);
  void lose_children(const Process& parent);
  [[nodiscard]] std::chrono::milliseconds until_next_deadline(std::chrono::milliseconds at_most) const;

  Settings settings_;
  const Scratch& scratch_;
  Signals& signals_;
  Owner& owner_;
  std::map<int, std::unique_ptr<Process>> processes_;
  int next_id_ = 0;
};

}  // namespace snapshot_test::session
