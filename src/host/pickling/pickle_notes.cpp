#include "host/pickling/pickle_notes.hpp"

#include <fmt/format.h>

#include <utility>

namespace snapshot_test::host::pickling {
namespace {

constexpr std::size_t kMaxNotes = 20;
constexpr std::size_t kMaxParts = 3;

}  // namespace

void PickleNotes::add(std::span<const PathStep> path, const std::string& text) {
  if (notes_.size() == kMaxNotes) {
    ++notes_dropped_;
    return;
  }
  notes_.push_back(fmt::format("{}: {}", path_text(path), text));
}

void PickleNotes::add_part(std::span<const PathStep> path, const std::string& why) {
  if (parts_.size() == kMaxParts) {
    ++parts_dropped_;
    return;
  }
  parts_.push_back(fmt::format("{}: {}", place_text(path), why));
}

std::vector<std::string> PickleNotes::take() {
  if (notes_dropped_ != 0) {
    notes_.push_back(fmt::format("and {} more notes", notes_dropped_));
  }
  return std::move(notes_);
}

std::string PickleNotes::partly() const {
  std::string out = fmt::format("{}", fmt::join(parts_, "; "));
  return parts_dropped_ == 0 ? out : fmt::format("{}; and {} more places", out, parts_dropped_);
}

}  // namespace snapshot_test::host::pickling
