// The processes of a run: starting them, their messages and output, their deadlines and their ends.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runner/host_process.hpp"
#include "runner/processes.hpp"
#include "runner/signals.hpp"

namespace snapshot_test::runner {

/// Real ones. Single-threaded; never throws for what a process does. Destroying it ends all of them, and all that they
/// started.
class HostTree : public Processes {
 public:
  struct Settings {
    std::function<Result<HostProcess>()> launch;  ///< starts an interpreter, which waits to be told what is in `start`
    model::HostStart start;
    double import_timeout = 600;  ///< seconds, for an interpreter to start and to import what `start` names
  };

  HostTree(Settings settings, Signals& signals, Owner& owner);
  ~HostTree() override;
  HostTree(const HostTree&) = delete;
  HostTree& operator=(const HostTree&) = delete;

  [[nodiscard]] Result<Process*> spawn(std::deque<Order> orders) override;
  [[nodiscard]] Result<Process*> fork(Process& parent, Order order) override;
  void give(Process& process, Order order) override;
  [[nodiscard]] bool run(Process& series, model::RunCase order, double timeout, LimitFrom limit_from) override;
  void preload(Process* base, const std::vector<std::string>& modules) override;
  void release(Process& process) override { process.link.close(); }
  void retire(Process& process) override;
  [[nodiscard]] Process* find(int id) override;
  [[nodiscard]] Result<void> turn(std::chrono::milliseconds at_most) override;

 private:
  using Clock = Process::Clock;

  void read_link(Process& process);
  void on_report(Process& process, model::Report report);
  /// The child that a report of its parent names; null for one that it does not have.
  [[nodiscard]] Process* child_of(const Process& parent, int id);
  void on_offer(Process& process, const model::Offer& offer);
  void on_reply(Process& process, model::CaseReply reply);
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
  Signals& signals_;
  Owner& owner_;
  std::map<int, std::unique_ptr<Process>> processes_;
  int next_id_ = 0;
};

}  // namespace snapshot_test::runner
