#include "report/report.hpp"

namespace snapshot_test::report {

Json head_json(const RunHead& head) {
  return {{"format", kJsonFormat},
          {"command", head.command},
          {"version", head.version},
          {"timestamp", head.timestamp},
          {"benchmark_dir", head.benchmark_dir},
          {"snapshot_dir", head.snapshot_dir}};
}

}  // namespace snapshot_test::report
