// Baselines in a remote, as people use them: push here, pull or verify there.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Remotes : public testing::Test {
 protected:
  Remotes() {
    box_.write_library("def scale(x): return [x * i for i in range(1000)]\n\ndef name(): return 'unchanged'\n");
    box_.write_suite(
        "import random, lib\n"
        "def time_scale(): return lib.scale(3)\n"
        "def time_name(): return lib.name()\n"
        "def time_large(): return random.Random(1).randbytes(40000)\n");
  }

  void change() const {
    box_.write_library(
        "def scale(x): return [x * i + (i == 17) for i in range(1000)]\n\ndef name(): return 'unchanged'\n");
  }
  /// As another machine has it: the suite, and neither snapshots nor a cache.
  void forget_everything_here() const {
    fs::remove_all(box_.path(".snapshots"));
    fs::remove_all(box_.path("cache"));
  }
  support::Run run(const std::vector<std::string>& arguments) const { return box_.run(arguments, options()); }
  RunOptions options() const {
    RunOptions options;
    options.environment["XDG_CACHE_HOME"] = box_.path("cache").string();
    return options;
  }
  Report verify(const std::string& baseline) const { return box_.verify({"--baseline", baseline}, options()); }
  std::string remote() const { return box_.path("remote").string(); }
  std::vector<fs::path> remote_files(const std::string& folder) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(box_.path("remote") / folder)) {
      if (entry.is_regular_file()) {
        files.push_back(entry.path());
      }
    }
    return files;
  }

  Sandbox box_;
};

TEST_F(Remotes, UnchangedCode_IsVerifiedFromManifestsAlone) {
  const Report captured = box_.capture({}, options());
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  const std::string digest = captured.json["baseline"].get<std::string>();
  EXPECT_THAT(captured.run.out, HasSubstr("baseline " + digest));
  const auto pushed = run({"push", remote()});
  ASSERT_EQ(pushed.status, 0) << pushed.text();
  EXPECT_THAT(pushed.out, HasSubstr("baseline " + digest));
  forget_everything_here();
  const Report verified = verify(remote());
  ASSERT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(verified.of("bench.time_scale"), "identical");
  EXPECT_EQ(verified.json["remote"]["fetched"], 0);
  EXPECT_EQ("sha256:" + verified.json["remote"]["digest"].get<std::string>(), digest);
  EXPECT_THAT(verified.run.out, HasSubstr("0 values fetched"));
  EXPECT_FALSE(fs::exists(box_.path(".snapshots")));
}

TEST_F(Remotes, ChangedValue_IsFetchedAndExplained) {
  ASSERT_EQ(box_.capture({}, options()).run.status, 0);
  ASSERT_EQ(run({"push", remote()}).status, 0);
  forget_everything_here();
  change();
  const Report verified = verify(remote());
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_EQ(verified.of("bench.time_scale"), "different");
  EXPECT_EQ(verified.of("bench.time_name"), "identical");
  EXPECT_EQ(verified.json["remote"]["fetched"], 1);
  EXPECT_THAT(verified.run.out, HasSubstr("[17]"));
  const Report again = verify(remote());
  EXPECT_EQ(again.of("bench.time_scale"), "different") << again.text();
  EXPECT_EQ(again.json["remote"]["fetched"], 0);
  const Report all = box_.verify({"--baseline", remote(), "--read-data"}, options());
  EXPECT_EQ(all.json["remote"]["fetched"], 2) << all.text();
  EXPECT_EQ(all.of("bench.time_large"), "identical");
}

TEST_F(Remotes, PulledBaseline_IsTheOneThatWasPushed) {
  const Report captured = box_.capture({}, options());
  ASSERT_EQ(run({"push", remote(), "--ref", "release/1.0"}).status, 0);
  forget_everything_here();
  const auto pulled = run({"pull", "file://" + remote(), "--ref", "release/1.0", "--format", "json"});
  ASSERT_EQ(pulled.status, 0) << pulled.text();
  const auto json = nlohmann::json::parse(pulled.out);
  EXPECT_EQ("sha256:" + json["digest"].get<std::string>(), captured.json["baseline"]);
  EXPECT_EQ(json["end"], "pulled");
  EXPECT_EQ(box_.verify({"--read-data"}, options()).run.status, 0);
  EXPECT_THAT(run({"pull", remote(), "--ref", "release/1.0"}).out, HasSubstr("is up to date"));
  EXPECT_THAT(run({"push", remote(), "--ref", "release/1.0"}).out, HasSubstr("is up to date"));
}

