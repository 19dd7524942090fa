#include "cli/history.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "inspect/snapshots.hpp"
#include "report/case_json.hpp"
#include "report/format.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

constexpr std::size_t kReason = 400;
constexpr std::size_t kDigits = 10;  // of an object's name that people see

/// "return 9c1e…"
std::string brief(const std::string& object) {
  const std::size_t space = object.find(' ');
  const bool hex = object.size() - space - 1 == 64;
  return hex ? object.substr(0, space + 1 + kDigits) : object;
}

std::string change_text(const store::Change& change) {
  std::string text = fmt::format("  {}  {}{}\n", change.time, report::one_line(change.who),
                                 change.why.empty() ? "" : ": " + report::one_line(change.why, kReason));
  for (const std::string& object : change.before) {
    if (std::find(change.after.begin(), change.after.end(), object) == change.after.end()) {
      text += fmt::format("    - {}  (run {})\n", report::one_line(brief(object)), report::one_line(change.run_before));
    }
  }
  for (const std::string& object : change.after) {
    if (std::find(change.before.begin(), change.before.end(), object) == change.before.end()) {
      text += fmt::format("    + {}  (run {})\n", report::one_line(brief(object)), report::one_line(change.run));
    }
  }
  return text;
}

report::Json change_json(const store::Change& change) {
  return {{"time", change.time}, {"who", change.who},       {"why", change.why},    {"run_before", change.run_before},
          {"run", change.run},   {"before", change.before}, {"after", change.after}};
}

struct Record {
  std::string label;
  std::vector<store::Change> history;
};

Result<std::vector<Record>> records_of(const inspect::Operand& operand) {
  TRY_ASSIGN(const auto store, store::Store::open(operand.path));
  std::vector<Record> records;
  if (operand.kind == inspect::OperandKind::kSnapshot) {
    TRY_ASSIGN(const auto found, inspect::find_snapshots(*store, operand.name));
    for (const inspect::Found& each : found) {
      for (const std::size_t place : each.cases) {
        const store::CaseRecord& record = each.manifest.cases[place];
        records.push_back({store::case_label(each.manifest, record), record.history});
      }
    }
    return records;
  }
  TRY_ASSIGN(const auto names, store->benchmark_names());
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto manifest, store->load_manifest(name));
    for (const store::CaseRecord& record : manifest ? manifest->cases : std::vector<store::CaseRecord>()) {
      records.push_back({store::case_label(*manifest, record), record.history});
    }
  }
  return records;
}

}  // namespace

Result<std::string> history_text(const inspect::Operand& operand, Format format) {
  TRY_ASSIGN(const auto records, records_of(operand));
  if (format == Format::kJson) {
    report::Json out = {
        {"format", report::kJsonFormat}, {"store", operand.path.string()}, {"cases", report::Json::array()}};
    for (const Record& record : records) {
      report::Json history = report::Json::array();
      for (const store::Change& change : record.history) {
        history.push_back(change_json(change));
      }
      out["cases"].push_back({{"label", record.label}, {"history", std::move(history)}});
    }
    return report::dump(out, 2) + "\n";
  }
  std::string text;
  for (const Record& record : records) {
    if (record.history.empty()) {
      continue;
    }
    text += report::one_line(record.label, kReason) + "\n";
    for (const store::Change& change : record.history) {
      text += change_text(change);
    }
  }
  return text.empty() ? std::string("no change of these snapshots was accepted; they are as they were captured\n")
                      : text;
}

}  // namespace snapshot_test::cli
