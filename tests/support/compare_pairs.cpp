// compare_pairs FILE: checks the comparison against answers that were found otherwise (numpy_differential.py writes
// them), with every build of the inner loops. The file is a sequence of pickles, three for each pair of values:
// (label, same, rtol, atol, equal_nan, strict_types, exact_integers), the actual value, the expected one.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "compare/kernels.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace {

using namespace snapshot_test;

struct Pair {
  std::string label;
  bool same;
  compare::Options options;
  pickle::Document actual;
  pickle::Document expected;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  pickle::Document next() {
    auto document = pickle::read(rest_, pickle::Trailing::kAllow);
    if (!document) throw std::runtime_error(document.error().message);
    rest_ = rest_.subspan(static_cast<std::size_t>(document->consumed()));
    return std::move(*document);
  }

 private:
  std::span<const std::byte> rest_;
};

Pair next_pair(Reader& reader) {
  const pickle::Document head = reader.next();
  const auto fields = head.root().items();
  compare::Options options;
  options.by_dtype.clear();
  options.tolerance = {fields[2]->real(), fields[3]->real()};
  options.equal_nan = fields[4]->boolean();
  options.strict_types = fields[5]->boolean();
  options.exact_integers = fields[6]->boolean();
  pickle::Document actual = reader.next();
  pickle::Document expected = reader.next();
  return {std::string(fields[0]->text()), fields[1]->boolean(), options, std::move(actual), std::move(expected)};
}

std::size_t check(const std::vector<Pair>& pairs, std::string_view instruction_set) {
  constexpr std::size_t kMostShown = 10;
  std::size_t wrong = 0;
  for (const Pair& pair : pairs) {
    const compare::Comparison result = compare::compare(pair.actual, pair.expected, pair.options);
    const bool same = result.outcome != compare::Outcome::kDifferent;
    if (same == pair.same) continue;
    if (++wrong > kMostShown) continue;
    fmt::print("{}: {}\n  numpy: {}, here: {}, rtol {}, atol {}, equal_nan {}\n  actual {}\n  expected {}\n{}\n",
               instruction_set, pair.label, pair.same, same, pair.options.tolerance.rtol, pair.options.tolerance.atol,
               pair.options.equal_nan, pickle::preview(pair.actual.root(), 300),
               pickle::preview(pair.expected.root(), 300), compare::explain(result));
  }
  return wrong;
}

int run(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<Pair> pairs;
  for (Reader reader(std::as_bytes(std::span(bytes))); !reader.at_end();) pairs.push_back(next_pair(reader));
  std::size_t wrong = 0;
  for (const std::string_view instruction_set : compare::instruction_sets()) {
    if (!compare::use_instruction_set(instruction_set)) return 2;
    const std::size_t found = check(pairs, instruction_set);
    fmt::print("{}: {} pairs, {} answers differ\n", instruction_set, pairs.size(), found);
    wrong += found;
  }
  return wrong == 0 && !pairs.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    return run(argv[1]);
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
    return 2;
  }
}
