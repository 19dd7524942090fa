// A store that somebody else made: what is no regular file, what lies behind a link, what claims too much, what is not
// what its name says, and what would steer a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSuite =
    "import hashlib, lib\n"
    "def time_big(): return b''.join(hashlib.sha256(bytes([i])).digest() for i in range(200))\n"
    "def time_packed(): return list(range(20000))\n"
    "def time_small(): return lib.f()\n";

/// What hangs is killed after this.
RunOptions soon() {
  RunOptions options;
  options.deadline = std::chrono::seconds(20);
  return options;
}

class Strangers : public ::testing::Test {
 protected:
  void SetUp() override {
    box_.write_suite(kSuite);
    box_.write_library("def f(): return 1\n");
    ASSERT_EQ(box_.capture().run.status, 0);
  }

  [[nodiscard]] std::string store() const { return box_.path(".snapshots").string(); }
  [[nodiscard]] fs::path manifest(const std::string& name) const {
    return box_.path(".snapshots/cases/bench/" + name + ".json");
  }
  [[nodiscard]] fs::path object_of(const std::string& name) const {
    const auto json = box_.read_json(".snapshots/cases/bench/" + name + ".json");
    for (const auto& site : json["cases"][0]["sites"]) {
      const auto sha = site.value("object", "");
      for (const char* ending : {".pkl", ".pkl.zst"}) {
        fs::path path = box_.path(".snapshots/objects") / sha.substr(0, 2) / (sha.substr(2) + ending);
        if (!sha.empty() && fs::exists(path)) return path;
      }
    }
    return {};
  }
  [[nodiscard]] support::Run show(std::vector<std::string> words) const {
    words.insert(words.begin(), "show");
    words.insert(words.end(), {"--snapshot-dir", store()});
    return box_.run(words, soon());
  }
  [[nodiscard]] support::Run diff() const { return box_.run({"diff", store(), box_.path("copy").string()}, soon()); }
  void copy() const { fs::copy(store(), box_.path("copy"), fs::copy_options::recursive); }

  /// Nobody takes it for a value, for another, or for nothing.
  void expect_unreadable(const std::string& name) const {
    const auto verified = box_.verify();
    EXPECT_EQ(verified.of("bench." + name), "unreadable") << verified.text();
    EXPECT_EQ(verified.run.status, 1) << verified.text();
    for (const auto& run : {show({}), show({name}), diff()}) {
      EXPECT_NE(run.status, 0) << run.text();
      EXPECT_FALSE(run.killed_at_deadline) << run.text();
    }
  }

  Sandbox box_;
};

/// What may be in the place of a file.
struct Thing {
  const char* name;
  std::function<void(const fs::path&)> make;
};

void make_socket(const fs::path& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = fs::relative(path).string();
  if (name.size() < sizeof address.sun_path) {
    name.copy(address.sun_path, name.size());
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << name;
  }
  ::close(fd);
}

std::vector<Thing> things() {
  return {{"a named pipe", [](const fs::path& path) { EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0); }},
          {"a folder", [](const fs::path& path) { fs::create_directory(path); }},
          {"a socket", make_socket},
          {"a link to a pipe",
           [](const fs::path& path) {
             EXPECT_EQ(::mkfifo((path.string() + "-pipe").c_str(), 0600), 0);
             fs::create_symlink(path.string() + "-pipe", path);
           }},
          {"a link to a device", [](const fs::path& path) { fs::create_symlink("/dev/zero", path); }},
          {"a link to nothing", [](const fs::path& path) { fs::create_symlink("/nowhere/at/all", path); }},
          {"a link to itself", [](const fs::path& path) { fs::create_symlink(path, path); }}};
}

TEST_F(Strangers, ManifestThatIsNoFile_IsUnreadable) {
  copy();
  const auto place = manifest("time_small");
  const auto kept = box_.read(fs::relative(place, box_.root()));
  for (const auto& thing : things()) {
    SCOPED_TRACE(thing.name);
    fs::remove_all(place);
    thing.make(place);
    expect_unreadable("time_small");
    fs::remove_all(place);
    fs::remove(place.string() + "-pipe");
  }
  box_.write(fs::relative(place, box_.root()), kept);
  EXPECT_EQ(box_.verify().run.status, 0);
}

TEST_F(Strangers, ObjectThatIsNoFile_IsUnreadable) {
  copy();
  for (const char* name : {"time_big", "time_packed"}) {
    const auto place = object_of(name);
    const auto kept = box_.read(fs::relative(place, box_.root()));
    for (const auto& thing : things()) {
      SCOPED_TRACE(std::string(name) + ", " + thing.name);
      fs::remove_all(place);
      thing.make(place);
      expect_unreadable(name);
      fs::remove_all(place);
      fs::remove(place.string() + "-pipe");
    }
    box_.write(fs::relative(place, box_.root()), kept);
  }
}

