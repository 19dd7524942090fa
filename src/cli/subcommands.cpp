#include "cli/subcommands.hpp"

namespace snapshot_test::cli {

// One row a subcommand: the function NAME_subcommand() of its source file makes it.
#define ST_SUBCOMMANDS(ROW) \
  ROW(list)                 \
  ROW(capture)              \
  ROW(verify)               \
  ROW(baseline)             \
  ROW(continuous)           \
  ROW(bisect)               \
  ROW(compare)              \
  ROW(show)                 \
  ROW(audit)                \
  ROW(diff)                 \
  ROW(pending)              \
  ROW(review)               \
  ROW(accept)               \
  ROW(reject)               \
  ROW(push)                 \
  ROW(pull)                 \
  ROW(remote)               \
  ROW(report)               \
  ROW(plan)                 \
  ROW(merge)                \
  ROW(config)               \
  ROW(check)                \
  ROW(clean)                \
  ROW(cache)                \
  ROW(completion)           \
  ROW(names)                \
  ROW(man)

#define ST_DECLARE(name) SubcommandRow name##_subcommand();
#define ST_MAKE(name) name##_subcommand(),

ST_SUBCOMMANDS(ST_DECLARE)

const std::vector<SubcommandRow>& subcommand_rows() {
  static const std::vector<SubcommandRow> kRows{ST_SUBCOMMANDS(ST_MAKE)};
  return kRows;
}

}  // namespace snapshot_test::cli
