// sketch_pairs FILE: prints the sketch of each pair of values as JSON, a line each, for sketch_reference.py. The file
// is a sequence of pickles, three for each pair: (rtol, atol), the actual value, the expected one.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "snapshot_test/compare/explain.hpp"

int main(int argc, char** argv) {
  using namespace snapshot_test;
  if (argc != 2) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::span<const std::byte> rest = std::as_bytes(std::span(bytes));
  const auto next = [&rest] {
    auto document = pickle::read(rest, pickle::Trailing::kAllow);
    if (!document) {
      std::cerr << document.error().message << "\n";
      std::exit(2);
    }
    rest = rest.subspan(static_cast<std::size_t>(document->consumed()));
    return std::move(*document);
  };
  while (!rest.empty()) {
    const pickle::Document head = next();
    const pickle::Document actual = next();
    const pickle::Document expected = next();
    compare::Options options;
    options.by_dtype.clear();
    options.tolerance = {head.root().items()[0]->real(), head.root().items()[1]->real()};
    options.strict_types = false;
    options.sketches = true;
    std::cout << compare::to_json(compare::compare(actual, expected, options)).dump() << "\n";
  }
  return 0;
}
