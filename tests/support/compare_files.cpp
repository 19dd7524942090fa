// compare_files ACTUAL.pkl EXPECTED.pkl RTOL ATOL: prints "identical", "close" or "different", and why.
// compare_files LIST: the same for each line "ACTUAL EXPECTED RTOL ATOL EQUAL_NAN(0|1)" of a file, one word a line.
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include "snapshot_test/compare/explain.hpp"

namespace {

using namespace snapshot_test;

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

enum class Detail { kOutcome, kExplanation };

std::string judge(const std::string& actual, const std::string& expected, const compare::Options& options,
                  Detail detail) {
  const std::string a = slurp(actual);
  const std::string b = slurp(expected);
  const auto x = pickle::read(std::as_bytes(std::span(a)));
  if (!x) return "error " + x.error().message;
  const auto y = pickle::read(std::as_bytes(std::span(b)));
  if (!y) return "error " + y.error().message;
  const compare::Comparison result = compare::compare(*x, *y, options);
  std::string text = result.outcome == compare::Outcome::kIdentical ? "identical"
                     : result.outcome == compare::Outcome::kClose   ? "close"
                                                                    : "different";
  if (detail == Detail::kExplanation && result.outcome == compare::Outcome::kDifferent) {
    text += "\n" + compare::explain(result);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  compare::Options options;
  options.by_dtype.clear();
  if (argc == 5) {
    options.tolerance = {std::strtod(arguments[3], nullptr), std::strtod(arguments[4], nullptr)};
    std::cout << judge(arguments[1], arguments[2], options, Detail::kExplanation) << "\n";
    return 0;
  }
  if (argc != 2) return 2;
  std::ifstream list(arguments[1]);
  std::string actual;
  std::string expected;
  while (list >> actual >> expected >> options.tolerance.rtol >> options.tolerance.atol >> options.equal_nan) {
    std::cout << judge(actual, expected, options, Detail::kOutcome) << "\n";
  }
  return 0;
}
