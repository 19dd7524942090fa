#include "cli/options.hpp"
#include "config/layers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace snapshot_test::cli {

namespace {

using config::Names;
using config::Type;
using Json = nlohmann::ordered_json;

/// The text as the JSON value that a configuration file would have; the text itself where it is no number.
Json number_or_text(const std::string& text) {
  const char* end = text.data() + text.size();
  std::uint64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, whole); error == std::errc() && stop == end) {
    return whole;
  }
  double number = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && stop == end && std::isfinite(number)) {
    return number;
  }
  return text;
}

/// What the command line says of a setting, as a file would say it.
Json json_of(const config::Row& row, const std::vector<std::string>& texts) {
  switch (row.place.type) {
    case Type::kNumber:
    case Type::kWhole: return number_or_text(texts.front());
    case Type::kPatterns: return texts;
    default: return texts.front();
  }
}

std::string plain(std::string_view text) {
  std::string result(text);
  std::erase(result, '`');
  return result;
}

/// "42", "0, as many as there are cores"
std::string default_of(const config::Row& row) {
  const Json value = row.place.get({});
  std::string text = value.is_string()         ? value.get<std::string>()
                     : value.is_number_float() ? fmt::format("{}", value.get<double>())
                                               : value.dump();
  if (const std::size_t exponent = text.find("e-0"); value.is_number() && exponent != std::string::npos) {
    text.erase(exponent + 2, 1);  // 1e-5
  }
  if (row.default_means.empty()) {
    return value.empty() ? "none" : text;
  }
  return value.empty() ? plain(row.default_means) : fmt::format("{}, {}", text, plain(row.default_means));
}

/// What stands for the value in the help.
std::string value_name(const config::Row& row) {
  if (!row.value.empty()) {
    return std::string(row.value);
  }
  switch (row.place.type) {
    case Type::kPath: return row.names == Names::kFolder ? "DIR" : "FILE";
    case Type::kWord: return fmt::format("{}", fmt::join(row.place.words, "|"));
    case Type::kPatterns: return "GLOB";
    default: break;
  }
  std::string name = row.unit.empty() ? "N" : row.unit == "bytes" ? "SIZE" : std::string(row.unit);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

Offer offer_for(const config::Row& row) {
  switch (row.names) {
    case Names::kFolder: return {Offer::Kind::kFolders, {}};
    case Names::kFile: return {Offer::Kind::kFiles, {}};
    case Names::kPython: return {Offer::Kind::kPythons, {}};
    case Names::kNothing: break;
  }
  return row.place.words.empty() ? Offer() : Offer{Offer::Kind::kWords, row.place.words};
}

/// A check that complains of what is not as it must be.
template <class Complain>
CLI::Validator check(const Complain& complain) {
  return {[complain](std::string& text) { return std::string(complain(text)); }, ""};
}

/// A flag for what is not the default, and an unlisted one for what is, which a file may have changed.
void add_switch(CLI::App& app, Json& layer, const config::Row& row) {
  const std::string names(row.option);
  const std::string opposite = "--no-" + names.substr(names.rfind("--") + 2);
  const bool on = row.place.get({}).get<bool>();
  const auto set = [&layer, key = row.key](bool value) {
    return [&layer, key, value] { config::place_in(layer, key) = value; };
  };
  app.add_flag_callback(on ? opposite : names, set(!on), plain(on ? row.off : row.help));
  app.add_flag_callback(on ? names : opposite, set(on), "the default")->group("");
}

/// An option with a value for each of `rows`.
void add_value(CLI::App& app, Json& layer, std::span<const config::Row> rows) {
  const config::Row& first = rows.front();
  std::vector<std::string> values;
  std::vector<std::string> defaults;
  for (const config::Row& row : rows) {
    values.push_back(value_name(row));
    defaults.push_back(default_of(row));
  }
  CLI::Option* option = app.add_option(
      std::string(first.option),
      [&layer, rows](const CLI::results_t& given) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const bool list = rows[i].place.type == Type::kPatterns;
          config::place_in(layer, rows[i].key) = json_of(rows[i], list ? given : std::vector{given[i]});
        }
        return true;
      },
      fmt::format("{}{} (default: {})", plain(first.help), first.unit == "bytes" ? ": 500M, 2G" : "",
                  fmt::join(defaults, " ")));
  offering(option, offer_for(first))
      ->type_name(fmt::format("{}", fmt::join(values, " ")))
      ->type_size(static_cast<int>(rows.size()))
      ->expected(1)
      ->check(check([rows](const std::string& text) {
        const std::size_t several = rows.size();
        std::string wrong;
        // Which of several values it is, is not known here: what suits none of them is wrong.
        for (const config::Row& row : rows) {
          wrong = config::complaint(row.key, json_of(row, {text})).value_or("");
          if (wrong.empty()) break;
        }
        // A path that follows may have been taken for the second of two numbers.
        return wrong.empty() || several == 1 ? wrong : fmt::format("{}; it takes {} numbers", wrong, several);
      }));
  if (first.place.type == Type::kPatterns) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  }
  if (first.unit == "bytes") {
    option->transform(CLI::Validator(CLI::AsSizeValue(false)).description(""));
  }
}

