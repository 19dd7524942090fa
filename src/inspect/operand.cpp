#include "inspect/operand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace snapshot_test::inspect {

namespace fs = std::filesystem;

namespace {

bool looks_like_a_path(const std::string& text) {
  constexpr std::array<std::string_view, 8> kSuffixes = {".pkl", ".pickle", ".npy", ".zst",
                                                         ".npz", ".gz",     ".zip", ".joblib"};
  constexpr std::array<std::string_view, 3> kPrefixes = {"/", "./", "../"};
  const auto ends = [&text](std::string_view suffix) { return text.ends_with(suffix); };
  const auto begins = [&text](std::string_view prefix) { return text.starts_with(prefix); };
  return text.ends_with('/') || std::any_of(kSuffixes.begin(), kSuffixes.end(), ends) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(), begins);
}

}  // namespace

Result<Operand> parse_operand(const std::string& text, const fs::path& default_store) {
  std::error_code ignored;
  const fs::file_status status = fs::status(text, ignored);
  if (fs::is_directory(status)) {
    return Operand{OperandKind::kStore, text, {}};
  }
  if (fs::exists(status)) {
    return Operand{OperandKind::kFile, text, {}};
  }
  // Parameters may hold anything; what comes before them does not.
  const std::string before_parameters = text.substr(0, text.find('('));
  if (const std::size_t colons = before_parameters.find("::"); colons != std::string::npos && colons > 0) {
    return Operand{OperandKind::kSnapshot, text.substr(0, colons), text.substr(colons + 2)};
  }
  if (looks_like_a_path(text)) {
    return fail(ErrorKind::kUsage, fmt::format("there is no file or folder '{}'", text));
  }
  return Operand{OperandKind::kSnapshot, default_store, text};
}

}  // namespace snapshot_test::inspect
