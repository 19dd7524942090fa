#include "report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "report/junit_case.hpp"
#include "util/try.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kCaseBytes = 200;   // at least what the markup of a case takes
constexpr std::size_t kCaseNodes = 9;     // two elements, six attributes, a text
constexpr std::size_t kSuiteBytes = 500;  // the same of a suite, with the notes that the first and the last one have
constexpr std::size_t kSuiteNodes = 20;

/// What a text takes in XML at most.
std::size_t escaped_size(std::string_view text) {
  const auto special = std::count_if(text.begin(), text.end(), [](char c) {
    return c == '<' || c == '>' || c == '&' || c == '"' || c == '\n' || c == '\t';
  });
  return text.size() + 5 * static_cast<std::size_t>(special);
}

std::size_t size_of(const JunitCase& each) {
  return kCaseBytes + escaped_size(each.classname) + escaped_size(each.name) + escaped_size(each.message) +
         escaped_size(each.type) + escaped_size(each.text);
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

/// The counts and the time that a suite and a whole document have.
struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  double seconds = 0;

  void add(const JunitCase& each) {
    ++tests;
    failures += each.kind == JunitCase::Kind::kFailure ? 1 : 0;
    errors += each.kind == JunitCase::Kind::kError ? 1 : 0;
    skipped += each.kind == JunitCase::Kind::kSkipped ? 1 : 0;
    seconds += each.seconds;
  }
  void write(pugi::xml_node node) const {
    set(node, "tests", std::to_string(tests));
    set(node, "failures", std::to_string(failures));
    set(node, "errors", std::to_string(errors));
    set(node, "time", fmt::format("{:.6f}", seconds));
  }
};

/// One file.
class Document {
 public:
  Document() : root_(document_.append_child("testsuites")) {}

  [[nodiscard]] bool fits(const JunitCase& each, const JunitLimits& limits) const {
    return all_.tests == 0 ||
           (bytes_ + size_of(each) + kSuiteBytes <= limits.bytes && nodes_ + kCaseNodes + kSuiteNodes <= limits.nodes);
  }

  void add(const JunitCase& each, const std::string& timestamp) {
    if (!suite_ || each.suite != suite_.attribute("name").value()) {
      end_suite();
      suite_ = root_.append_child("testsuite");
      set(suite_, "name", each.suite);
      set(suite_, "timestamp", timestamp);
      if (!each.file.empty()) {
        set(suite_, "file", each.file);
      }
      bytes_ += kSuiteBytes + escaped_size(each.suite) + escaped_size(each.file);
      nodes_ += kSuiteNodes;
    }
    append(each);
    counts_.add(each);
    all_.add(each);
    bytes_ += size_of(each);
    nodes_ += kCaseNodes;
  }

  /// A line for who reads this file.
  void note(const std::string& text) { notes_ += text + "\n"; }

  [[nodiscard]] std::string text(const RunHead& head) {
    if (!notes_.empty() && suite_) {
      suite_.append_child("system-out").text().set(notes_.c_str());
    }
    end_suite();
    set(root_, "name", fmt::format("snapshot_test {} {}", head.command, head.version));
    all_.write(root_);
    std::ostringstream out;
    document_.save(out, " ", pugi::format_default, pugi::encoding_utf8);
    return std::move(out).str();
  }

 private:
  void append(const JunitCase& each) {
    pugi::xml_node node = suite_.append_child("testcase");
    std::string name = each.name;
    for (std::size_t i = 2; !names_.insert(each.classname + '\n' + name).second; ++i) {
      name = fmt::format("{} #{}", each.name, i);
    }
    set(node, "classname", each.classname);
    set(node, "name", name);
    set(node, "time", fmt::format("{:.6f}", each.seconds));
    const char* kind = each.kind == JunitCase::Kind::kFailure ? "failure"
                       : each.kind == JunitCase::Kind::kError ? "error"
                                                              : "skipped";
    if (each.kind != JunitCase::Kind::kPassed) {
      pugi::xml_node outcome = node.append_child(kind);
      set(outcome, "type", each.type);
      set(outcome, "message", each.message);
      if (!each.text.empty()) {
        outcome.text().set(each.text.c_str());
      }
    }
  }

  void end_suite() {
    if (suite_) {
      counts_.write(suite_);
      set(suite_, "skipped", std::to_string(counts_.skipped));
    }
    counts_ = {};
    suite_ = {};
  }

  pugi::xml_document document_;
  pugi::xml_node root_;
  pugi::xml_node suite_;  ///< the one that goes on; none at first
  Counts counts_;         ///< of it
  Counts all_;
  std::set<std::string> names_;
  std::string notes_;
  std::size_t bytes_ = kSuiteBytes;
  std::size_t nodes_ = kSuiteNodes;
};

}  // namespace

Junit::Junit(OutputFile file, JunitLimits limits) : file_(std::move(file)), limits_(limits) { file_.remove_parts(); }

Result<void> Junit::close(const RunRecord& record) {
  const JunitCases cases(record);
  auto document = std::make_unique<Document>();
  OutputFile part = file_;
  std::size_t number = 1;
  for (std::size_t i = 0; i < cases.count(); ++i) {
    const JunitCase each = cases.at(i);
    if (file_.is_regular() && !document->fits(each, limits_)) {
      OutputFile next = file_.part(++number);
      document->note(fmt::format("{} of {} cases are in {} and after it: a file with more would not be read",
                                 cases.count() - i, cases.count(), next.name()));
      TRY(part.write(document->text(record.head)));
      document = std::make_unique<Document>();
      document->note(fmt::format("part {}; {} is the first", number, file_.name()));
      part = std::move(next);
    }
    document->add(each, record.head.timestamp);
  }
  return part.write(document->text(record.head));
}

}  // namespace snapshot_test::report