void add_when(CLI::App& app, const std::string& name, When& target, const std::string& help) {
  add_choice(
      app, name, {"auto", "always", "never"}, [&target](std::size_t place) { target = static_cast<When>(place); },
      "WHEN", help);
}

void add_general(CLI::App& app, Shared& shared) {
  CLI::Option* file = app.add_option_function<std::string>(
      "-c,--config", [&shared](const std::string& text) { shared.config_file = text; },
      "configuration file (default: the snapshot_config.json in the suite's or the current folder, or above it)");
  offering(file, {Offer::Kind::kFiles, {}})->type_name("FILE")->check(check([](const std::string& text) {
    return text.empty() ? "must be a path, not empty" : "";
  }));
  add_when(app, "--color", shared.color,
           "auto, always or never; auto (the default) is on a terminal unless NO_COLOR is set");
}

/// What belongs to a group of settings, and is for one run.
void add_companions(CLI::App& app, Shared& shared, Group group) {
  switch (group) {
    case Group::kSelection:
      add_text(app, "-f,--filter,-b,--bench,-k", shared.filter, "REGEX",
               "only cases in whose name, \"name(parameters)\" or \"module.method\" this Python regular expression is "
               "found (default: all)",
               Offer::Kind::kFilters);
      app.add_option("--exclude", shared.exclude,
                     "leave out the cases in which this is found, in the same way; may be given more than once "
                     "(default: what exclude_benchmarks of the configuration file names)")
          ->type_name("REGEX")
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      break;
    case Group::kRun:
      app.add_flag_callback(
          "--parallel", [&shared] { shared.settings["workers"] = 0; }, "the same as --workers 0");
      break;
    case Group::kProcess:
      app.add_option("--shuffle", shared.shuffle,
                     "run the cases in an order that this number seeds; the verdicts must not depend on it (default: "
                     "what takes long first, then the order of the suite)")
          ->type_name("SEED");
      add_count(app, "--report-durations", shared.durations, "list the N cases that took longest (default: none)");
      break;
    case Group::kGeneral: add_general(app, shared); break;
    default: break;
  }
}

/// The options of one group.
void add_group(CLI::App& app, Shared& shared, Group group) {
  const std::span<const config::Row> all(config::rows());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].group != group) {
      continue;
    }
    if (all[i].place.type == Type::kSwitch) {
      add_switch(app, shared.settings, all[i]);
      continue;
    }
    const std::size_t first = i;
    while (i + 1 < all.size() && all[i + 1].option == all[first].option) {
      ++i;
    }
    add_value(app, shared.settings, all.subspan(first, i + 1 - first));
  }
  add_companions(app, shared, group);
}

/// The heading above a group's options in the help.
const char* title(Group group) {
  switch (group) {
    case Group::kSuite: return "Suite and project";
    case Group::kSelection: return "Cases";
    case Group::kStore: return "Snapshots";
    case Group::kTolerance: return "What counts as equal";
    case Group::kRun: return "Running";
    case Group::kProcess: return "Processes";
    case Group::kCapture: return "Capturing";
    case Group::kDemands: return "What fails the run";
    case Group::kPolicies: return "Cases without a snapshot or with another value";
    case Group::kPending: return "Pending values";
    case Group::kGeneral:
    case Group::kFile: break;
  }
  return "General";
}

