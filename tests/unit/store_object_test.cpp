#include <gmock/gmock.h>
#include <sys/resource.h>
#include <zstd.h>

#include <csignal>

#include "store_support.hpp"

namespace snapshot_test::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Objects : public ::testing::Test {
 protected:
  Objects() : store(must(FolderStore::open_or_create(folder.path() / "s"))), objects(store.objects_folder()) {
    fs::create_directory(objects);
    fs::create_directory(folder.path() / "staging");
  }

  /// Straight into the store.
  ObjectInfo put(std::string_view value, Compression compression = Compression::kAuto, std::size_t chunk = 1 << 16) {
    return must(put_object(objects, folder.path() / "nowhere", value, compression, chunk));
  }
  [[nodiscard]] fs::path file_of(const ObjectInfo& info) const {
    const auto names = files_below(objects);
    for (const std::string& name : names) {
      if (name.starts_with(info.sha256.substr(0, 2) + "/" + info.sha256.substr(2))) {
        return objects / name;
      }
    }
    throw std::runtime_error("no file for " + info.sha256);
  }
  [[nodiscard]] Result<std::string> streamed(const ObjectInfo& info, std::size_t chunk) const {
    auto reader = store.read_object(info.sha256, info.plain_bytes);
    if (!reader) {
      return tl::unexpected(reader.error());
    }
    std::string text;
    std::string buffer(chunk, '\0');
    for (;;) {
      const auto got = reader->read(std::as_writable_bytes(std::span(buffer)));
      if (!got) {
        return tl::unexpected(got.error());
      }
      if (*got == 0) {
        return text;
      }
      text.append(buffer, 0, *got);
    }
  }
  [[nodiscard]] Result<std::string> verified(const ObjectInfo& info) const {
    const auto reader = store.read_object(info.sha256, info.plain_bytes);
    if (!reader) {
      return tl::unexpected(reader.error());
    }
    const auto file = reader->load_verified(folder.path());
    if (!file) {
      return tl::unexpected(file.error());
    }
    return text_of(*file);
  }

  TemporaryFolder folder;
  FolderStore store;
  fs::path objects;
};

