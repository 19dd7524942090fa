#include "report/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <vector>

#include "util/text.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kLineWidth = 2000;  // bytes; a benchmark may print a megabyte without a line end

constexpr std::size_t kEndBytes = 2000;  // of a shortened text, where the traceback and output are

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  while (!lines.empty() && lines.back().find_first_not_of(" \t") == std::string_view::npos) {
    lines.pop_back();
  }
  return lines;
}

void append_line(std::string& out, std::string_view prefix, std::string_view line) {
  out += fmt::format("{}{}\n", prefix, one_line(line, kLineWidth));
}

}  // namespace

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) {
    return "0.0 %";
  }
  const auto permille =
      static_cast<std::uint64_t>(1000.0L * static_cast<long double>(part) / static_cast<long double>(whole));
  return fmt::format("{}.{} %", permille / 10, permille % 10);
}

std::string duration(double seconds) {
  if (seconds < 9.995) {
    return fmt::format("{:.2f} s", seconds);
  }
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 60) {
    return fmt::format("{} s", whole);
  }
  if (whole < 3600) {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string size(std::uint64_t bytes) {
  if (bytes < 1000) {
    return counted(bytes, "byte");
  }
  constexpr std::array<std::string_view, 5> kUnits{"kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string one_line(std::string_view text, std::size_t width) {
  constexpr std::string_view kCut = " ... ";
  std::size_t head_end = text.size();
  std::size_t tail_start = text.size();
  if (width > kCut.size() && text.size() > width) {
    const std::size_t kept = width - kCut.size();
    head_end = kept - kept / 3;
    tail_start = text.size() - kept / 3;
    while (head_end > 0 && continues_character(text[head_end])) {
      --head_end;
    }
    while (tail_start < text.size() && continues_character(text[tail_start])) {
      ++tail_start;
    }
  }
  std::string line;
  util::append_visible(line, text.substr(0, head_end), util::Keep::kNothing);
  if (head_end < text.size()) {
    line += kCut;
  }
  util::append_visible(line, text.substr(tail_start), util::Keep::kNothing);
  return line;
}

std::string last_lines(std::string_view text, std::size_t count, std::string_view prefix) {
  const std::vector<std::string_view> lines = split_lines(text);
  std::string out;
  std::size_t first = 0;
  if (lines.size() > count) {
    first = lines.size() - count;
    out += fmt::format("{}... {} before\n", prefix, counted(first, "line"));
  }
  for (std::size_t i = first; i < lines.size(); ++i) {
    append_line(out, prefix, lines[i]);
  }
  return out;
}

std::string first_lines(std::string_view text, std::size_t count, std::string_view prefix) {
  const std::vector<std::string_view> lines = split_lines(text);
  std::string out;
  for (std::size_t i = 0; i < std::min(count, lines.size()); ++i) {
    append_line(out, prefix, lines[i]);
  }
  if (lines.size() > count) {
    out += fmt::format("{}... {} more\n", prefix, counted(lines.size() - count, "line"));
  }
  return out;
}

std::string shortened(const std::string& text, std::size_t room) {
  if (text.size() <= room) {
    return text;
  }
  constexpr std::size_t kNote = 80;
  const std::size_t tail = std::min(kEndBytes, room / 3);
  std::string_view head = std::string_view(text).substr(0, room - kNote - tail);
  head = head.substr(0, util::whole_characters(head));
  std::size_t from = text.size() - tail;
  while (from < text.size() && continues_character(text[from])) {
    ++from;
  }
  return fmt::format("{}\n... {} left out; --json FILE has all ...\n{}", head, counted(from - head.size(), "byte"),
                     text.substr(from));
}

std::string_view status_name(model::ExitStatus status) {
  switch (status) {
    case model::ExitStatus::kSuccess: return "success";
    case model::ExitStatus::kFailed: return "failed";
    case model::ExitStatus::kUsage: return "usage";
    case model::ExitStatus::kInternal: return "internal";
    case model::ExitStatus::kNoBaseline: return "no-baseline";
    case model::ExitStatus::kNothingVerified: return "nothing-verified";
    case model::ExitStatus::kInterrupted: return "interrupted";
  }
  return "";
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace snapshot_test::report