TEST_F(Remotes, PulledBaselineThatIsOlder_SaysOfWhenItIsAndCanBeUndone) {
  const Report first = box_.capture({}, options());
  ASSERT_EQ(run({"push", remote()}).status, 0);
  const auto time_of = [&] { return box_.verify({}, options()).json["plan"]["baseline"]["time"]; };
  const auto time = time_of();
  change();
  std::this_thread::sleep_for(std::chrono::seconds(1));  // of which times and ids are made
  const Report second = box_.capture({"--yes"}, options());
  ASSERT_NE(time_of(), time);
  ASSERT_EQ(run({"pull", remote()}).status, 0);
  EXPECT_EQ(time_of(), time);
  const auto undone = run({"capture", "--undo", "--yes", box_.path("benchmarks").string()});
  EXPECT_EQ(undone.status, 0) << undone.text();
  EXPECT_EQ(verify(remote()).of("bench.time_scale"), "different");
  EXPECT_EQ(box_.verify({}, options()).run.status, 0);
}

TEST_F(Remotes, RemoteThatCannotBeReached_IsNoBaselineAndNeverAPass) {
  for (const std::vector<std::string>& extra : {std::vector<std::string>{}, {"--missing", "unverified"}}) {
    std::vector<std::string> arguments{"--baseline", remote()};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    const Report verified = box_.verify(arguments, options());
    EXPECT_EQ(verified.run.status, 4) << verified.text();
    EXPECT_EQ(verified.json["summary"]["exit_status"], 4);
    EXPECT_THAT(verified.run.err, HasSubstr("cannot be reached"));
  }
  EXPECT_EQ(run({"pull", remote()}).status, 4);
  EXPECT_EQ(run({"push", remote() + "/deeper"}).status, 4);
}

TEST_F(Remotes, Credentials_AreInNoOutput) {
  const Report verified = verify("unknown://user:secret@host/x?token=secret");
  EXPECT_NE(verified.run.status, 0);
  EXPECT_THAT(verified.text(), Not(HasSubstr("secret")));
  EXPECT_THAT(verified.json.dump(), Not(HasSubstr("secret")));
  EXPECT_THAT(verified.json["command_line"].get<std::string>(), HasSubstr("unknown://host/x"));
  EXPECT_THAT(run({"push", "unknown://user:secret@host/x"}).text(), Not(HasSubstr("secret")));
}

TEST_F(Remotes, DamagedOrMissingValue_IsUnreadableAndNeverAPass) {
  ASSERT_EQ(box_.capture({}, options()).run.status, 0);
  ASSERT_EQ(run({"push", remote()}).status, 0);
  change();
  const auto packs = remote_files("packs");
  ASSERT_EQ(packs.size(), 2U);
  for (const bool missing : {false, true}) {
    for (const fs::path& pack : packs) {
      if (missing) {
        fs::remove(pack);
      } else if (fs::file_size(pack) > 200) {
        std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(fs::file_size(pack) / 2));
        file << "XXXX";
      }
    }
    const Report verified = verify(remote());
    EXPECT_NE(verified.run.status, 0) << verified.text();
    // The manifests are damaged as well: then there is no baseline.
    EXPECT_EQ(verified.run.status, 4) << verified.text();
  }
}

