#include "cli/options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "cli/offer.hpp"

namespace snapshot_test::cli {

namespace {

using Json = nlohmann::ordered_json;

/// The text as the JSON value that a configuration file would have; the text itself where it is no number.
Json number_or_text(const std::string& text) {
  const char* end = text.data() + text.size();
  std::uint64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, whole); error == std::errc() && stop == end) {
    return whole;
  }
  double number = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, number); error == std::errc() && stop == end) {
    return number;
  }
  return text;
}

CLI::Validator rule_of(const std::string& key) {
  return {[key](std::string& text) { return config::complaint(key, number_or_text(text)).value_or(""); }, ""};
}

void add_path(CLI::App& app, const std::string& names, config::OptionalPath& target, Offer::Kind kind,
              const std::string& description) {
  CLI::Option* option = app.add_option_function<std::string>(
      names, [&target](const std::string& text) { target = text; }, description);
  offering(option, {kind, {}})
      ->type_name(kind == Offer::Kind::kFolders ? "DIR" : "FILE")
      ->check(CLI::Validator(
          [](std::string& text) { return text.empty() ? std::string("must be a path, not empty") : std::string(); },
          ""));
}

void add_text(CLI::App& app, const std::string& names, std::optional<std::string>& target, const std::string& type,
              const std::string& description, Offer::Kind offer = Offer::Kind::kNothing) {
  CLI::Option* option = app.add_option_function<std::string>(
      names, [&target](const std::string& text) { target = text; }, description);
  offering(option, {offer, {}})->type_name(type);
}

}  // namespace

void add_number(CLI::App& app, const std::string& names, std::optional<double>& target, const std::string& key,
                const std::string& unit, const std::string& description) {
  app.add_option_function<std::string>(
         names, [&target](const std::string& text) { target = number_or_text(text).get<double>(); }, description)
      ->type_name(unit)
      ->check(rule_of(key));
}

void add_whole_number(CLI::App& app, const std::string& names, std::optional<std::uint64_t>& target,
                      const std::string& key, const std::string& unit, const std::string& description) {
  app.add_option_function<std::string>(
         names, [&target](const std::string& text) { target = number_or_text(text).get<std::uint64_t>(); }, description)
      ->type_name(unit)
      ->check(rule_of(key));
}

void add_count(CLI::App& app, const std::string& names, std::optional<std::uint64_t>& target,
               const std::string& description) {
  app.add_option_function<std::string>(
         names, [&target](const std::string& text) { target = number_or_text(text).get<std::uint64_t>(); }, description)
      ->type_name("N")
      ->check(CLI::Validator(
          [](std::string& text) {
            const Json number = number_or_text(text);
            const bool counts = number.is_number_unsigned() && number.get<std::uint64_t>() > 0;
            return counts ? std::string() : "must be a whole number of at least 1, not '" + text + "'";
          },
          ""));
}

void add_switch(CLI::App& app, const std::string& name, const std::string& opposite, std::optional<bool>& target,
                bool value, const std::string& description) {
  app.add_flag_callback(
      name, [&target, value] { target = value; }, description);
  app.add_flag_callback(
         opposite, [&target, value] { target = !value; }, "the opposite of " + name)
      ->group("");
}

void add_choice(CLI::App& app, const std::string& name, const std::string& key, const std::vector<std::string>& words,
                const std::function<void(const std::string&)>& set, const std::string& description) {
  offering(app.add_option_function<std::string>(name, set, description), {Offer::Kind::kWords, words})
      ->type_name("WORD")
      ->check(CLI::Validator([key](std::string& text) { return config::complaint(key, text).value_or(""); }, ""));
}

