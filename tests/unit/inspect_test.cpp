// What a word on the command line stands for, and files that are no pickles.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "inspect/operand.hpp"
#include "inspect/stored_value.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::inspect {
namespace {

using namespace snapshot_test::testing;  // NOLINT(google-build-using-namespace): the pickles' vocabulary
using ::testing::HasSubstr;

class Operands : public ::testing::Test {
 protected:
  Operands() {
    std::string name = ::testing::TempDir() + "/operand-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ / "x.pkl") << "N.";
  }
  ~Operands() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(Operands, Word_IsAStoreAFileOrAName) {
  const auto parse = [](const std::string& text) { return parse_operand(text, "default").value(); };
  EXPECT_EQ(parse(folder_.string()).kind, OperandKind::kStore);
  EXPECT_EQ(parse((folder_ / "x.pkl").string()).kind, OperandKind::kFile);
  const Operand named = parse("bench.f('a::b')");
  EXPECT_EQ(named.kind, OperandKind::kSnapshot);
  const Operand elsewhere = parse("old::bench.f(1)");
  EXPECT_EQ(elsewhere.path, "old");
  EXPECT_EQ(elsewhere.name, "bench.f(1)");
  EXPECT_EQ(parse("bench.f").path, "default");
}

TEST_F(Operands, PathThatIsNotThere_IsAnError) {
  for (const char* text : {"nothing.pkl", "./nothing", "/no/where", "a.npy"}) {
    const auto parsed = parse_operand(text, "default");
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("no file or folder"));
  }
}

/// What is said of a file with this content.
std::string refusal_of(const std::string& content) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("other_format_{}", ::getpid());
  std::ofstream(path, std::ios::binary) << content;
  const auto value = load_file(path);
  std::filesystem::remove(path);
  return value ? "" : value.error().message;
}

std::string zip_of(const std::vector<std::string>& names) {
  std::string files;
  std::string directory;
  for (const std::string& name : names) {
    const std::string sizes(14, '\0');
    const std::string lengths = little(name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + std::string(10, '\0') + sizes + lengths + std::string(14, '\0') + name;
    files += "PK\x03\x04" + std::string(8, '\0') + sizes + lengths + name;
  }
  const std::string end = "PK\x05\x06" + std::string(8, '\0') + little(directory.size(), 4) + little(files.size(), 4);
  return files + directory + end + std::string(2, '\0');
}

TEST(OtherFormats, KnownArchive_IsNamedWithWhatToDo) {
  EXPECT_THAT(refusal_of(zip_of({"x.npy", "y.npy"})),
              HasSubstr("a .npz archive of 2 arrays (x.npy, y.npy): unpack it"));
  EXPECT_THAT(refusal_of(zip_of({"a.txt"})), HasSubstr("a zip archive: unpack it"));
  EXPECT_THAT(refusal_of(zip_of({})), HasSubstr("a zip archive"));
  EXPECT_THAT(refusal_of(zip_of({"m/data.pkl", "m/data/0"})), HasSubstr("a PyTorch archive"));
  EXPECT_THAT(refusal_of("\x1f\x8b\x08 rest"), HasSubstr("compressed with gzip: unpack it with 'gzip -dc "));
  EXPECT_THAT(refusal_of("BZh91AY"), HasSubstr("compressed with bzip2"));
  EXPECT_THAT(refusal_of(std::string("\xfd\x37zXZ\0\0", 7)), HasSubstr("compressed with xz"));
  EXPECT_THAT(refusal_of("x\x9c rest"), HasSubstr("compressed with zlib, as joblib"));
  EXPECT_THAT(refusal_of("\x89HDF\r\n\x1a\n rest"), HasSubstr("an HDF5 file"));
}

TEST(OtherFormats, JoblibPickle_IsNamedOnlyIfUnreadable) {
  const std::string wrapper = global("joblib.numpy_pickle", "NumpyArrayWrapper") + ")\x81";
  EXPECT_EQ(refusal_of(pickle_of(wrapper)), "");
  EXPECT_THAT(refusal_of("\x80\x02" + wrapper + std::string("\xff\xff raw bytes of an array.")),
              HasSubstr("joblib.load"));
}

}  // namespace
}  // namespace snapshot_test::inspect
