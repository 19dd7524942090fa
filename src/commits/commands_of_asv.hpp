// Commands as asv.conf.json has them: words of a POSIX shell with {variables}, and what may stand before them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

struct AsvCommand {
  std::vector<std::string> argv;                                 ///< may be empty
  std::map<std::string, std::string> environment;                ///< NAME=value
  std::optional<std::set<int>> return_codes = std::set<int>{0};  ///< return-code=0,1; none: return-code=any
  std::string folder;                                            ///< in-dir=…; empty: the usual one
};

/// As asv.util.interpolate_command does it. kConfig where a quote is not closed, a variable is not known, or a
/// return-code is none.
[[nodiscard]] Result<AsvCommand> parse_asv_command(const std::string& text,
                                                   const std::map<std::string, std::string>& variables);

}  // namespace snapshot_test::commits