void add_general_options(CLI::App& app, Shared& shared) {
  add_path(app, "-c,--config", shared.config_file, Offer::Kind::kFiles,
           "configuration file (default: snapshot_config.json in the current folder, where there is one)");
  app.add_flag_callback(
      "-v,--verbose", [&shared] { shared.overrides.verbose = true; }, "show every case, notes and complete lists");
  app.add_flag_callback(
      "-q,--quiet", [&shared] { shared.overrides.quiet = true; }, "show failures and one closing line only");
  CLI::Option* color = app.add_option_function<std::string>(
      "--color",
      [&shared](const std::string& when) {
        shared.color = when == "always" ? When::kAlways : when == "never" ? When::kNever : When::kAuto;
      },
      "auto, always or never; auto (the default) is on a terminal unless NO_COLOR is set");
  offering(color, {Offer::Kind::kWords, {"auto", "always", "never"}})
      ->type_name("WHEN")
      ->check(CLI::Validator(
          [](std::string& text) {
            const bool known = text == "auto" || text == "always" || text == "never";
            return known ? std::string() : "must be auto, always or never, not '" + text + "'";
          },
          ""));
}

void add_suite_options(CLI::App& app, Shared& shared) {
  add_path(
      app, "benchmark_dir", shared.overrides.benchmark_dir, Offer::Kind::kFolders,
      "the folder with the ASV benchmarks (default: benchmark_dir of the configuration file, else of asv.conf.json, "
      "else benchmarks/)");
  add_text(app, "--python", shared.overrides.python, "PATH",
           "the Python whose environment runs the benchmarks (default: that of $VIRTUAL_ENV, else python3 on PATH)",
           Offer::Kind::kPythons);
  add_path(app, "--project-dir", shared.overrides.project_dir, Offer::Kind::kFolders,
           "put this folder first on the import path, for a project that is not installed (default: none)");
}

