// What a bound would save of a store that is there: sketch_sizes STORE BYTES...
//
// Makes the sketch of each value beyond a bound, as a capture with store_max_value_bytes does, and prints what the
// objects would take then, and how long that took; and compares each sketch with its value, which is what verify does
// with a value that is not what it was.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "compare/reduction.hpp"
#include "inspect/stored_value.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/store/store.hpp"

namespace {

using namespace snapshot_test;
using Clock = std::chrono::steady_clock;

struct Memory : util::ByteSink {
  Result<void> write(std::span<const std::byte> bytes) override {
    all.insert(all.end(), bytes.begin(), bytes.end());
    return {};
  }
  std::vector<std::byte> all;
};

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::cerr << result.error().message << "\n";
    std::exit(1);
  }
  return std::move(*result);
}

struct Kept {
  std::uint64_t stored = 0;
  std::uint64_t plain = 0;
  std::uint64_t reduced = 0;  ///< 0: it would be stored as it is
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: sketch_sizes STORE BYTES...\n";
    return 2;
  }
  std::set<std::uint64_t> bounds;
  for (int i = 2; i < argc; ++i) bounds.insert(std::strtoull(argv[i], nullptr, 10));
  const auto store = must(store::Store::open(argv[1]));
  std::map<std::string, model::SiteValue> sites;
  for (const std::string& name : must(store->benchmark_names())) {
    const auto manifest = must(store->load_manifest(name));
    for (const store::CaseRecord& record : manifest->cases) {
      for (const model::SiteValue& site : record.sites) {
        if (!site.object.empty()) sites.emplace(site.object, site);
      }
    }
  }
  std::map<std::string, Kept> kept;
  double seconds_of_reducing = 0;
  double seconds_of_comparing = 0;
  std::uint64_t read = 0;
  for (const auto& [object, site] : sites) {
    Kept& each = kept[object];
    const auto place = store->find_object(object);
    each.stored = place ? place->bytes : 0;
    each.plain = site.bytes;
    if (site.bytes <= *bounds.begin() || site.site.kind == model::SiteKind::kThreads) continue;
    const auto pickle = must(inspect::load_pickle(store->locator(), site));
    auto start = Clock::now();
    const auto reduction = must(compare::reduce(pickle.bytes()));
    if (!reduction) continue;
    Memory memory;
    must(reduction->write(memory).map([] { return 0; }));
    seconds_of_reducing += since(start);
    each.reduced = memory.all.size();
    read += site.bytes;
    start = Clock::now();
    const auto whole = must(pickle::read(pickle.bytes()));
    const auto sketch = must(pickle::read(memory.all));
    compare::Options options;
    options.expected_reduced = true;
    if (compare::compare(whole, sketch, options).outcome == compare::Outcome::kDifferent) {
      std::cerr << object << " is not what its sketch says\n";
      return 1;
    }
    seconds_of_comparing += since(start);
  }
  for (const std::uint64_t bound : bounds) {
    std::uint64_t whole = 0;
    std::uint64_t with_bound = 0;
    std::size_t sketches = 0;
    for (const auto& [object, each] : kept) {
      whole += each.stored;
      const bool reduced = each.plain > bound && each.reduced != 0;
      with_bound += reduced ? std::min(each.reduced, each.stored) : each.stored;
      sketches += reduced ? 1 : 0;
    }
    std::cout << "bound " << bound << ": " << whole << " bytes become " << with_bound << ", " << sketches << " of "
              << kept.size() << " values are sketches\n";
  }
  std::cout << "sketches of " << read << " bytes made in " << seconds_of_reducing << " s, compared in "
            << seconds_of_comparing << " s\n";
}
