#include "report/transfer_progress.hpp"

#include <fmt/format.h>

#include <utility>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr double kBetweenLines = 0.1;   // seconds between two drawings
constexpr double kEarliestGuess = 1.0;  // seconds after which the pace is a basis for an estimate
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

TransferProgress::TransferProgress(std::ostream& out, std::string what, std::function<double()> now)
    : out_(out), what_(std::move(what)), now_(std::move(now)) {
  if (now_) {
    began_ = now_();
    drawn_at_ = began_ - kBetweenLines;
  }
}

TransferProgress::~TransferProgress() { end(); }

void TransferProgress::update(std::uint64_t done, std::uint64_t all) {
  if (!now_ || now_() - drawn_at_ < kBetweenLines) {
    return;
  }
  drawn_at_ = now_();
  const double passed = drawn_at_ - began_;
  std::string line = fmt::format("{} {} of {} ({})", what_, size(done), size(all), percent(done, all));
  if (done > 0 && passed >= kEarliestGuess) {
    line += fmt::format(", {} left", duration(passed / static_cast<double>(done) * static_cast<double>(all - done)));
  }
  out_ << kEraseLine << line << std::flush;
  drawn_ = true;
}

void TransferProgress::end() {
  if (drawn_) {
    out_ << kEraseLine << std::flush;
  }
  drawn_ = false;
}

}  // namespace snapshot_test::report
