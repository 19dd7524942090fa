#include "report/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr double kInterval = 0.1;          // seconds between two drawings
constexpr double kEarliestEstimate = 2.0;  // seconds after which the pace says something
constexpr std::string_view kClear = "\r\x1b[K";

/// At most `columns` characters, counting UTF-8 characters as one column.
std::string cut(const std::string& text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && seen++ == columns) {
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace

unsigned terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

Progress::Progress(std::ostream& out, std::function<unsigned()> width, std::function<double()> now)
    : out_(out), width_(std::move(width)), now_(std::move(now)) {}

void Progress::begin(std::string what, std::size_t total) {
  what_ = std::move(what);
  label_.clear();
  done_ = 0;
  total_ = total;
  active_ = width_ != nullptr;
  began_ = now_();
  drawn_at_ = began_ - kInterval;
  draw();
}

void Progress::working_on(std::string label) {
  if (active_) {
    label_ = std::move(label);
    draw();
  }
}

void Progress::one_done() {
  ++done_;
  draw();
}

void Progress::clear() {
  if (visible_) {
    out_ << kClear << std::flush;
    visible_ = false;
    drawn_at_ = 0;
  }
}

void Progress::end() {
  clear();
  active_ = false;
}

void Progress::draw() {
  const double now = now_();
  if (!active_ || now - drawn_at_ < kInterval) {
    return;
  }
  drawn_at_ = now;
  visible_ = true;
  // One column is kept free: some terminals wrap as soon as the last one is written.
  out_ << kClear << cut(line(), std::max(2U, width_()) - 1) << std::flush;
}

std::string Progress::line() const {
  std::string text = fmt::format("{} [{}/{}] {}", what_, grouped(done_), grouped(total_), percent(done_, total_));
  if (failures_ > 0) {
    text += fmt::format(", {} failed", grouped(failures_));
  }
  const double elapsed = now_() - began_;
  if (done_ > 0 && done_ < total_ && elapsed >= kEarliestEstimate) {
    const double left = elapsed / static_cast<double>(done_) * static_cast<double>(total_ - done_);
    text += fmt::format(", {} left", left < 60 ? fmt::format("{:.0f} s", std::ceil(left)) : duration(left));
  }
  if (!label_.empty() && done_ < total_) {
    text += "  " + label_;
  }
  return text;
}

}  // namespace snapshot_test::report