TEST_F(Objects, AnySizeAndChunk_ReadsBackEqual) {
  for (const std::size_t size : {0U, 1U, 100U, 16383U, 16384U, 262143U, 262144U, 262145U, 3'000'000U}) {
    for (const std::string& value : {noise(size, 1), lines(size, 2)}) {
      const ObjectInfo info = put(value, Compression::kAuto, 70'001);
      EXPECT_EQ(info.plain_bytes, size);
      EXPECT_EQ(info.stored_bytes, fs::file_size(file_of(info)));
      EXPECT_EQ(must(verified(info)), value) << size;
      EXPECT_EQ(must(streamed(info, 5000)), value) << size;
      EXPECT_EQ(must(store.read_object(info.sha256)).plain_size(), size);
    }
  }
}

TEST_F(Objects, Name_IsTheSha256OfThePlainPickle) {
  EXPECT_EQ(put("abc").sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_THAT(files_below(objects),
              ElementsAre("ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.pkl"));
  const std::string value = lines(2'000'000, 1);
  EXPECT_EQ(put(value, Compression::kAuto).sha256, put(value, Compression::kNone).sha256);
}

TEST_F(Objects, CompressibleLargeValue_IsCompressedAndOthersAreNot) {
  EXPECT_EQ(file_of(put(lines(10'000, 1))).extension(), ".pkl");
  EXPECT_EQ(file_of(put(lines(100'000, 1))).extension(), ".zst");
  EXPECT_EQ(file_of(put(lines(1'000'000, 1))).extension(), ".zst");
  EXPECT_LT(put(lines(1'000'000, 3)).stored_bytes, 100'000U);
  EXPECT_EQ(file_of(put(noise(100'000, 1))).extension(), ".pkl");
  EXPECT_EQ(file_of(put(noise(1'000'000, 1))).extension(), ".pkl");
  EXPECT_EQ(file_of(put(lines(1'000'000, 2), Compression::kNone)).extension(), ".pkl");
}

TEST_F(Objects, OtherChunks_GiveTheSameFile) {
  const std::string value = lines(500'000, 1) + noise(500'000, 1);
  const ObjectInfo whole = put(value, Compression::kAuto, value.size());
  const ObjectInfo pieces = put(value, Compression::kAuto, 777);
  EXPECT_EQ(whole.sha256, pieces.sha256);
  EXPECT_EQ(files_below(objects).size(), 1U);
}

TEST_F(Objects, CompressedObject_IsAZstdFrame) {
  const std::string value = lines(1'000'000, 1);
  const std::string file = read_text(file_of(put(value)));
  std::string plain(value.size(), '\0');
  const std::size_t size = ZSTD_decompress(plain.data(), plain.size(), file.data(), file.size());
  ASSERT_FALSE(ZSTD_isError(size)) << ZSTD_getErrorName(size);
  EXPECT_EQ(plain, value);
}

TEST_F(Objects, PlainObject_IsMappedAndACompressedOneIsNot) {
  const std::string value = noise(1'000'000, 1);
  const auto plain = must(store.read_object(put(value).sha256));
  ASSERT_TRUE(plain.mapped());
  EXPECT_EQ(std::memcmp(plain.mapped()->data(), value.data(), value.size()), 0);
  EXPECT_FALSE(must(store.read_object(put(lines(1'000'000, 1)).sha256)).mapped());
}

TEST_F(Objects, KnownObject_IsNotWrittenAgain) {
  const fs::path staging = folder.path() / "staging";
  for (const std::string& value : {std::string("small"), noise(1'000'000, 1), lines(1'000'000, 1), lines(50'000, 1)}) {
    put(value);
    must(put_object(staging, objects, value));
  }
  EXPECT_THAT(files_below(staging), ElementsAre());
}

TEST_F(Objects, DamagedObject_IsWrittenAgain) {
  const fs::path staging = folder.path() / "staging";
  for (const std::string& value : {noise(1'000'000, 1), lines(1'000'000, 1), std::string("small")}) {
    const ObjectInfo info = put(value);
    std::string bytes = read_text(file_of(info));
    bytes[bytes.size() / 2] ^= 1;
    write_file(file_of(info), bytes);
    must(put_object(staging, objects, value));
    EXPECT_EQ(files_below(staging).size(), 1U);
    fs::remove_all(staging);
    fs::create_directory(staging);
  }
}

TEST_F(Objects, UnfinishedWriter_LeavesNothing) {
  {
    auto writer = must(create_object_file(objects, objects, Compression::kAuto));
    must(writer->write(bytes_of(noise(1'000'000, 1))));
    EXPECT_EQ(files_below(objects).size(), 1U);
  }
  EXPECT_THAT(files_below(objects), ElementsAre());
}

TEST_F(Objects, ManyProcesses_CanWriteTheSameObjects) {
  std::vector<std::string> values;
  for (unsigned i = 0; i < 6; ++i) {
    values.insert(values.end(), {"small " + std::to_string(i), noise(300'000, i), lines(700'000, i)});
  }
  std::vector<pid_t> children;
  for (unsigned child = 0; child < 8; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::shuffle(values.begin(), values.end(), std::mt19937(child / 2));  // pairs write in the same order
      for (const std::string& value : values) {
        if (!put_object(objects, folder.path() / "nowhere", value)) {
          ::_exit(1);
        }
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(files_below(objects).size(), values.size());  // and no temporary file
  for (const std::string& value : values) {
    EXPECT_EQ(must(verified(must(put_object(objects, objects, value)))), value);
  }
}

TEST_F(Objects, TruncatedObject_IsDamageAtEveryLength) {
  for (const std::string& value : {noise(20'000, 1), lines(100'000, 1), lines(1'000'000, 1)}) {
    const ObjectInfo info = put(value);
    const fs::path path = file_of(info);
    const std::string whole = read_text(path);
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 100) {
      write_file(path, whole.substr(0, size));
      for (const auto& read : {verified(info), streamed(info, 5000)}) {
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
        EXPECT_THAT(read.error().message, AllOf(HasSubstr("object " + info.sha256), HasSubstr(path.string())));
      }
    }
    write_file(path, whole + "x");
    EXPECT_FALSE(verified(info));
  }
}

TEST_F(Objects, FlippedBit_IsDamageOrChangesNothing) {
  for (const std::string& value : {noise(20'000, 1), lines(100'000, 1), lines(1'000'000, 1)}) {
    const ObjectInfo info = put(value);
    const fs::path path = file_of(info);
    const std::string whole = read_text(path);
    for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 300) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
      write_file(path, bytes);
      const auto read = verified(info);
      // A bit that changes how the frame is coded, but not what it decodes to, is no damage to the value.
      if (read) {
        EXPECT_EQ(*read, value) << at;
        EXPECT_EQ(path.extension(), ".zst");
      } else {
        EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
        EXPECT_THAT(read.error().message, HasSubstr(info.sha256));
      }
      if (path.extension() == ".zst") {
        const auto stream = streamed(info, 5000);  // has no hash, but zstd's checksum
        EXPECT_TRUE(!stream || *stream == value) << at;
      }
    }
  }
}

TEST_F(Objects, FrameLargerThanRecorded_IsRefused) {
  const ObjectInfo info = put(lines(1'000'000, 1));
  const fs::path path = file_of(info);
  const std::string bomb(100'000'000, '\0');
  std::string bytes(ZSTD_compressBound(bomb.size()), '\0');
  bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), bomb.data(), bomb.size(), 1));
  write_file(path, bytes + read_text(path).substr(fs::file_size(path) - 16));  // the old size is recorded
  for (const auto& read : {verified(info), streamed(info, 1 << 20)}) {
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("more than its recorded size"));
  }
}

TEST_F(Objects, OtherSizeThanInTheManifest_IsDamage) {
  for (const std::string& value : {std::string("abc"), lines(1'000'000, 1)}) {
    const auto opened = store.read_object(put(value).sha256, value.size() + 1);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(opened.error().message, HasSubstr("are recorded"));
  }
}

TEST_F(Objects, MissingObject_IsNamed) {
  const std::string name(64, 'a');
  const auto opened = store.read_object(name);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(opened.error().message, AllOf(HasSubstr(name), HasSubstr("missing"), HasSubstr("capture again")));
}

TEST_F(Objects, NameThatIsNoHash_ReadsNothing) {
  write_file(folder.path() / "secret.pkl", "x");
  for (const std::string name : {"../../secret", "", "ab", "../"}) {
    EXPECT_FALSE(store.read_object(name));
  }
  EXPECT_FALSE(store.read_object(std::string(64, 'A')));
}

TEST_F(Objects, FileSizeLimit_IsAnErrorAndLeavesNothing) {
  // A limit on file sizes, since a test may not fill the disk: the write fails half-way in the same manner.
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit { 300'000, 300'000 };
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto written = put_object(objects, objects, noise(1'000'000, 1));
    return !written && written.error().kind == ErrorKind::kIo &&
                   written.error().message.find("File too large") != std::string::npos
               ? 0
               : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_THAT(files_below(objects), ElementsAre());
}

}  // namespace
}  // namespace snapshot_test::store
