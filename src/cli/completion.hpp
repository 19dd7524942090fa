// What shells source to complete the program's arguments. Each script needs the shell alone, but
// for the names of cases, for which it asks this program (case_names.cpp).
#pragma once

#include <string>
#include <vector>

#include "cli/usage.hpp"

namespace snapshot_test::cli {

[[nodiscard]] std::string bash_completion(const Usage& usage);
[[nodiscard]] std::string zsh_completion(const Usage& usage);
[[nodiscard]] std::string fish_completion(const Usage& usage);

struct Shell {
  const char* name;
  std::string (*completion)(const Usage& usage);
};
[[nodiscard]] const std::vector<Shell>& shells();

}  // namespace snapshot_test::cli