/// Options that have been declared since, unless they are hidden or positional.
class Heading {
 public:
  explicit Heading(CLI::App& app) : app_(app), before_(app.get_options().size()) {}
  void put(const char* title) const {
    const auto options = app_.get_options();
    for (std::size_t i = before_; i < options.size(); ++i) {
      if (!options[i]->get_group().empty() && !options[i]->get_positional()) {
        options[i]->group(title);
      }
    }
  }

 private:
  CLI::App& app_;
  std::size_t before_;
};

void declare_report_files(CLI::App& app, Shared& shared, ReportFiles& files, Reporting when) {
  for (const report::ReportKind& kind : report::report_kinds()) {
    if (when == Reporting::kAfterwards && kind.made == report::Made::kDuringTheRun) {
      continue;
    }
    CLI::Option* option = app.add_option_function<std::string>(
        kind.option,
        [&files, &kind](const std::string& path) {
          files.push_back({kind, path});
        },
        kind.help);
    offering(option, {Offer::Kind::kFiles, {}})->type_name("FILE");
  }
  add_when(app, "--github", shared.github,
           "write GitHub's job summary and annotations (default: auto, in GitHub Actions)");
}

}  // namespace

void add_settings(CLI::App& app, Shared& shared, std::initializer_list<Group> groups) {
  for (const Group group : groups) {
    const Heading heading(app);
    add_group(app, shared, group);
    heading.put(title(group));
  }
}

void add_setting(CLI::App& app, Shared& shared, std::string_view key) {
  const std::span<const config::Row> all(config::rows());
  const auto row = std::find_if(all.begin(), all.end(), [key](const config::Row& each) { return each.key == key; });
  const Heading heading(app);
  add_value(app, shared.settings, all.subspan(static_cast<std::size_t>(row - all.begin()), 1));
  heading.put(title(row->group));
}

void add_report_options(CLI::App& app, Shared& shared, ReportFiles& files) {
  const Heading heading(app);
  app.add_flag_callback(
      "--full", [&shared] { shared.full = true; }, "explain every failure, not only the first ones");
  declare_report_files(app, shared, files, Reporting::kDuringTheRun);
  heading.put("Reports");
}

void add_report_files(CLI::App& app, Shared& shared, ReportFiles& files, Reporting when) {
  const Heading heading(app);
  declare_report_files(app, shared, files, when);
  heading.put("Reports");
}

CLI::Option* add_text(CLI::App& app, const std::string& names, std::optional<std::string>& target,
                      const std::string& value, const std::string& help, Offer::Kind offer) {
  CLI::Option* option = app.add_option_function<std::string>(
      names, [&target](const std::string& text) { target = text; }, help);
  return offering(option, {offer, {}})->type_name(value);
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::vector<std::string>& words,
                        const std::function<void(std::size_t place)>& take, const std::string& value,
                        const std::string& help) {
  const auto place_of = [words](const std::string& text) {
    return static_cast<std::size_t>(std::find(words.begin(), words.end(), text) - words.begin());
  };
  CLI::Option* option = app.add_option_function<std::string>(
      name, [place_of, take](const std::string& text) { take(place_of(text)); }, help);
  return offering(option, {Offer::Kind::kWords, words})
      ->type_name(value)
      ->check(check([words, place_of](const std::string& text) {
        if (place_of(text) < words.size()) {
          return std::string();
        }
        std::string all = fmt::format("{}", fmt::join(words, ", "));
        return fmt::format("must be {}, not '{}'", all.replace(all.rfind(", "), 2, " or "), text);
      }));
}

void add_count(CLI::App& app, const std::string& names, std::optional<std::uint64_t>& target, const std::string& help) {
  app.add_option_function<std::string>(
         names, [&target](const std::string& text) { target = number_or_text(text).get<std::uint64_t>(); }, help)
      ->type_name("N")
      ->check(check([](const std::string& text) {
        const Json number = number_or_text(text);
        const bool counts = number.is_number_unsigned() && number.get<std::uint64_t>() > 0;
        return counts ? std::string() : "must be a whole number of at least 1, not '" + text + "'";
      }));
}

}  // namespace snapshot_test::cli