TEST_F(Strangers, ManifestFolderThatIsNoFolder_FailsVerifyAndShow) {
  const auto place = box_.path(".snapshots/cases/bench");
  fs::rename(place, box_.path("elsewhere"));
  for (const auto& thing : things()) {
    if (std::string(thing.name) == "a folder") continue;
    SCOPED_TRACE(thing.name);
    thing.make(place);
    const auto verified = box_.verify();
    EXPECT_THAT(verified.run.status, AnyOf(1, 4)) << verified.text();
    EXPECT_NE(show({}).status, 0);
    fs::remove_all(place);
    fs::remove(place.string() + "-pipe");
  }
}

TEST_F(Strangers, FormatOrConfigThatIsNoFile_IsAnError) {
  for (const char* file : {".snapshots/format.json", "benchmarks/snapshot_config.json", "asv.conf.json"}) {
    const bool format = std::string(file) == ".snapshots/format.json";
    const auto kept = format ? box_.read(file) : "";
    for (const auto& thing : things()) {
      if (!format && std::string(thing.name).find("nothing") != std::string::npos) continue;
      SCOPED_TRACE(std::string(file) + ", " + thing.name);
      fs::remove_all(box_.path(file));
      thing.make(box_.path(file));
      const auto run = box_.run(format ? std::vector<std::string>{"show", store()}
                                       : std::vector<std::string>{"config", box_.path("benchmarks").string(), "--show",
                                                                  "--config", box_.path(file).string()},
                                soon());
      EXPECT_NE(run.status, 0) << run.text();
      EXPECT_FALSE(run.killed_at_deadline) << run.text();
      fs::remove_all(box_.path(file));
      fs::remove(box_.path(file).string() + "-pipe");
    }
    if (format) box_.write(file, kept);
  }
}

TEST_F(Strangers, OperandThatIsNoFile_IsAnError) {
  const auto pickle = object_of("time_big").string();
  for (const auto& thing : things()) {
    const std::string name = thing.name;
    if (name == "a folder" || name == "a link to nothing" || name == "a link to itself") continue;
    for (const char* ending : {"x.pkl", "x.npy"}) {
      SCOPED_TRACE(name);
      const auto place = box_.path(ending);
      thing.make(place);
      for (const auto& words : {std::vector<std::string>{"show", place.string()}, {"diff", pickle, place.string()}}) {
        const auto run = box_.run(words, soon());
        EXPECT_NE(run.status, 0) << run.text();
        EXPECT_FALSE(run.killed_at_deadline) << run.text();
      }
      fs::remove_all(place);
      fs::remove(place.string() + "-pipe");
    }
  }
}

