// What a change may have touched beside the code under test. It is information: no verdict depends on it.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::model {

/// A file that decides what a run looks at, and is not what it was when the baseline was captured.
struct ChangedFile {
  enum class What {
    kBenchmark,      ///< a Python file of the suite
    kConfiguration,  ///< snapshot_config.json, asv.conf.json, a reducer
    kExpectations,   ///< expected.toml
    kStartUp,        ///< sitecustomize, usercustomize or .pth of the environment: runs before anything else does
  };
  enum class Change { kChanged, kAdded, kRemoved };

  What what = What::kBenchmark;
  Change change = Change::kChanged;
  std::string file;      ///< relative to the suite's folder; of kStartUp the name alone
  std::string git = {};  ///< who changed it last, or that it is not committed; empty where git does not say
};
void to_json(nlohmann::json& out, const ChangedFile& in);
void from_json(const nlohmann::json& in, ChangedFile& out);
[[nodiscard]] std::string_view name(ChangedFile::What what);      ///< "benchmark", "configuration", ...
[[nodiscard]] std::string_view name(ChangedFile::Change change);  ///< "changed", "added", "removed"

/// What the process says that has imported the suite.
struct ImportedSuite {
  std::vector<std::string> replaced;           ///< functions that are not Python's or numpy's own any more: a line each
  std::vector<std::string> opened;             ///< files of the baseline's store that the imports opened
  std::map<std::string, std::string> modules;  ///< of the tested packages: name → file
  std::map<std::string, std::string> start_up;  ///< *.pth, sitecustomize, usercustomize: name → digest of its content
};
void to_json(nlohmann::json& out, const ImportedSuite& in);
void from_json(const nlohmann::json& in, ImportedSuite& out);

/// All that is known before a case runs. Of cases, their observations say it (Observation::replaced, opened).
struct TamperReport {
  bool recorded = false;  ///< did the capture write down what the files were? Else `files` is empty
  std::string since;      ///< when that capture was, ISO 8601; empty where nothing is recorded
  std::vector<ChangedFile> files;
  ImportedSuite imported;

  [[nodiscard]] std::size_t findings() const {
    return files.size() + imported.replaced.size() + imported.opened.size();
  }
};
void to_json(nlohmann::json& out, const TamperReport& in);
void from_json(const nlohmann::json& in, TamperReport& out);

}  // namespace snapshot_test::model
