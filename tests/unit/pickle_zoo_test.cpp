// The same values, pickled by every Python and numpy with every protocol, are read as the same trees.
// tests/support/pickle_zoo.py says which values; tests/corpus/zoo holds what it wrote, and the environment variable
// SNAPSHOT_TEST_ZOO may name a folder with more.
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <set>

#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "support/corpus.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::pickle {
namespace {

using namespace snapshot_test::testing;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

/// One file of the zoo, such as numpy-2.1.3-c-p5.pkl: a dict of all values by name.
struct Cage {
  std::string kind;     ///< "python", "numpy"
  std::string version;  ///< "2.1.3"
  std::string pickler;  ///< "c", "python"
  int protocol = 0;
  std::string content;
  [[nodiscard]] std::string name() const {
    return kind + " " + version + " " + pickler + " p" + std::to_string(protocol);
  }
};

const std::vector<Cage>& zoo() {
  static const std::vector<Cage> cages = [] {
    std::vector<CorpusFile> files = corpus_files(SNAPSHOT_TEST_CORPUS "/zoo");
    if (const char* more = std::getenv("SNAPSHOT_TEST_ZOO")) {
      for (CorpusFile& file : corpus_files(more)) files.push_back(std::move(file));
    }
    std::vector<Cage> found;
    for (CorpusFile& file : files) {
      const auto parts = split(file.name, '-');
      if (parts.size() != 4) continue;
      found.push_back({parts[0], parts[1], parts[2], std::stoi(parts[3].substr(1)), std::move(file.content)});
    }
    return found;
  }();
  return cages;
}

Document document_of(const Cage& cage) {
  auto document = read(as_span(cage.content));
  if (!document) throw std::runtime_error(cage.name() + ": " + document.error().message);
  return std::move(*document);
}

std::set<std::string> names_in(const Document& document) {
  std::set<std::string> names;
  for (const Pair& pair : document.root().pairs()) names.emplace(pair.key->text());
  return names;
}

/// Where two documents do not agree in a value, by the value's name. Values that one of them lacks do not count.
std::map<std::string, std::string> differences(const Document& actual, const Document& expected) {
  compare::Options options;
  options.equal_nan = true;
  options.tolerance = {0, 0};
  options.by_dtype.clear();
  std::map<std::string, std::string> found;
  std::set<std::string> seen;
  // Only so many differences are told at once; each round leaves out those that are known.
  for (;;) {
    options.ignored_paths.assign(seen.begin(), seen.end());
    for (const compare::Difference& difference : compare::compare(actual, expected, options).differences) {
      const std::string name = split(difference.path, '\'').at(1);
      seen.insert("['" + name + "']");
      const bool absent = difference.what == compare::What::kMissing || difference.what == compare::What::kUnexpected;
      if (absent && difference.path == "['" + name + "']") continue;
      found.try_emplace(name, difference.path + ": " + difference.actual + " instead of " + difference.expected + " " +
                                  difference.note);
    }
    if (seen.size() == options.ignored_paths.size()) return found;
  }
}

struct Exception {
  std::string_view name;
  int from_protocol;  ///< from this protocol on the pickle says all that protocol 5 does
  std::string_view why;
};
constexpr Exception kLostByProtocol[] = {
    {"fold", 4, "protocols below 4 drop it"},
    {"os_error", 3, "Python 2 has no FileNotFoundError"},
    {"reduce", 3, "a name of Python 2, from which the C module's name does not follow"},
    {"array_subclass", 3, "the call of an unknown class, like any other"},
    {"new_args", 4, "keyword arguments of __new__ are a functools.partial, or nothing at all"},
    {"user_string", 2, "protocols below 2 do not ask for __getnewargs__"},
    {"slotted", 2, "cannot be pickled"},
    {"bytes_io", 2, "cannot be pickled"},
};

bool may_differ(const std::string& name, const Cage& cage) {
  // Pythons before 3.13 fail an assertion there.
  if (name == "empty" && cage.pickler == "python") return true;
  for (const Exception& exception : kLostByProtocol) {
    if (exception.name == name) return cage.protocol < exception.from_protocol;
  }
  return false;
}

/// The same values with protocol 5, by Python's own C code.
const Cage& reference(const Cage& cage) {
  for (const Cage& other : zoo()) {
    if (other.kind == cage.kind && other.version == cage.version && other.pickler == "c" && other.protocol == 5) {
      return other;
    }
  }
  throw std::runtime_error("nothing to compare " + cage.name() + " with");
}

TEST(PickleZoo, Corpus_HoldsEveryProtocolAndVersion) {
  std::set<int> protocols;
  std::set<std::string> versions;
  for (const Cage& cage : zoo()) {
    protocols.insert(cage.protocol);
    versions.insert(cage.kind + " " + cage.version.substr(0, cage.version.rfind('.')));
  }
  EXPECT_EQ(protocols, (std::set<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_THAT(versions, IsSupersetOf({"python 3.9", "python 3.10", "python 3.11", "python 3.12", "python 3.13",
                                      "numpy 1.24", "numpy 2.1"}));
}

TEST(PickleZoo, EveryProtocolAndPickler_IsReadAlike) {
  for (const Cage& cage : zoo()) {
    const Document actual = document_of(cage);
    const Document expected = document_of(reference(cage));
    for (const auto& [name, text] : differences(actual, expected)) {
      EXPECT_TRUE(may_differ(name, cage)) << cage.name() << ": " << text;
    }
    const std::set<std::string> present = names_in(actual);
    for (const std::string& name : names_in(expected)) {
      EXPECT_TRUE(present.count(name) != 0 || may_differ(name, cage)) << cage.name() << " has no " << name;
    }
  }
}

TEST(PickleZoo, EveryVersion_IsReadAlike) {
  // Between versions the values themselves differ in these.
  const std::map<std::string, std::string_view> other_values = {
      {"enum", "3.11.0 to 3.11.3 write the member's name, others its value"},
      {"range_iterator", "old versions set a state of 0"},
      {"pathlib", "3.13 writes the text that it was made from, others the parts"},
      {"polynomial", "numpy 2 has domains of floats"},
      {"seed_sequence", "the number that says how Cython laid the class out"},
  };
  for (const std::string kind : {"python", "numpy"}) {
    const Cage* newest = nullptr;
    for (const Cage& cage : zoo()) {
      if (cage.kind != kind || cage.protocol != 5 || cage.pickler != "c") continue;
      if (newest != nullptr) {
        for (const auto& [name, text] : differences(document_of(cage), document_of(*newest))) {
          EXPECT_EQ(other_values.count(name), 1U) << cage.name() << " and " << newest->name() << ": " << text;
        }
      }
      newest = &cage;
    }
    EXPECT_NE(newest, nullptr) << kind;
  }
}

/// The texts that describe a value and, where it is a list, its first two items.
std::string described(const Value& value) {
  std::string text = preview(value, 200);
  if (value.kind() != Kind::kList) return text;
  for (std::size_t i = 0; i < std::min<std::size_t>(value.items().size(), 2); ++i) {
    text += " " + type_name(*value.items()[i]);
  }
  return text;
}

// Equal trees would be equal, too, if the reader understood nothing: this says what it must have understood.
TEST(PickleZoo, EveryValue_IsDescribedRight) {
  const std::map<std::string, std::string_view> python = {
      {"complex", "[(0+1j), (-0+2.5j), (inf+0j)]"},
      {"bytearray", "bytearray(b'mutable\\xff')"},
      {"sets", "[set(), {1}"},
      {"frozensets", "frozenset({1, 2})"},
      {"range", "[range(0, 10, 1)"},
      {"slice", "[slice(None, None, None), slice(1, 10, 2)]"},
      {"decimal", "[decimal.Decimal('1.50')"},
      {"fraction", "fractions.Fraction(-22, 7)"},
      {"datetime", "[2024-02-29T12:30:01.000999, 0001-01-01, 23:59:00, datetime.timedelta("},
      {"enum", "pickle_zoo.Colour"},
      {"namedtuple", "pickle_zoo.Point(1, [2])"},
      {"dataclasses", "[pickle_zoo.Body()"},
      {"ordered_dict", "collections.OrderedDict()"},
      {"defaultdict", "collections.defaultdict(list)"},
      {"deque", "collections.deque((), 5)"},
      {"counter", "collections.Counter({'a': 5"},
      {"exceptions", "[ValueError('bad', 1)"},
      {"uuid", "uuid.UUID()"},
      {"array", "<array.array int8 (3,)>"},
      {"array_text", "<array.array U1 (3,)>"},
      {"array_subclass", "<pickle_zoo.MyArray float64 (2,)>"},
      {"classes", "[int, pickle_zoo.Plain, dict"},
      {"subclasses", "[pickle_zoo.MyList()"},
  };
  const std::map<std::string, std::string_view> numpy = {
      {"integers", "<numpy.ndarray int8 (3,)>"},
      {"inexact", "<numpy.ndarray float16 (3,)>"},
      {"big_endian", "<numpy.ndarray int32 (3,)>"},
      {"empty", "<numpy.ndarray float64 (3, 0, 2)>"},
      {"orders", "<numpy.ndarray float64 (2, 3, 4)>"},
      {"text", "<numpy.ndarray U4 (3,)>, <numpy.ndarray S2 (2,)>"},
      {"datetimes", "<numpy.ndarray datetime64[ns] (2,)>, <numpy.ndarray timedelta64[25s] (2,)>"},
      {"objects", "<numpy.ndarray object (3,)>"},
      {"object_fields", "<numpy.ndarray {i: int32, o: object} (2,)>"},
      {"structured", "<numpy.ndarray {x: float32, n: int16, v: (int8, (2, 3)), s: U3} (2,)>"},
      {"recarray", "<numpy.recarray {i: int32, f: float64} (2,)>"},
      {"record", "<numpy.record>"},
      {"matrix", "<numpy.matrix float64 (1, 2)>"},
      {"masked", "<numpy.ma.MaskedArray float64 (3,)>"},
      {"masked_constant", "numpy.ma.core.MaskedConstant()"},
      {"scalars", "[<numpy.int8>, <numpy.int16>"},
      {"flexible_scalars", "[<numpy.str_>, <numpy.bytes_>]"},
      {"void_scalars", "[<numpy.void>, <numpy.void>]"},
      {"datetime_scalars", "[<numpy.datetime64>, <numpy.datetime64>, <numpy.timedelta64>]"},
      {"dtypes", "[dtype('float64'), dtype('int32'), dtype('U5')"},
      {"types", "[numpy.float64, numpy.int8, numpy.bool"},
      {"random_state", "numpy.random._pickle.__randomstate_ctor('MT19937')"},
      {"generators", "numpy.random._pickle.__generator_ctor('PCG64')"},
  };
  for (const Cage& cage : zoo()) {
    if (cage.protocol != 5 || cage.pickler != "c") continue;
    const Document document = document_of(cage);
    const auto& wanted = cage.kind == "python" ? python : numpy;
    std::size_t seen = 0;
    for (const Pair& pair : document.root().pairs()) {
      const auto found = wanted.find(std::string(pair.key->text()));
      if (found == wanted.end()) continue;
      ++seen;
      EXPECT_THAT(described(*pair.value), HasSubstr(std::string(found->second))) << cage.name() << " " << found->first;
    }
    EXPECT_EQ(seen, wanted.size()) << cage.name();
  }
}

}  // namespace
}  // namespace snapshot_test::pickle
