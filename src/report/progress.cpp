#include "report/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr double kInterval = 0.1;          // seconds between two drawings
constexpr double kTrusted = 2.0;           // seconds for which what is expected counts more than what was seen
constexpr double kEarliestEstimate = 2.0;  // seconds after which the pace is a basis for an estimate
constexpr std::size_t kShownCases = 8;
constexpr unsigned kFreeLines = 2;  // of the screen
constexpr std::string_view kEraseRestOfLine = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";
// A character that is two columns wide would wrap a line, and the way back up would be too short.
constexpr std::string_view kWrapOff = "\x1b[?7l";
constexpr std::string_view kWrapOn = "\x1b[?7h";

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

std::string running_for(double seconds) {
  return seconds < 99.95 ? fmt::format("{:.1f} s", seconds) : duration(seconds);
}

}  // namespace

TerminalSize terminal_size(int fd) {
  TerminalSize size;
  winsize found{};
  if (::ioctl(fd, TIOCGWINSZ, &found) == 0) {
    size.columns = found.ws_col > 0 ? found.ws_col : size.columns;
    size.lines = found.ws_row > 0 ? found.ws_row : size.lines;
  }
  return size;
}

Progress::Progress(std::ostream& out, std::function<TerminalSize()> size, std::function<double()> now)
    : out_(out), size_(std::move(size)), now_(std::move(now)) {}

void Progress::expect(const std::vector<model::CaseDuration>& cases) {
  expected_.clear();
  expected_total_ = 0;
  expected_done_ = 0;
  std::size_t known = 0;
  for (const model::CaseDuration& each : cases) {
    expected_total_ += each.seconds;
    known += each.seconds > 0 ? 1 : 0;
  }
  if (known == 0) {
    return;
  }
  // A case of which nothing is known takes as long as the others.
  const double mean = expected_total_ / static_cast<double>(known);
  expected_total_ += mean * static_cast<double>(cases.size() - known);
  for (const model::CaseDuration& each : cases) {
    expected_.emplace(std::pair(each.benchmark, each.index), each.seconds > 0 ? each.seconds : mean);
  }
}

void Progress::begin(std::string what, std::size_t total, std::size_t passes_to_come) {
  what_ = std::move(what);
  running_.clear();
  done_before_ += done_;
  done_ = 0;
  total_ = total;
  to_come_ = total * passes_to_come;
  passes_to_come_ = passes_to_come;
  active_ = size_ != nullptr;
  const double now = now_();
  began_ = done_before_ == 0 ? now : began_;
  pass_began_ = now;
  drawn_at_ = now - kInterval;
  draw();
}

void Progress::started(const model::CaseId& id, std::string label) {
  if (!active_) {
    return;
  }
  // A case that is run again within a pass is still the same one.
  const bool runs = std::any_of(running_.begin(), running_.end(), [&](const Running& each) {
    return each.index == id.index && each.benchmark == id.benchmark;
  });
  if (!runs) {
    const auto expected = expected_.find({id.benchmark, id.index});
    running_.push_back(
        {id.benchmark, id.index, std::move(label), now_(), expected == expected_.end() ? 0 : expected->second});
  }
  draw();
}

void Progress::ended(const model::CaseId& id) {
  ++done_;
  if (const auto expected = expected_.find({id.benchmark, id.index}); expected != expected_.end()) {
    expected_done_ += expected->second;
    expected_.erase(expected);
  }
  const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& each) {
    return each.index == id.index && each.benchmark == id.benchmark;
  });
  if (found != running_.end()) {
    running_.erase(found);
  }
  draw();
}

void Progress::print(std::string_view text) {
  std::string whole = to_the_top();
  whole += drawn_lines_ > 0 ? kEraseBelow : "";
  whole += text;
  drawn_lines_ = 0;
  if (active_) {
    whole += drawing();
  }
  out_ << whole << std::flush;
}

void Progress::end() {
  if (drawn_lines_ > 0) {
    out_ << to_the_top() + std::string(kEraseBelow) << std::flush;
  }
  drawn_lines_ = 0;
  active_ = false;
}

void Progress::draw() {
  if (active_ && now_() - drawn_at_ >= kInterval) {
    const std::string top = to_the_top();
    out_ << top + drawing() << std::flush;
  }
}