void add_selection_options(CLI::App& app, Shared& shared) {
  add_text(
      app, "-f,--filter", shared.filter, "REGEX",
      "only cases in whose name, \"name(parameters)\" or \"module.method\" this Python regular expression is found "
      "(default: all)");
  app.add_option("--exclude", shared.overrides.exclude,
                 "leave out benchmarks whose method, Class.method or full name matches this glob pattern; may be given "
                 "several times and adds to exclude_benchmarks (default: none)")
      ->type_name("GLOB")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void add_run_options(CLI::App& app, Shared& shared) {
  add_number(app, "--timeout", shared.overrides.timeout, "timeout", "SECONDS",
             "wall time that one case may take; a benchmark's own timeout wins (default: default_benchmark_timeout of "
             "asv.conf.json, else 60 seconds)");
  add_whole_number(app, "-j,--workers", shared.overrides.workers, "workers", "N",
                   "cases to run at once; 0 is as many as there are cores (default: 0)");
  app.add_flag_callback(
      "--parallel", [&shared] { shared.overrides.workers = 0; }, "the same as --workers 0");
  add_whole_number(app, "--seed", shared.overrides.seed, "seed", "N",
                   "where every source of randomness starts from (default: 42)");
  add_whole_number(app, "--freeze-time", shared.overrides.freeze_time, "freeze_time", "SECONDS",
                   "the time of day that benchmarks see, since 1970-01-01 UTC; clocks that measure go on (default: the "
                   "real one)");
  add_choice(
      app, "--mode", "mode", {"full", "deepest"},
      [&shared](const std::string& text) {
        shared.overrides.mode = text == "deepest" ? config::Mode::kDeepest : config::Mode::kFull;
      },
      "full looks at what the benchmark returns and computes, deepest only at what the deepest call returns (default: "
      "full)");
}

void add_process_options(CLI::App& app, Shared& shared) {
  app.add_option_function<std::uint64_t>(
         "--max-memory",
         [&shared](const std::uint64_t& bytes) {
           if (const auto wrong = config::complaint("max_memory", bytes)) {
             throw CLI::ValidationError("--max-memory", *wrong);
           }
           shared.overrides.max_memory = bytes;
         },
         "private memory that one case may have, what its imports hold included: 500M, 2G (default: no limit)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
  add_choice(
      app, "--isolation", "isolation", {"fork", "spawn"},
      [&shared](const std::string& text) {
        shared.overrides.isolation = text == "spawn" ? config::Isolation::kSpawn : config::Isolation::kFork;
      },
      "fork runs each case in a fork of a process that has imported its module, spawn in an interpreter of its own, "
      "which takes longer, for libraries that cannot be forked (default: fork)");
  add_number(app, "--import-timeout", shared.overrides.import_timeout, "import_timeout", "SECONDS",
             "wall time that the import of one module may take (default: 600 seconds)");
  app.add_option("--shuffle", shared.shuffle,
                 "run the cases in an order that this number seeds; the verdicts must not depend on it (default: what "
                 "takes long first, then the order of the suite)")
      ->type_name("SEED");
}

void add_strictness_options(CLI::App& app, Shared& shared, const std::string& strict, const std::string& min_verified) {
  add_switch(app, "--strict", "--no-strict", shared.overrides.strict, true, strict);
  add_number(app, "--min-verified", shared.overrides.min_verified, "min_verified", "PERCENT", min_verified);
  add_choice(
      app, "--min-verified-counts", "min_verified_counts", {"result", "part", "any"},
      [&shared](const std::string& text) {
        using model::Counted;
        shared.overrides.min_verified_counts = text == "any"    ? Counted::kAny
                                               : text == "part" ? Counted::kPart
                                                                : Counted::kResult;
      },
      "what --min-verified counts: result takes the cases that are checked by all of their result, part also those of "
      "whose result something cannot be compared, any also those that are checked by inner calls or state only "
      "(default: result)");
}

void add_store_options(CLI::App& app, Shared& shared) {
  add_path(app, "--snapshot-dir", shared.overrides.snapshot_dir, Offer::Kind::kFolders,
           "the folder that holds the snapshots (default: .snapshots/)");
}

void add_tolerance_options(CLI::App& app, Shared& shared) {
  app.add_option_function<std::pair<std::string, std::string>>(
         "--tolerance",
         [&shared](const std::pair<std::string, std::string>& pair) {
           shared.overrides.rtol = number_or_text(pair.first).get<double>();
           shared.overrides.atol = number_or_text(pair.second).get<double>();
         },
         "numbers agree if |now - snapshot| <= ATOL + RTOL * |snapshot| (default: 1e-5 1e-8)")
      ->type_name("RTOL ATOL")
      ->check(rule_of("tolerance.rtol"));
  add_switch(app, "--equal-nan", "--no-equal-nan", shared.overrides.equal_nan, true,
             "a NaN that stays where it was is no difference, whatever its bits (default: it is none)");
  add_switch(app, "--no-exact-integers", "--exact-integers", shared.overrides.exact_integers, false,
             "integers may differ within the tolerance, too (default: they are exact)");
  add_switch(app, "--no-strict-types", "--strict-types", shared.overrides.strict_types, false,
             "dtypes and container types may differ if the values agree (default: they may not)");
  add_switch(app, "--no-strict-shapes", "--strict-shapes", shared.overrides.strict_shapes, false,
             "axes of length 1 may differ (default: they may not)");
  add_switch(app, "--ignore-order", "--no-ignore-order", shared.overrides.ignore_order, true,
             "sequences and one-dimensional arrays agree in any order (default: order counts)");
}

void add_report_options(CLI::App& app, ReportFiles& files) {
  add_text(app, "--json", files.json, "FILE", "write every case and the summary as JSON; - is standard output",
           Offer::Kind::kFiles);
  add_text(app, "--summary", files.summary, "FILE", "write the counts as JSON; - is standard output",
           Offer::Kind::kFiles);
  add_text(app, "--events", files.events, "FILE",
           "write what happens as it happens, one JSON object a line; - is standard output", Offer::Kind::kFiles);
}

}  // namespace snapshot_test::cli
