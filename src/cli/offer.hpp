// What a shell can offer where an option's value is typed. Said once, where the option is declared.
#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class Option;
}

namespace snapshot_test::cli {

struct Offer {
  enum class Kind {
    kNothing,  ///< a number, a pattern: no shell knows it
    kWords,
    kFiles,
    kFolders,
    kPythons,  ///< interpreters on PATH, or files
  };
  Kind kind = Kind::kNothing;
  std::vector<std::string> words;  ///< of kWords
};

/// `option`, of which `offer` is noted.
CLI::Option* offering(CLI::Option* option, const Offer& offer);

/// What was noted; kNothing where nothing was.
[[nodiscard]] Offer offer_of(CLI::Option& option);

}  // namespace snapshot_test::cli
