// The files of tests/corpus: real values, hostile pickles and what the fuzzers found; whole, cut off and damaged.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <ctime>
#include <random>

#include "fuzz/targets.hpp"
#include "support/corpus.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::pickle {
namespace {

using namespace snapshot_test::testing;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<CorpusFile> files(const std::string& folder) {
  auto found = corpus_files(std::string(SNAPSHOT_TEST_CORPUS "/") + folder);
  EXPECT_TRUE(folder == "found" || found.size() > 10) << folder << " is not where it should be";
  return found;
}

compare::Comparison compared(const Document& actual, const Document& expected) {
  const compare::Comparison result = compare::compare(actual, expected);
  fuzz::check(result);
  return result;
}

/// Seconds that it may take: far more than it does, far less than anything that grows with the square of the input.
constexpr double kPatience = 5;

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

TEST(PickleCorpus, EveryFile_AgreesWithItselfWithin5Seconds) {
  for (const std::string folder : {"values", "zoo", "hostile", "npy", "found"}) {
    for (const CorpusFile& file : files(folder)) {
      const double start = processor_seconds();
      if (file.name.starts_with("compare-")) {
        fuzz::compare_pair(as_span(file.content));
      } else if (file.name.ends_with(".npy")) {
        fuzz::read_npy_file(as_span(file.content));
      } else {
        fuzz::read_one(as_span(file.content));
        fuzz::reduce_one(as_span(file.content));
        const auto document = read(as_span(file.content));
        const auto again = read(as_span(file.content));
        EXPECT_TRUE(document || folder == "hostile" || folder == "found") << file.name << document.error().message;
        if (document) {
          EXPECT_TRUE(fuzz::agrees_with_itself(compared(*document, *again))) << folder << "/" << file.name;
        }
      }
      EXPECT_LT(processor_seconds() - start, kPatience) << folder << "/" << file.name;
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 1024 * 1024) << "kilobytes of memory";
}

TEST(PickleCorpus, CutFile_IsAnError) {
  constexpr std::size_t kSmall = 2000;
  for (const std::string folder : {"values", "zoo", "hostile"}) {
    for (const CorpusFile& file : files(folder)) {
      // Of large files every 97th byte, and all of the last ones.
      const std::size_t size = file.content.size();
      for (std::size_t length = 0; length<size; length += size> kSmall && size - length > 200 ? 97 : 1) {
        const std::string cut = file.content.substr(0, length);
        const auto document = read(as_span(cut));
        EXPECT_TRUE(!document || folder == "hostile") << file.name << " cut to " << length;
      }
    }
  }
}

std::string with_flipped_bit(std::string content, std::size_t bit) {
  content[bit / 8] = static_cast<char>(content[bit / 8] ^ 1 << bit % 8);
  return content;
}

TEST(PickleCorpus, CutNpyFile_IsAnErrorAndFlippedBitsDoNotCrash) {
  for (const CorpusFile& file : files("npy")) {
    for (std::size_t length = 0; length < file.content.size(); ++length) {
      const std::string cut = file.content.substr(0, length);
      EXPECT_FALSE(read_npy(as_span(cut))) << file.name << " cut to " << length;
    }
    for (std::size_t bit = 0; bit < file.content.size() * 8; ++bit) {
      fuzz::read_npy_file(as_span(with_flipped_bit(file.content, bit)));
    }
  }
}

TEST(PickleCorpus, FlippedBits_DoNotCrash) {
  constexpr std::size_t kSmall = 150;
  constexpr std::size_t kFlips = 200;
  std::mt19937_64 random(7);
  std::size_t readable = 0;
  for (const std::string folder : {"values", "hostile"}) {
    for (const CorpusFile& file : files(folder)) {
      const auto original = read(as_span(file.content));
      const std::size_t bits = file.content.size() * 8;
      const bool every = file.content.size() <= kSmall;
      for (std::size_t i = 0; i < (every ? bits : kFlips); ++i) {
        const std::string damaged = with_flipped_bit(file.content, every ? i : random() % bits);
        fuzz::read_one(as_span(damaged));
        const auto document = read(as_span(damaged));
        if (!document || !original) continue;
        ++readable;
        compared(*document, *original);
      }
    }
  }
  EXPECT_GT(readable, 1000U);
}

TEST(PickleCorpus, LengthBeyondTheEnd_IsAnError) {
  std::size_t seen = 0;
  for (const CorpusFile& file : files("hostile")) {
    if (!file.name.starts_with("length-")) continue;
    ++seen;
    const auto document = read(as_span(file.content));
    ASSERT_FALSE(document) << file.name;
    EXPECT_THAT(document.error().message, AnyOf(HasSubstr("are left"), HasSubstr("negative length"))) << file.name;
  }
  EXPECT_GT(seen, 10U);
}

TEST(PickleCorpus, ContradictoryArray_IsNoArrayWithData) {
  for (const CorpusFile& file : files("hostile")) {
    if (!file.name.starts_with("shape-") && !file.name.starts_with("itemsize-") && !file.name.starts_with("field-")) {
      continue;
    }
    // An itemsize of -1 says: as the type's code has it.
    if (file.name == "itemsize-negative.pkl") continue;
    const auto document = read(as_span(file.content));
    if (!document) continue;
    // Without elements every extent is right; all else must not have become an array.
    const bool is_array = document->root().kind() == Kind::kArray;
    EXPECT_TRUE(!is_array || document->root().array().data.empty()) << file.name;
  }
}

// Whatever opcode would have called it: a name with arguments, or an error.
TEST(PickleCorpus, CallOfAFunction_IsOnlyNamed) {
  std::size_t inert = 0;
  for (const CorpusFile& file : files("hostile")) {
    const std::string name = file.name.substr(0, file.name.find('-'));
    if (name != "system" && name != "eval" && name != "popen") continue;
    const auto document = read(as_span(file.content));
    if (file.name.ends_with("-build.pkl")) {
      // A function takes no state.
      EXPECT_FALSE(document) << file.name;
      continue;
    }
    ASSERT_TRUE(document) << file.name << document.error().message;
    ASSERT_EQ(document->root().kind(), Kind::kObject) << file.name;
    EXPECT_THAT(preview(document->root()),
                AnyOf(StartsWith("os.system("), StartsWith("eval("), StartsWith("subprocess.Popen(")))
        << file.name;
    ++inert;
  }
  EXPECT_EQ(inert, 3 * 7U);
}

TEST(PickleCorpus, ExtensionAndPersistentId_AreOnlyNamed) {
  EXPECT_EQ(preview(read(as_span("\x82\x01)R."))->root()), "<extension 1>()");
  EXPECT_EQ(preview(read(as_span(std::string("\x83\x01\x01)R.")))->root()), "<extension 257>()");
  EXPECT_EQ(preview(read(as_span("P/etc/passwd\n."))->root()), "<persistent id '/etc/passwd'>");
  EXPECT_EQ(preview(read(as_span("(K\x01K\x02tQ."))->root()), "<persistent id (1, 2)>");
}

}  // namespace
}  // namespace snapshot_test::pickle
