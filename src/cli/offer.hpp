// What a shell can offer where an option's value is typed. Said once, where the option is declared.
#pragma once

#include <string>
#include <string_view>
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
    kPythons,         ///< interpreters on PATH, or files
    kCases,           ///< cases and benchmarks of the store, or files
    kPending,         ///< the same of what is pending, without files
    kFilters,         ///< regular expressions that find cases of the store
    kPendingFilters,  ///< the same of what is pending
  };
  Kind kind = Kind::kNothing;
  std::vector<std::string> words;  ///< of kWords
};

/// `option`, of which `offer` is noted.
CLI::Option* offering(CLI::Option* option, const Offer& offer);

/// "files", "pending-filters": as completion scripts call it, and the hidden subcommand `names` takes it.
[[nodiscard]] std::string_view name(Offer::Kind kind);
[[nodiscard]] bool has_names(Offer::Kind kind);  ///< does the program know what to offer, and the shell has to ask it?

/// What was noted; kNothing where nothing was.
[[nodiscard]] Offer offer_of(CLI::Option& option);

}  // namespace snapshot_test::cli
