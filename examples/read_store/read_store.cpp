// Reads a store of snapshots without Python:
//   read_store STORE                 lists the cases
//   read_store STORE CASE            describes what the case came to
//   read_store STORE CASE OTHER      compares that with what it came to in another store
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "snapshot_test/pickle/document.hpp"
#include "snapshot_test/store/store.hpp"

namespace st = snapshot_test;

namespace {

/// A value, and the bytes that it refers to.
struct Loaded {
  st::util::MappedFile pickle;
  st::pickle::Document document;
};

/// A case's record, and the name of the case.
struct Found {
  std::string label;
  st::store::CaseRecord record;
};

[[noreturn]] void give_up(const std::string& message) {
  std::cerr << "error: " << message << '\n';
  std::exit(1);
}

/// The value; where there is none, ends the program with the message of the failure.
template <class T>
T must(st::Result<T> result) {
  if (!result) {
    give_up(result.error().message);
  }
  return std::move(*result);
}

/// Calls visit(manifest, record) for every case that has a snapshot.
template <class Visit>
void for_each_case(const st::store::Store& store, Visit visit) {
  for (const std::string& name : must(store.benchmark_names())) {
    if (const auto manifest = must(store.load_manifest(name))) {
      for (const st::store::CaseRecord& record : manifest->cases) {
        visit(*manifest, record);
      }
    }
  }
}

Found find(const st::store::Store& store, const std::string& label) {
  std::optional<Found> found;
  for_each_case(store, [&](const st::store::Manifest& manifest, const st::store::CaseRecord& record) {
    if (case_label(manifest, record) == label) {
      found = Found{label, record};
    }
  });
  if (!found) {
    give_up("there is no case '" + label + "' in " + store.name());
  }
  return *found;
}

/// The first of the values that hold what the case came to, checked against its name.
Loaded load(const st::store::Store& store, const Found& found) {
  const auto values = values_of_case(found.record);
  if (values.empty()) {
    give_up("'" + found.label + "' has no value");
  }
  const auto object = must(store.open_object(values.front()->object, values.front()->bytes));
  auto pickle = must(object->load_verified(std::filesystem::temp_directory_path()));
  auto document = must(st::pickle::read(pickle.bytes()));
  return {std::move(pickle), std::move(document)};
}

void list(const st::store::Store& store) {
  for_each_case(store, [](const st::store::Manifest& manifest, const st::store::CaseRecord& record) {
    std::cout << case_label(manifest, record) << "  " << name(record.status) << '\n';
  });
}

void describe(const Loaded& value) {
  const st::pickle::Value& root = value.document.root();
  std::cout << st::pickle::type_name(root) << ": " << st::pickle::preview(root) << '\n';
}

int compare(const Loaded& actual, const Loaded& expected) {
  const auto comparison = st::compare::compare(actual.document, expected.document);
  const bool differs = comparison.outcome == st::compare::Outcome::kDifferent;
  std::cout << (differs ? st::compare::explain(comparison) : "agrees") << '\n';
  return differs ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::cerr << "usage: read_store STORE [CASE [OTHER]]\n";
    return 2;
  }
  const auto store = must(st::store::Store::open(argv[1]));
  if (argc == 2) {
    list(*store);
    return 0;
  }
  const Loaded value = load(*store, find(*store, argv[2]));
  if (argc == 3) {
    describe(value);
    return 0;
  }
  const auto other = must(st::store::Store::open(argv[3]));
  return compare(load(*other, find(*other, argv[2])), value);
}
