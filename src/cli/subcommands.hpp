// The subcommands: how each declares its options, and what it does. One source file each.
#pragma once

#include "cli/command.hpp"
#include "cli/outcome.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
}

namespace snapshot_test::cli {

// declare_*: adds the subcommand to `root`. The options write to `args`, which must outlive the parsing.
CLI::App* declare_list(CLI::App& root, ListArgs& args);
CLI::App* declare_capture(CLI::App& root, CaptureArgs& args);
CLI::App* declare_verify(CLI::App& root, VerifyArgs& args);
CLI::App* declare_show(CLI::App& root, ShowArgs& args);
CLI::App* declare_diff(CLI::App& root, DiffArgs& args);
CLI::App* declare_config(CLI::App& root, ConfigArgs& args);
CLI::App* declare_clean(CLI::App& root, CleanArgs& args);

[[nodiscard]] model::ExitStatus run(const ListArgs& args, const Streams& streams);
[[nodiscard]] model::ExitStatus run(const CaptureArgs& args, const Streams& streams);
[[nodiscard]] model::ExitStatus run(const VerifyArgs& args, const Streams& streams);
[[nodiscard]] model::ExitStatus run(const ShowArgs& args, const Streams& streams);
[[nodiscard]] model::ExitStatus run(const DiffArgs& args, const Streams& streams);
[[nodiscard]] model::ExitStatus run(const ConfigArgs& args, const Streams& streams);
[[nodiscard]] model::ExitStatus run(const CleanArgs& args, const Streams& streams);

}  // namespace snapshot_test::cli