TEST_F(Remotes, DamagedValueAlone_IsUnreadable) {
  ASSERT_EQ(box_.capture({}, options()).run.status, 0);
  ASSERT_EQ(run({"push", remote()}).status, 0);
  box_.write_suite(
      "import random, lib\n"
      "def time_scale(): return lib.scale(3)\n"
      "def time_name(): return lib.name()\n"
      "def time_large(): return random.Random(2).randbytes(40000)\n");
  const auto values = remote_files("objects");
  ASSERT_EQ(values.size(), 1U);
  std::fstream(values[0], std::ios::in | std::ios::out | std::ios::binary).seekp(100) << "XXXX";
  const Report damaged = verify(remote());
  EXPECT_EQ(damaged.of("bench.time_large"), "unreadable") << damaged.text();
  EXPECT_EQ(damaged.of("bench.time_scale"), "identical");
  EXPECT_NE(damaged.run.status, 0);
  EXPECT_THAT(damaged.run.out, HasSubstr("damaged"));
  fs::remove(values[0]);
  const Report missing = verify(remote());
  EXPECT_EQ(missing.of("bench.time_large"), "unreadable") << missing.text();
  EXPECT_THAT(missing.run.out, HasSubstr("lacks"));
  const auto checked = run({"remote", "check", remote()});
  EXPECT_EQ(checked.status, 1) << checked.text();
  EXPECT_THAT(checked.out, HasSubstr("is missing"));
  const auto repaired = run({"remote", "check", remote(), "--repair", box_.path(".snapshots").string()});
  EXPECT_EQ(repaired.status, 0) << repaired.text();
  EXPECT_EQ(run({"remote", "check", remote(), "--read-data"}).status, 0);
  EXPECT_EQ(verify(remote()).of("bench.time_large"), "different");
}

TEST_F(Remotes, PinnedDigest_HoldsWhateverTheRefSays) {
  const Report first = box_.capture({}, options());
  ASSERT_EQ(run({"push", remote()}).status, 0);
  change();
  const Report second = box_.capture({"--yes"}, options());
  ASSERT_NE(first.json["baseline"], second.json["baseline"]);
  ASSERT_EQ(run({"push", remote()}).status, 0);
  EXPECT_EQ(verify(remote()).run.status, 0);
  const Report pinned = verify(remote() + "@" + first.json["baseline"].get<std::string>());
  EXPECT_EQ(pinned.of("bench.time_scale"), "different") << pinned.text();
  const Report none = verify(remote() + "@sha256:" + std::string(64, '0'));
  EXPECT_EQ(none.run.status, 4) << none.text();
  EXPECT_EQ(verify(remote() + "@sha256:12").run.status, 2);
}

TEST_F(Remotes, WhatWouldWriteToTheBaseline_IsRefused) {
  ASSERT_EQ(box_.capture({}, options()).run.status, 0);
  ASSERT_EQ(run({"push", remote()}).status, 0);
  for (const std::vector<std::string>& extra :
       {std::vector<std::string>{"--missing", "capture"}, {"--obsolete", "delete"}, {"--pending", "always"}}) {
    const Report refused = box_.verify({"--baseline", remote(), extra[0], extra[1]}, options());
    EXPECT_EQ(refused.run.status, 2) << refused.text();
  }
}

TEST_F(Remotes, Setting_NamesTheRemote) {
  ASSERT_EQ(box_.capture({}, options()).run.status, 0);
  EXPECT_EQ(run({"push"}).status, 2);
  box_.write("snapshot_config.json", "{\"remote\": \"" + remote() + "\"}");
  EXPECT_EQ(run({"push"}).status, 0);
  EXPECT_EQ(run({"remote", "check"}).status, 0);
  const auto collected = run({"remote", "gc"});
  EXPECT_EQ(collected.status, 0) << collected.text();
  EXPECT_THAT(collected.out, HasSubstr("nothing was changed; --apply does it"));
}

TEST_F(Remotes, BaselineThatChecksNothing_IsNotPushed) {
  box_.write_suite("def time_nothing(): return None\n");
  (void)box_.capture({}, options());
  const auto pushed = run({"push", remote()});
  EXPECT_EQ(pushed.status, 4) << pushed.text();
  EXPECT_THAT(pushed.err, HasSubstr("nothing that verify could check"));
}

}  // namespace
}  // namespace snapshot_test::support
