// continuous with code that is built: by a command, and as asv.conf.json says; at last two releases as two commits, of
// Bottleneck, a C extension, and of networkx, which needs no build.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/repository.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

/// What stands for a compiled module: a source that is no Python, and a build that makes a module of it.
class Builds : public RepositoryTest {
 protected:
  Builds() {
    write("wavelab/__init__.py", "from wavelab._core import total\n");
    write("core.c", "def total(n): return sum(range(n))\n");
    commit("Add total");
    write("core.c", "def total(n): return n * (n - 1) // 2\n");
    commit("Make it faster");
  }
  [[nodiscard]] Report build(const std::string& command, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--build-command", command});
    return continuous(more);
  }
};

constexpr const char* kIntoPrefix = "cp -r wavelab \"$PREFIX\" && cp core.c \"$PREFIX/wavelab/_core.py\" && echo done";
constexpr const char* kInPlace = "cp core.c wavelab/_core.py";

TEST_F(Builds, CommandIntoPrefix_IsWhatRunsAndIsKept) {
  const auto before = bytes();
  const Report report = build(kIntoPrefix);
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_THAT(report.outcomes(), testing::ElementsAre(Pair("bench.time_total", "identical")));
  EXPECT_THAT(report.run.out,
              AllOf(HasSubstr("building BASE"), HasSubstr("building HEAD"), HasSubstr("/prefix/wavelab")));
  EXPECT_EQ(bytes(), before);
  const Report again = build(kIntoPrefix);
  EXPECT_EQ(again.run.status, 0) << again.text();
  EXPECT_THAT(again.run.out, AllOf(HasSubstr("nothing is built or captured"), Not(HasSubstr("building "))));
}

TEST_F(Builds, CommandInPlace_LeavesTheCheckoutAlone) {
  write("core.c", "def total(n): return n * (n + 1) // 2\n");
  const auto before = bytes();
  const Report report = build(kInPlace, {"HEAD~1"});
  EXPECT_EQ(report.run.status, 1) << report.text();
  EXPECT_EQ(report.of("bench.time_total"), "different");
  EXPECT_EQ(bytes(), before);
}

TEST_F(Builds, BuildThatFails_ShowsItsLastLinesAndItsLog) {
  const Report report = build("seq 1 1000; echo 'core.c:1: no such thing' >&2; exit 7");
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("exit status 7"), HasSubstr("\n  1000\n  core.c:1: no such thing"),
                                    Not(HasSubstr("\n  900\n")), HasSubstr("log.txt")));
  const std::string& text = report.run.err;
  const std::size_t at = text.find("the whole log: ") + 15;
  const fs::path log = text.substr(at, text.find(')', at) - at);
  EXPECT_TRUE(fs::exists(log)) << log;
}

TEST_F(Builds, BuildThatHangs_IsEndedAtItsDeadline) {
  const Report report = build("echo begun; sleep 1000 & sleep 1000", {"--build-timeout", "1"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("did not end within 1 s (--build-timeout)"), HasSubstr("  begun")));
}

TEST_F(Builds, DiskThatIsFull_IsTheMachinesRefusal) {
  const Report report = build("echo 'cc1: fatal error: out.o: No space left on device' >&2; exit 1");
  EXPECT_EQ(report.run.status, 3) << report.text();
}

TEST_F(Builds, ModuleThatTheBuildDoesNotMake_IsNotTakenFromElsewhere) {
  // The environment has a copy that was built from something else.
  box_.write("site/wavelab/__init__.py", "from wavelab._core import total\n");
  box_.write("site/wavelab/_core.py", "def total(n): return 0\n");
  environment_["PYTHONPATH"] = box_.path("site").string();
  const Report report = build("touch \"$PREFIX/nothing\"");
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, HasSubstr("wavelab from " + box_.path("site/wavelab/__init__.py").string()));
}

TEST_F(Builds, AsvConfWithoutSupport_IsSaid) {
  const Report none = continuous({"--build"});
  EXPECT_EQ(none.run.status, 2) << none.text();
  EXPECT_THAT(none.run.err, HasSubstr("there is none"));
  write("asv.conf.json", R"({"version": 1, "environment_type": "conda"})");
  EXPECT_THAT(continuous({"--build"}).run.err, HasSubstr("'conda'"));
  EXPECT_EQ(continuous({"--build", "--python-path"}).run.status, 2);
}

