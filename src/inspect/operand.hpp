// What a word on the command line stands for: a store, a snapshot in one, or a file.
#pragma once

#include <filesystem>
#include <string>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::inspect {

enum class OperandKind {
  kStore,     ///< a folder
  kSnapshot,  ///< the name of a case or benchmark in a store
  kFile,      ///< a pickle or an .npy file
};

struct Operand {
  OperandKind kind = OperandKind::kSnapshot;
  std::filesystem::path path;  ///< the store's folder, or the file
  std::string name;            ///< kSnapshot
};

/// "FOLDER::NAME" is a snapshot in that store; a folder is a store; a file is a file; anything else is the name of a
/// snapshot in `default_store`. kUsage where it looks like a path and there is nothing.
[[nodiscard]] Result<Operand> parse_operand(const std::string& text, const std::filesystem::path& default_store);

}  // namespace snapshot_test::inspect
