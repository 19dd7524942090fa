// `names`: what shells are told when they complete a case's name. Hidden: completion scripts call it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>

#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "session/pending.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct NamesArgs {
  std::string kind{};                ///< "cases", "pending", "filters", "pending-filters"
  std::string begun{};               ///< what has been typed of the name, without a shell's quotes
  std::vector<std::string> words{};  ///< the command line before it
};

/// Where the command line, as far as it is typed, says that the stores are.
Shared shared_of(const std::vector<std::string>& words) {
  Shared shared;
  const auto take = [&](const std::string& option, const std::string& value) {
    if (option == "-c" || option == "--config") {
      shared.config_file = value;
    } else if (option == "--snapshot-dir") {
      shared.settings["snapshot_dir"] = value;
    } else if (option == "--pending-dir") {
      shared.settings["pending_dir"] = value;
    } else {
      return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t sign = words[i].starts_with("--") ? words[i].find('=') : std::string::npos;
    std::error_code ignored;
    if (sign != std::string::npos) {
      take(words[i].substr(0, sign), words[i].substr(sign + 1));
    } else if (i + 1 < words.size() &&
               take(words[i], words[i + 1] == "=" && i + 2 < words.size() ? words[i + 2] : words[i + 1])) {
      i += words[i + 1] == "=" ? 2 : 1;  // bash makes --config=FILE three words
    } else if ((words[0] == "verify" || words[0] == "capture" || words[0] == "list") && i > 0 &&
               !words[i].starts_with('-') && std::filesystem::is_directory(words[i], ignored)) {
      shared.settings["benchmark_dir"] = words[i];
    }
  }
  return shared;
}

/// A regular expression that finds `name`, as Python and ECMAScript read it: a dot finds itself, and is left as it is
/// where nothing else has to be escaped.
std::string pattern_of(const std::string& name) {
  constexpr std::string_view kSpecial = "^$*+?()[]{}|\\";
  std::string pattern;
  for (const char letter : name) {
    pattern += kSpecial.find(letter) == std::string_view::npos ? "" : "\\";
    pattern += letter;
  }
  return pattern;
}

/// The names by which a benchmark is found: its full name, Class.method and the method.
std::vector<std::string> endings_of(const std::string& benchmark) {
  std::vector<std::string> names{benchmark};
  std::size_t dot = benchmark.rfind('.');
  for (int i = 0; i < 2 && dot != std::string::npos && dot > 0; ++i) {
    names.push_back(benchmark.substr(dot + 1));
    dot = benchmark.rfind('.', dot - 1);
  }
  return names;
}

/// What follows on `begun`: names of benchmarks, and of cases where they are those of one benchmark. So much is
/// answered at once, however many cases there are: of most benchmarks, only the name of their file is read.
Result<std::set<std::string>> names_after(const NamesArgs& args) {
  const Shared shared = shared_of(args.words);
  TRY_ASSIGN(const auto config, load_config(shared));
  const bool pending = args.kind.starts_with("pending");
  const bool filters = args.kind.ends_with("filters");
  TRY_ASSIGN(const auto store,
             store::Store::open_if_there(store::absolute_location(
                 pending ? session::pending_folder(config.snapshot_dir, config.pending_dir) : config.snapshot_dir)));
  if (!store) {
    return std::set<std::string>();
  }
  TRY_ASSIGN(const auto benchmarks, store->benchmark_names());
  std::set<std::string> names;
  std::set<std::string> of_cases;  // benchmarks, by whose cases' names it may go on
  for (const std::string& benchmark : benchmarks) {
    for (const std::string& name : filters ? endings_of(benchmark) : std::vector{benchmark}) {
      if (name.starts_with(args.begun)) {
        names.insert(name);
        of_cases.insert(benchmark);
      } else if (args.begun.starts_with(pattern_of(name)) || args.begun.starts_with(name)) {
        of_cases.insert(benchmark);
      }
    }
  }
  const bool parameters = args.begun.find('(') != std::string::npos;
  constexpr std::size_t kAsked = 50;  // benchmarks of the same method
  if (!parameters && of_cases.size() > 1) {
    return names;
  }
  std::size_t asked = 0;
  for (const std::string& benchmark : of_cases) {
    if (++asked > kAsked) {
      break;
    }
    TRY_ASSIGN(const auto manifest, store->load_manifest(benchmark));
    for (const store::CaseRecord& record : manifest ? manifest->cases : std::vector<store::CaseRecord>()) {
      for (const std::string& name : filters ? endings_of(benchmark) : std::vector{benchmark}) {
        const std::string label = name + store::case_label(*manifest, record).substr(benchmark.size());
        const std::string word = filters ? pattern_of(label) : label;
        if (word.starts_with(args.begun)) {
          names.insert(word);
        }
      }
    }
  }
  return names;
}

/// One a line; a name with a line end or another control character in it cannot be offered.
std::string lines_of(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    const bool plain = std::none_of(name.begin(), name.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    text += plain ? name + "\n" : "";
  }
  return text;
}

Action declare_names(CLI::App& app, Shared& /*shared*/) {
  const auto held = std::make_shared<NamesArgs>();
  app.add_option("kind", held->kind)->required();
  app.add_option("begun", held->begun)->required();
  app.add_option("words", held->words);
  // Nothing is said of what is wrong: a shell would print it into the line that is being typed.
  return [held](const Streams& streams) {
    const auto names = names_after(*held);
    if (names) {
      streams.out << lines_of(*names);
    }
    return names ? model::ExitStatus::kSuccess : model::ExitStatus::kFailed;
  };
}

}  // namespace

SubcommandRow names_subcommand() {
  return {"names", "Print the names that a shell can complete a case's name to", &declare_names,
          SubcommandRow::Output::kPlain, SubcommandRow::Listing::kHidden};
}

}  // namespace snapshot_test::cli