std::string Progress::to_the_top() const {
  if (drawn_lines_ == 0) {
    return {};
  }
  return drawn_lines_ == 1 ? "\r" : fmt::format("\r\x1b[{}A", drawn_lines_ - 1);
}

std::string Progress::drawing() {
  const TerminalSize size = size_();
  const std::vector<std::string> drawn = lines(std::max(size.lines, kFreeLines + 1) - kFreeLines);
  std::string text(kWrapOff);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    // One column is kept free: some terminals wrap as soon as the last one is written.
    text += (i == 0 ? "" : "\n") + cut(drawn[i], std::max(2U, size.columns) - 1);
    text += kEraseRestOfLine;
  }
  // What was drawn before is written over, and only what is left of it erased: that flickers less.
  text += drawn.size() < drawn_lines_ ? kEraseBelow : "";
  text += kWrapOn;
  drawn_lines_ = drawn.size();
  drawn_at_ = now_();
  return text;
}

std::vector<std::string> Progress::lines(unsigned at_most) const {
  std::vector<std::string> lines{status()};
  std::size_t shown = std::min(running_.size(), kShownCases);
  const bool all_fit = running_.size() <= kShownCases && running_.size() < at_most;
  if (!all_fit) {
    shown = std::min<std::size_t>(shown, at_most < 2 ? 0 : at_most - 2);
  }
  for (std::size_t i = 0; i < shown; ++i) {
    lines.push_back(fmt::format("{:>8}  {}", running_for(now_() - running_[i].since), running_[i].label));
  }
  if (shown < running_.size() && at_most > 1) {
    lines.push_back(fmt::format("{:>8}  ... and {} more", "", grouped(running_.size() - shown)));
  }
  return lines;
}

std::string Progress::status() const {
  if (total_ == 0) {
    return what_ + "...";
  }
  const std::string share = percent(done_before_ + done_, done_before_ + total_ + to_come_);
  std::string text = fmt::format("{} [{}/{}] {}", what_, grouped(done_), grouped(total_), share);
  if (failures_ > 0) {
    text += fmt::format(", {} failed", grouped(failures_));
  }
  return text + time_left();
}

// All cases are taken to be alike. 0 where there is no pace yet.
double Progress::at_this_pace() const {
  const double now = now_();
  const double elapsed = now - began_;
  const std::size_t done = done_before_ + done_;
  const std::size_t to_do = total_ + to_come_ - std::min(done_, total_);
  if (done == 0 || elapsed < kEarliestEstimate) {
    return 0;
  }
  const double at_this_pace = elapsed / static_cast<double>(done) * static_cast<double>(to_do);
  // The pace of short cases predicts nothing of a long one. All that is known of that is how long it has run already;
  // half way through is the best guess then.
  const double longest = running_.empty() ? 0 : now - running_.front().since;
  return std::max(at_this_pace, longest);
}

// What the rest took when it last ran, shared among the workers, times as much as this pass has been slower so far.
double Progress::as_expected() const {
  const double now = now_();
  const double elapsed = now - pass_began_;
  double done = expected_done_;
  double longest = 0;  // that is left of a running case: the others cannot wait for it in less
  for (const Running& each : running_) {
    const double ran = now - each.since;
    done += std::min(ran, each.expected);
    // One that takes longer than it did may go on for as long again.
    longest = std::max(longest, std::abs(each.expected - ran));
  }
  const auto workers = static_cast<double>(std::max<std::size_t>(workers_, 1));
  // Few seconds say little, so the first ones count as if they had gone as expected.
  const double slower = (elapsed + kTrusted) / (done / workers + kTrusted);
  const double rest = expected_total_ * static_cast<double>(1 + passes_to_come_) - done;
  return std::max(rest / workers * slower, longest);
}

std::string Progress::time_left() const {
  if (done_ >= total_ && to_come_ == 0) {
    return {};
  }
  const double left = expected_total_ > 0 ? as_expected() : at_this_pace();
  if (left <= 0) {
    return {};
  }
  return fmt::format(", {} left", left < 60 ? fmt::format("{:.0f} s", std::ceil(left)) : duration(left));
}

}  // namespace snapshot_test::report
