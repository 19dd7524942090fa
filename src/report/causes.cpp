#include "report/causes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kCauses = 10;      // of a list
constexpr std::size_t kPlainCases = 10;  // without a cause
constexpr std::size_t kCases = 3;        // of one cause

}  // namespace

void Causes::add(const std::string& cause, const std::string& label) {
  ++count_;
  const bool bounded = lists_ == Lists::kBounded;
  auto place = places_.find(cause);
  if (place == places_.end()) {
    if (bounded && causes_.size() == kCauses) {
      return;
    }
    place = places_.emplace(cause, causes_.size()).first;
    causes_.push_back({cause, 0, {}});
  }
  Cause& entry = causes_[place->second];
  ++entry.count;
  if (!bounded || entry.labels.size() < (cause.empty() ? kPlainCases : kCases)) {
    entry.labels.push_back(label);
  }
}

std::string Causes::text() const {
  std::string text;
  std::size_t unnamed = count_;
  for (const Cause& cause : causes_) {
    const bool one_line_each = cause.text.empty() || cause.count == 1;
    if (!one_line_each) {
      text += fmt::format("  {}: {}\n", counted(cause.count, "case"), cause.text);
    }
    for (const std::string& label : cause.labels) {
      text += one_line_each ? fmt::format("  {}{}{}\n", label, cause.text.empty() ? "" : ": ", cause.text)
                            : fmt::format("    {}\n", label);
    }
    if (!one_line_each && cause.count > cause.labels.size()) {
      text += fmt::format("    ... and {} more\n", grouped(cause.count - cause.labels.size()));
    }
    unnamed -= one_line_each ? cause.labels.size() : cause.count;
  }
  if (unnamed > 0) {
    text += fmt::format("  ... and {} more; --verbose lists all\n", grouped(unnamed));
  }
  return text;
}

}  // namespace snapshot_test::report
