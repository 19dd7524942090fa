#include "cli/variant.hpp"

#include <fmt/format.h>

#include <utility>

#include "report/tested_text.hpp"
#include "session/pending.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

Result<std::optional<session::ChosenBaseline>> choose_variant(const config::Config& config, VariantUse use,
                                                              const util::BeforeExec& before) {
  if (!config.variant) {
    return std::nullopt;
  }
  const session::VariantOptions options{*config.variant, config.variant_fallback, config.suite.python, before};
  auto chosen = use == VariantUse::kWrite ? session::variant_to_write(config.snapshot_dir, options)
                                          : session::variant_to_read(config.snapshot_dir, options);
  return std::move(chosen).map([](auto baseline) { return std::optional(std::move(baseline)); });
}

std::filesystem::path pending_location(const config::Config& config,
                                       const std::optional<session::ChosenBaseline>& chosen) {
  if (!chosen) {
    return session::pending_folder(config.snapshot_dir, config.pending_dir);
  }
  return config.pending_dir ? store::variant_location(*config.pending_dir, chosen->variant.name)
                            : session::pending_folder(chosen->location, std::nullopt);
}

Result<void> enter_variant(config::Config& config, const Streams& streams) {
  TRY_ASSIGN(const auto chosen, choose_variant(config, VariantUse::kRead));
  if (!chosen) {
    return {};
  }
  if (!chosen->missing.empty()) {
    return fail(ErrorKind::kNoBaseline, fmt::format("{}; choose one with --variant", chosen->missing));
  }
  config.pending_dir = pending_location(config, chosen);
  config.snapshot_dir = chosen->location;
  if (!config.quiet) {
    streams.err << report::variant_text(chosen->variant) << '\n' << std::flush;
  }
  return {};
}

}  // namespace snapshot_test::cli
