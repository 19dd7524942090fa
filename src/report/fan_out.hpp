// One listener that forwards to several.
#pragma once

#include <vector>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// Forwards every call, in the order of add(). Does not own the listeners; they must outlive it.
class FanOut : public model::Listener {
 public:
  void add(model::Listener& listener) { listeners_.push_back(&listener); }

  void planned(const model::RunPlan& plan) override;
  void note(const std::string& text) override;
  void started(const model::CaseId& id) override;
  void phase(const std::string& what, std::size_t cases) override;
  void ended(const model::CaseId& id) override;
  void tick() override;
  void captured(const model::CaseCapture& result) override;
  void verified(const model::CaseVerdict& result) override;
  void finished(const model::CaptureSummary& summary) override;
  void finished(const model::VerifySummary& summary) override;

 private:
  std::vector<model::Listener*> listeners_;
};

}  // namespace snapshot_test::report