/// As DVC and git-annex lay out a work tree: every file is a link into their own folder.
TEST_F(Strangers, LinksToRegularFiles_AreRead) {
  fs::create_directory(box_.path("annex"));
  int number = 0;
  for (const auto& entry : fs::recursive_directory_iterator(store())) {
    if (!entry.is_regular_file() || entry.path().filename() == "lock") continue;
    const auto target = box_.path("annex") / std::to_string(number++);
    fs::rename(entry.path(), target);
    fs::permissions(target, fs::perms::owner_read);
    fs::create_symlink(target, entry.path());
  }
  copy();
  auto verified = box_.verify({"--strict"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(show({}).status, 0);
  EXPECT_THAT(show({"time_big"}).out, HasSubstr("Python 3"));
  EXPECT_EQ(diff().status, 0);
  box_.write_library("def f(): return 2\n");
  verified = box_.verify();
  EXPECT_EQ(verified.of("bench.time_small"), "different") << verified.text();
  ASSERT_EQ(box_.capture().run.status, 0);
  EXPECT_EQ(box_.verify({"--strict"}).run.status, 0);
}

/// The benchmark itself writes what it computes into the object that is its baseline.
TEST_F(Strangers, ObjectOverwrittenWithTheNewValue_IsUnreadable) {
  for (const char* compression : {"auto", "none"}) {
    for (const int length : {3, 5000}) {
      SCOPED_TRACE(std::to_string(length) + compression);
      box_.write_suite(
          "import lib\n"
          "def time_value(): return lib.f()\n"
          "def time_other(): return 7\n");
      const auto items = std::to_string(length);
      box_.write_library("def f(): return [1] * " + items + "\n");
      fs::remove_all(store());
      ASSERT_EQ(box_.capture({"--compression", compression}).run.status, 0);
      const auto object = object_of("time_value");
      // The pickle of another list of the same size, as the program itself writes it.
      box_.write_library("def f(): return [2] * " + items + "\n");
      ASSERT_EQ(box_.run({"capture", box_.path("benchmarks").string(), "--project-dir", box_.path("project").string(),
                          "--snapshot-dir", box_.path("other").string(), "--python", test_python(), "--compression",
                          compression})
                    .status,
                0);
      const auto json = box_.read_json("other/cases/bench/time_value.json");
      const auto sha = json["cases"][0]["sites"][0]["object"].get<std::string>();
      const auto forged =
          box_.path("other/objects") / sha.substr(0, 2) / (sha.substr(2) + object.filename().string().substr(62));
      fs::permissions(object, fs::perms::owner_write, fs::perm_options::add);
      fs::copy_file(forged, object, fs::copy_options::overwrite_existing);
      const auto verified = box_.verify();
      EXPECT_EQ(verified.of("bench.time_value"), "unreadable") << verified.text();
      EXPECT_EQ(verified.of("bench.time_other"), "identical") << verified.text();
      fs::remove_all(box_.path("other"));
    }
  }
}

TEST_F(Strangers, MissingOrDamagedObject_FailsShowAndDiff) {
  const auto object = object_of("time_big");
  const auto kept = box_.read(fs::relative(object, box_.root()));
  const std::vector<std::pair<const char*, std::function<void()>>> damages{
      {"missing", [&] { fs::remove(object); }},
      {"truncated", [&] { fs::resize_file(object, 10); }},
      {"altered", [&] { box_.write(fs::relative(object, box_.root()), std::string(kept.size(), 'x')); }}};
  for (const auto& [what, damage] : damages) {
    SCOPED_TRACE(what);
    damage();
    fs::remove_all(box_.path("copy"));
    copy();
    const auto compared = diff();
    EXPECT_EQ(compared.status, 1) << compared.text();
    EXPECT_THAT(compared.out, HasSubstr("unreadable")) << compared.text();
    for (const auto& run : {show({"time_big"}), show({"time_*"}), show({"time_big", "--json"})}) {
      EXPECT_EQ(run.status, 1) << run.text();
      EXPECT_THAT(run.out, HasSubstr("read")) << run.text();
    }
    EXPECT_EQ(show({}).status, 1);
    EXPECT_EQ(show({"--json"}).status, 1);
    EXPECT_EQ(show({"time_small"}).status, 0);
    box_.write(fs::relative(object, box_.root()), kept);
  }
}

TEST_F(Strangers, ObjectThatClaimsAHugeSize_IsUnreadable) {
  const auto place = object_of("time_packed");
  ASSERT_THAT(place.string(), HasSubstr(".zst"));
  const auto relative = fs::relative(place, box_.root());
  const auto kept = box_.read(relative);
  const auto manifest_text = box_.read(".snapshots/cases/bench/time_packed.json");
  for (const std::uint64_t claim : {std::uint64_t{10'000'000'000'000}, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    auto bytes = kept;
    for (int i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<char>(claim >> (8 * i));
    fs::permissions(place, fs::perms::owner_write, fs::perm_options::add);
    box_.write(relative, bytes);
    auto json = nlohmann::json::parse(manifest_text);
    for (auto& site : json["cases"][0]["sites"]) site["bytes"] = claim;
    box_.write(".snapshots/cases/bench/time_packed.json", json.dump());
    fs::remove_all(box_.path("copy"));
    copy();
    expect_unreadable("time_packed");
    EXPECT_NE(box_.run({"show", place.string()}).status, 0);
  }
}

TEST_F(Strangers, LinkInPlaceOfAStoreFolder_RefusesTheCapture) {
  for (const char* folder : {"objects", "cases", "runs"}) {
    SCOPED_TRACE(folder);
    const auto place = box_.path(".snapshots") / folder;
    fs::rename(place, box_.path("elsewhere"));
    fs::create_directory_symlink(box_.path("elsewhere"), place);
    const auto before = box_.tree("elsewhere");
    box_.write_library("def f(): return 5\n");
    const auto captured = box_.capture();
    EXPECT_NE(captured.run.status, 0) << captured.text();
    EXPECT_THAT(captured.run.err, HasSubstr(folder)) << captured.text();
    EXPECT_THAT(captured.run.err, Not(HasSubstr("is the baseline"))) << captured.text();
    EXPECT_EQ(box_.tree("elsewhere"), before);
    EXPECT_FALSE(fs::exists(box_.path(".snapshots/staging"))) << "nothing was committed";
    fs::remove(place);
    fs::rename(box_.path("elsewhere"), place);
    box_.write_library("def f(): return 1\n");
    EXPECT_EQ(box_.verify().run.status, 0);
  }
}

TEST_F(Strangers, FolderInPlaceOfAManifest_RefusesTheCapture) {
  const auto place = manifest("time_small");
  fs::remove(place);
  fs::create_directory(place);
  const auto captured = box_.capture();
  EXPECT_NE(captured.run.status, 0) << captured.text();
  EXPECT_THAT(captured.run.err, HasSubstr("time_small.json")) << captured.text();
  EXPECT_THAT(captured.run.err, HasSubstr("nothing was captured")) << captured.text();
}

}  // namespace
}  // namespace snapshot_test::support