TEST_F(Builds, AsvCommands_GetAsvsVariablesAndMatrix) {
  write("asv.conf.json", R"({
    // as asv reads it
    "version": 1, "project": "wavelab", "repo": ".", "branches": ["main"],
    "matrix": {"req": {}, "env": {"FLAVOUR": ["plain", "other"]}, "env_nobuild": {"TASTE": ["sweet"]}},
    "uninstall_command": ["return-code=any python -c \"raise SystemExit(3)\""],
    "build_command": ["MORE='a b' python -c \"import os; open('{build_cache_dir}/facts', 'w').write(' '.join([os.environ['MORE'], os.environ['FLAVOUR'], os.environ['ASV_COMMIT'], '{project}', '{commit}']))\""],
    "install_command": ["in-dir={env_dir} python -c \"import shutil, sysconfig; p = sysconfig.get_path('purelib'); shutil.copytree('{build_dir}/wavelab', p + '/wavelab'); shutil.copy('{build_dir}/core.c', p + '/wavelab/_core.py'); shutil.copy('{build_cache_dir}/facts', p + '/wavelab/facts')\""],
  })");
  write(
      "benchmarks/bench.py",
      "import pathlib, wavelab\ndef track_facts():\n"
      "    return pathlib.Path(wavelab.__file__).with_name('facts').read_text().split()[:3]\n"
      "def time_total():\n    return wavelab.total(1000)\n"
      "def track_variables():\n    import os\n    assert os.environ['FLAVOUR'] + os.environ['TASTE'] == 'plainsweet'\n"
      "    return 1\n");
  const Report report = continuous({"HEAD~1", "--build"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench.track_facts"), "identical");
  EXPECT_EQ(report.of("bench.track_variables"), "identical");
  EXPECT_THAT(report.run.out, Not(HasSubstr("warning")));
  EXPECT_THAT(report.run.out, HasSubstr("/env/lib/"));
  for (const auto& each : fs::recursive_directory_iterator(cache())) {
    if (each.path().filename() == "facts" && each.path().parent_path().filename() == "wheels") {
      const std::string facts = box_.read(fs::relative(each.path(), box_.root()));
      EXPECT_THAT(facts, HasSubstr("a b plain "));
      EXPECT_THAT(facts, HasSubstr(" wavelab "));
    }
  }
}

// --- real projects

class Releases : public RepositoryTest {
 protected:
  Releases() {
    const char* folder = std::getenv("SNAPSHOT_TEST_RELEASES");
    releases_ = folder != nullptr ? folder : "";
  }
  /// Puts it in place of what the repository has.
  void unpack(const std::string& release) const {
    for (const auto& each : fs::directory_iterator(box_.path(folder_))) {
      if (each.path().filename() != ".git") fs::remove_all(each.path());
    }
    fs::copy(releases_ / release, box_.path(folder_), fs::copy_options::recursive);
    write("benchmarks/__init__.py", "");
  }

  fs::path releases_;
};

class Bottleneck : public Releases {
 protected:
  void commit_release(const std::string& version) const {
    unpack("bottleneck-" + version);
    write("benchmarks/bench.py", R"(import numpy as np
import bottleneck as bn


class Functions:
    params = ["nansum", "nanmean", "nanstd", "nanmin", "nanargmax", "median", "nanmedian", "rankdata", "ss"]
    param_names = ["function"]

    def setup(self, function):
        self.values = np.random.default_rng(1).normal(size=(100, 50))
        self.values[3, 4] = np.nan

    def time_all(self, function):
        return getattr(bn, function)(self.values)

    def time_axis(self, function):
        return getattr(bn, function)(self.values, axis=0)


def time_move_mean():
    return bn.move_mean(np.arange(1000.0), window=7)
)");
    // Optimising takes most of the time that a build has; the numbers are those of C either way.
    write("asv.conf.json", R"({
    "version": 1, "project": "bottleneck", "repo": ".",
    "matrix": {"env": {"CFLAGS": ["-O0 -ffp-contract=off"]}},
    "uninstall_command": ["python -c \"import sysconfig; open(sysconfig.get_path('purelib') + '/tools.pth', 'w').write('TOOLS\nNUMPY\n')\""],
    "build_command": ["PYTHONPATH=TOOLS python setup.py build"],
    "install_command": ["PYTHONPATH=TOOLS python setup.py install --single-version-externally-managed --record {build_cache_dir}/files"]
})");
    std::string conf = box_.read(folder_ / "asv.conf.json");
    replace(conf, "TOOLS", (releases_ / "build-tools").string());
    replace(conf, "NUMPY", numpy_folder());
    replace(conf, "\\n", "\\\\n");
    write("asv.conf.json", conf);
    write(".gitignore", "build/\n*.so\n");
    commit("Bottleneck " + version);
  }
  static void replace(std::string& text, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
      text.replace(at, what.size(), with);
    }
  }
  [[nodiscard]] std::string numpy_folder() const {
    const auto said = box_.run_command(
        {test_python(), "-c", "import numpy, os; print(os.path.dirname(os.path.dirname(numpy.__file__)), end='')"});
    return said.out;
  }
};

