#include "audit/audit.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <regex>

#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "config/layers.hpp"
#include "render/audit.hpp"
#include "report/format.hpp"
#include "util/json_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct AuditArgs {
  const Shared& shared;
  std::optional<std::string> filter{};
  std::optional<std::uint64_t> min_cases{};
  std::optional<double> min_sensitivity{};  ///< percent
  Format format = Format::kText;
};

/// Longer texts are not searched: std::regex needs stack for each character.
constexpr std::size_t kLongestSearched = 2000;

/// No Python is started for it, so it is C++'s regular expression (ECMAScript), searched for where capture and verify
/// search for Python's.
class Filter {
 public:
  [[nodiscard]] static Result<Filter> compile(const std::string& text) {
    try {
      return Filter(std::regex(text));
    } catch (const std::regex_error& error) {
      return fail(ErrorKind::kUsage,
                  fmt::format("the filter '{}' is not a valid regular expression: {}", text, error.what()));
    }
  }

  [[nodiscard]] bool operator()(const model::Benchmark& benchmark, const std::string& label) const {
    return matches(benchmark.name) || matches(benchmark.name_without_class()) || matches(label);
  }

 private:
  explicit Filter(std::regex regex) : regex_(std::move(regex)) {}
  [[nodiscard]] bool matches(const std::string& text) const {
    return std::regex_search(text.substr(0, kLongestSearched), regex_);
  }

  std::regex regex_;
};

/// What is too little for a preflight; empty where nothing is.
std::string too_little(const audit::Audit& audit, const AuditArgs& args) {
  if (args.min_cases && audit.sensitive() < *args.min_cases) {
    return fmt::format("only {} can be relied on (--min-cases {})", report::counted(audit.sensitive(), "case"),
                       *args.min_cases);
  }
  const double percent = 100 * audit.sensitivity();
  if (args.min_sensitivity && percent < *args.min_sensitivity) {
    return fmt::format("only {} of the wrong values would be caught (--min-sensitivity {:g})",
                       report::percent(audit.caught(), audit.caught() + audit.passed()), *args.min_sensitivity);
  }
  return "";
}

Result<model::ExitStatus> audit(const AuditArgs& args, const Streams& streams) {
  TRY_ASSIGN(auto config, load_config(args.shared));
  TRY(enter_variant(config, streams));
  std::function<bool(const model::Benchmark&, const std::string&)> wanted;
  if (args.filter) {
    TRY_ASSIGN(wanted, Filter::compile(*args.filter));
  }
  TRY_ASSIGN(const auto store, store::Store::open(config.snapshot_dir));
  TRY_ASSIGN(const auto found, audit::audit_store(*store, config::comparison_of(config), wanted));
  if (args.format == Format::kJson) {
    streams.out << util::json_text(render::audit_json(found, store->name()), 2) << '\n';
  } else {
    const auto detail = config.verbose ? render::AuditDetail::kAll : render::AuditDetail::kWorst;
    streams.out << render::audit_text(found, detail);
  }
  streams.out << std::flush;
  if (found.cases.empty()) {
    complain({ErrorKind::kUsage, args.filter && found.not_verifiable == 0
                                     ? fmt::format("no case in '{}' matches '{}'", store->name(), *args.filter)
                                     : fmt::format("no case in '{}' can be verified", store->name())},
             streams, args.shared.color);
    return model::ExitStatus::kNothingVerified;
  }
  if (found.unread() > 0) {
    complain({ErrorKind::kCorrupt, fmt::format("the values of {} cannot be read; capture them again",
                                               report::counted(found.unread(), "case"))},
             streams, args.shared.color);
    return model::ExitStatus::kFailed;
  }
  if (const std::string why = too_little(found, args); !why.empty()) {
    complain({ErrorKind::kUsage, why}, streams, args.shared.color);
    return model::ExitStatus::kFailed;
  }
  return model::ExitStatus::kSuccess;
}

model::ExitStatus run(const AuditArgs& args, const Streams& streams) {
  const auto status = audit(args, streams);
  return status ? *status : complain(status.error(), streams, args.shared.color);
}

Action declare_audit(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<AuditArgs>(AuditArgs{shared});
  AuditArgs& args = *held;
  add_settings(app, shared, {Group::kStore});
  add_text(app, "-f,--filter,-b,--bench,-k", args.filter, "REGEX",
           "only cases whose name or label has a match of the regular expression (ECMAScript's: no Python is started)");
  add_count(app, "--min-cases", args.min_cases,
            "fail (exit status 1) unless at least so many cases would catch some wrong value");
  app.add_option("--min-sensitivity", args.min_sensitivity,
                 "fail (exit status 1) unless at least this share of all wrong values would be caught")
      ->type_name("PERCENT")
      ->check(CLI::Range(0.0, 100.0).description(""));
  app.add_flag_callback(
      "--json", [&args] { args.format = Format::kJson; }, "print JSON");
  add_settings(app, shared, {Group::kTolerance, Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test audit\n"
      "  snapshot_test audit --filter linalg --tolerance 1e-7 0\n"
      "  snapshot_test audit --min-sensitivity 95 --min-cases 100");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow audit_subcommand() {
  return {"audit", "Say which wrong values the stored cases would let pass; starts no Python", &declare_audit};
}

}  // namespace snapshot_test::cli
