#include "report/fan_out.hpp"

namespace snapshot_test::report {

void FanOut::planned(const model::RunPlan& plan) {
  for (model::Listener* listener : listeners_) {
    listener->planned(plan);
  }
}

void FanOut::note(const std::string& text) {
  for (model::Listener* listener : listeners_) {
    listener->note(text);
  }
}

void FanOut::started(const model::CaseId& id) {
  for (model::Listener* listener : listeners_) {
    listener->started(id);
  }
}

void FanOut::phase(const std::string& what, std::size_t cases) {
  for (model::Listener* listener : listeners_) {
    listener->phase(what, cases);
  }
}

void FanOut::ended(const model::CaseId& id) {
  for (model::Listener* listener : listeners_) {
    listener->ended(id);
  }
}

void FanOut::tick() {
  for (model::Listener* listener : listeners_) {
    listener->tick();
  }
}

void FanOut::captured(const model::CaseCapture& result) {
  for (model::Listener* listener : listeners_) {
    listener->captured(result);
  }
}

void FanOut::verified(const model::CaseVerdict& result) {
  for (model::Listener* listener : listeners_) {
    listener->verified(result);
  }
}

void FanOut::finished(const model::CaptureSummary& summary) {
  for (model::Listener* listener : listeners_) {
    listener->finished(summary);
  }
}

void FanOut::finished(const model::VerifySummary& summary) {
  for (model::Listener* listener : listeners_) {
    listener->finished(summary);
  }
}

}  // namespace snapshot_test::report