class Networkx : public Releases {
 protected:
  void commit_release(const std::string& version) const {
    unpack("networkx-" + version);
    write("benchmarks/bench.py", R"(import networkx as nx


class Graphs:
    params = [10, 40]
    param_names = ["nodes"]

    def setup(self, nodes):
        self.graph = nx.gnm_random_graph(nodes, 3 * nodes, seed=1)
        for i, (a, b) in enumerate(self.graph.edges):
            self.graph[a][b]["weight"] = 1 + i % 7

    def time_dijkstra(self, nodes):
        return nx.single_source_dijkstra_path_length(self.graph, 0)

    def time_betweenness(self, nodes):
        return nx.betweenness_centrality(self.graph)

    def time_triangles(self, nodes):
        return nx.triangles(self.graph)

    def time_components(self, nodes):
        return list(nx.connected_components(self.graph))

    def time_spanning_tree(self, nodes):
        return sorted(nx.minimum_spanning_edges(self.graph, data=False))
)");
    write("asv.conf.json", R"({"version": 1, "project": "networkx", "repo": "."})");
    commit("networkx " + version);
  }
};

TEST_F(Bottleneck, TwoReleases_AreBuiltAndComparedAndAChangeInCIsFound) {
  ST_NEEDS_NUMPY();
  ST_SKIP_UNLESS(!releases_.empty() && fs::is_directory(releases_), "SNAPSHOT_TEST_RELEASES names no folder");
  commit_release("1.3.2");
  commit_release("1.3.7");
  const auto before = bytes();
  const Report unbuilt = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(unbuilt.run.status, 2) << unbuilt.text();
  EXPECT_THAT(unbuilt.run.err, AllOf(HasSubstr("bottleneck/src/"), HasSubstr("--build")));

  const Report report = continuous({"HEAD~1", "HEAD", "--build"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.outcomes().size(), 19u);
  EXPECT_THAT(report.outcomes(), Each(Pair(testing::_, "identical")));
  EXPECT_THAT(report.run.out, AllOf(HasSubstr("bottleneck 1.3.7 from "), HasSubstr("/env/lib/python")));
  EXPECT_EQ(bytes(), before);

  std::string source = box_.read(folder_ / "bottleneck/src/reduce_template.c");
  const std::size_t sum = source.find("asum += ai");
  ASSERT_NE(sum, std::string::npos);
  source.replace(sum, 10, "asum -= ai");
  write("bottleneck/src/reduce_template.c", source);
  const Report wrong = continuous({"HEAD~1", "--build"});
  EXPECT_EQ(wrong.run.status, 1) << wrong.text();
  EXPECT_THAT(wrong.run.out, AllOf(HasSubstr("BASE is in the cache"), HasSubstr("nothing is built or captured"),
                                   HasSubstr("building HEAD"), Not(HasSubstr("building BASE"))));
  EXPECT_EQ(wrong.of("bench.Functions.time_all('nansum')"), "different") << wrong.text();
  EXPECT_EQ(wrong.of("bench.Functions.time_all('rankdata')"), "identical");
}

TEST_F(Networkx, TwoReleases_AreComparedWithoutABuildAndAChangeIsFound) {
  ST_SKIP_UNLESS(!releases_.empty() && fs::is_directory(releases_), "SNAPSHOT_TEST_RELEASES names no folder");
  commit_release("3.1");
  commit_release("3.2.1");
  const auto before = bytes();
  const auto same = testing::AnyOf("identical", "inner-changed");  // the releases call other functions inside
  const Report report = continuous({"HEAD~1", "HEAD", "--python-path"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.outcomes().size(), 10u);
  EXPECT_THAT(report.outcomes(), Each(Pair(testing::_, same)));
  EXPECT_THAT(report.run.out, HasSubstr("networkx 3.2.1 from "));
  EXPECT_EQ(bytes(), before);

  std::string source = box_.read(folder_ / "networkx/algorithms/centrality/betweenness.py");
  const std::size_t sum = source.find("(1 + delta[w])");
  ASSERT_NE(sum, std::string::npos);
  source.replace(sum, 14, "(1 - delta[w])");
  write("networkx/algorithms/centrality/betweenness.py", source);
  const Report wrong = continuous({"HEAD~1", "--python-path"});
  EXPECT_EQ(wrong.run.status, 1) << wrong.text();
  EXPECT_THAT(wrong.run.out, HasSubstr("BASE is in the cache"));
  EXPECT_EQ(wrong.of("bench.Graphs.time_betweenness(40)"), "different") << wrong.text();
  EXPECT_THAT(wrong.of("bench.Graphs.time_dijkstra(40)"), same);
}

}  // namespace
}  // namespace snapshot_test::support
