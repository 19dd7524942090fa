#include <gmock/gmock.h>

#include <iterator>
#include <limits>
#include <set>

#include "store/paths.hpp"
#include "store_support.hpp"

namespace snapshot_test::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Ids = std::vector<std::string>;

/// All combinations of the axes, each record's reason telling its ids at the time of making.
Manifest product(std::vector<model::ParamAxis> axes) {
  model::Benchmark benchmark;
  benchmark.name = "bench.time_it";
  benchmark.version = "v1";
  benchmark.params = std::move(axes);
  Manifest manifest = make_manifest(benchmark);
  for (std::size_t i = 0; i < benchmark.case_count(); ++i) {
    CaseRecord record;
    record.index = i;
    record.ids = benchmark.case_ids(i);
    record.run = "old";
    record.reason = benchmark.case_label(i);
    manifest.cases.push_back(record);
  }
  return manifest;
}

std::string found(const Manifest& manifest, const Ids& ids, std::size_t index) {
  const CaseRecord* record = CaseFinder(manifest).find(ids, index);
  return record == nullptr ? "none" : record->reason;
}

TEST(FindCase, Ids_FindTheCaseAtAnyIndex) {
  const Manifest manifest = product({{"n", {"1", "2"}}, {"kind", {"'a'", "'b'"}}});
  EXPECT_EQ(found(manifest, {"2", "'a'"}, 2), "bench.time_it(2, 'a')");
  EXPECT_EQ(found(manifest, {"2", "'a'"}, 7), "bench.time_it(2, 'a')");  // another axis grew
  EXPECT_EQ(found(manifest, {"3", "'a'"}, 2), "none");
  EXPECT_EQ(found(manifest, {"2"}, 2), "none");
  EXPECT_EQ(found(manifest, {}, 0), "none");
  EXPECT_EQ(found(product({}), {}, 0), "bench.time_it");
}

TEST(FindCase, OtherAddressesInIds_FindTheCase) {
  const Manifest manifest = product({{"f", {"<function g at 0x7f01>", "<function h at 0x7f02>"}}});
  EXPECT_EQ(found(manifest, {"<function h at 0x55aa>"}, 1), "bench.time_it(<function h at 0x7f02>)");
  EXPECT_EQ(found(manifest, {"<function h at 0x7f01>"}, 0), "bench.time_it(<function h at 0x7f02>)");
  EXPECT_EQ(found(manifest, {"<function k at 0x7f01>"}, 0), "none");
}

TEST(FindCase, IdsAlike_AreFoundByIndex) {
  const Manifest manifest = product({{"f", {"<function <lambda> at 0x1>", "<function <lambda> at 0x2>", "other"}}});
  EXPECT_EQ(found(manifest, {"<function <lambda> at 0x2>"}, 0),
            "bench.time_it(<function <lambda> at 0x1>)");  // not by its address
  EXPECT_EQ(found(manifest, {"<function <lambda> at 0x9>"}, 1), "bench.time_it(<function <lambda> at 0x2>)");
  EXPECT_EQ(found(manifest, {"<function <lambda> at 0x9>"}, 2), "none");
  EXPECT_EQ(found(manifest, {"other"}, 0), "bench.time_it(other)");
}

TEST(FindCase, OnlyOneOfIdsAlikeCaptured_IsNotTakenForAnother) {
  Manifest manifest = product({{"f", {"<function <lambda> at 0x1>", "<function <lambda> at 0x2>"}}});
  manifest.cases.erase(manifest.cases.begin() + 1);
  EXPECT_EQ(found(manifest, {"<function <lambda> at 0x2>"}, 1), "none");
}

TEST(FindCase, IdsThatAreNotUtf8_AreFoundAfterStoring) {
  const Manifest before = product({{"s", {"'\xff'", "'\xc3\xa9'"}}});
  const Manifest manifest = must(manifest_from_text(to_text(before), "m.json"));
  EXPECT_NE(found(manifest, {"'\xff'"}, 0), "none");
  EXPECT_NE(found(manifest, {"'\xc3\xa9'"}, 5), "none");
}

std::vector<std::string> summary(const Manifest& manifest) {
  std::vector<std::string> lines;
  for (const CaseRecord& record : manifest.cases) {
    lines.push_back(std::to_string(record.index) + " " + record.run + " " + record.ids.at(0));
  }
  return lines;
}

Manifest fresh(const Ids& axis, const std::vector<std::size_t>& captured) {
  Manifest all = product({{"n", axis}});
  Manifest some = all;
  some.version = "v2";
  some.cases.clear();
  for (const std::size_t index : captured) {
    some.cases.push_back(all.cases.at(index));
    some.cases.back().run = "new";
  }
  return some;
}

TEST(Merge, NewCases_ReplaceTheirOldAndOthersStay) {
  EXPECT_THAT(summary(merge(product({{"n", {"1", "2", "3"}}}), fresh({"1", "2", "3"}, {1}))),
              ElementsAre("0 old 1", "1 new 2", "2 old 3"));
}

TEST(Merge, KeptCases_MoveToTheirNewIndexOrGo) {
  EXPECT_THAT(summary(merge(product({{"n", {"1", "2", "3"}}}), fresh({"0", "3", "1"}, {0}))),
              ElementsAre("0 new 0", "1 old 3", "2 old 1"));
  EXPECT_THAT(summary(merge(product({}), fresh({"1"}, {0}))), ElementsAre("0 new 1"));
}

TEST(Merge, CasesAlike_StayOnlyAtTheirIndex) {
  const Ids alike{"<f at 0x1>", "<f at 0x2>"};
  EXPECT_THAT(summary(merge(product({{"n", alike}}), fresh({"<f at 0x8>", "<f at 0x9>"}, {0}))),
              ElementsAre("0 new <f at 0x8>", "1 old <f at 0x2>"));
  EXPECT_THAT(summary(merge(product({{"n", alike}}), fresh({"1", "<f at 0x8>", "2", "<f at 0x9>"}, {0}))),
              ElementsAre("0 new 1", "1 old <f at 0x2>"));
}

TEST(Merge, KeptCases_KeepTheVersionOfTheirSource) {
  const Manifest merged = merge(product({{"n", {"1", "2"}}}), fresh({"1", "2"}, {0}));
  EXPECT_EQ(merged.version, "v2");
  EXPECT_EQ(merged.cases[0].version, "");
  EXPECT_EQ(merged.cases[1].version, "v1");
}

TEST(ManifestText, Manifest_ReadBackIsEqual) {
  Manifest manifest = product({{"n", {"1", "'\xc3\xa9\"\\\n'"}}});
  CaseRecord& record = manifest.cases[1];
  record.status = model::CaptureStatus::kUnstable;
  record.seconds = 0.25;
  record.ending = model::Ending::kNoOp;
  record.version = "v0";
  model::SiteValue site;
  site.site = {model::SiteKind::kBody, 3};
  site.object = std::string(64, 'a');
  site.bytes = 12345678901234;
  site.fingerprint = std::string(32, '7');
  site.unstable = {"[0].x"};
  record.sites = {site};
  manifest.cases[0].seconds = std::numeric_limits<double>::quiet_NaN();
  const std::string text = to_text(manifest);
  const Manifest again = must(manifest_from_text(text, "m.json"));
  EXPECT_EQ(to_text(again), text);
  EXPECT_EQ(again.params, manifest.params);
  EXPECT_EQ(again.cases[1].reason, record.reason);
  EXPECT_EQ(again.cases[1].version, "v0");
  EXPECT_EQ(again.cases[1].sites[0].site, site.site);
  EXPECT_EQ(again.cases[1].sites[0].bytes, site.bytes);
  EXPECT_EQ(again.cases[1].sites[0].fingerprint, site.fingerprint);
}

std::string refusal(const std::string& text) {
  const auto read = manifest_from_text(text, "store/m.json");
  return read ? "accepted" : read.error().message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(ManifestText, Damage_IsAnErrorWithItsPlace) {
  Manifest manifest = product({{"n", {"1", "2"}}});
  model::SiteValue site;
  site.object = std::string(64, 'a');
  manifest.cases[1].sites = {site};
  const std::string text = to_text(manifest);
  EXPECT_THAT(refusal("{\n  \"format\": 1,\n  oops\n}"),
              AllOf(HasSubstr("store/m.json"), HasSubstr("line 3, column 3")));
  EXPECT_THAT(refusal(text.substr(0, text.size() / 2)), HasSubstr("line "));
  EXPECT_THAT(refusal(""), HasSubstr("line 1, column 1"));
  EXPECT_THAT(refusal("[]"), HasSubstr("an object was expected, not array"));
  EXPECT_THAT(refusal(replaced(text, "\"status\": \"failed\"", "\"status\": \"fine\"")),
              HasSubstr("cases[0]: unknown status 'fine'"));
  EXPECT_THAT(refusal(replaced(text, "\"run\"", "\"runs\"")), HasSubstr("cases[0]: key 'run' not found"));
  EXPECT_THAT(refusal(replaced(text, "\"index\": 1", "\"index\": -1")), HasSubstr("cases[1]: 'index' must be"));
  EXPECT_THAT(refusal(replaced(text, "\"index\": 1", "\"index\": 0")), HasSubstr("indices must rise"));
  EXPECT_THAT(refusal(replaced(text, site.object, "../../../etc/passwd")),
              HasSubstr("cases[1].sites[0]: 'object' must be 64 hex digits"));
  EXPECT_THAT(refusal(replaced(text, R"("object")", R"("xxh3": "7", "object")")),
              HasSubstr("cases[1].sites[0]: 'xxh3' must be 32 hex digits"));
  EXPECT_THAT(refusal(replaced(text, "\"bytes\": 0", "\"bytes\": -1")), HasSubstr("cases[1].sites[0]: 'bytes'"));
  EXPECT_THAT(refusal(replaced(text, "\"sites\": []", "\"sites\": null")), HasSubstr("'sites' must be an array"));
}

TEST(ManifestText, CutText_IsRefused) {
  const std::string text = to_text(product({{"n", {"1", "2"}}}));
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_NE(refusal(text.substr(0, size)), "accepted") << size;
  }
}

TEST(ManifestText, OtherVersion_IsNamed) {
  const auto read = manifest_from_text(R"({"format": 7, "whatever": []})", "m.json");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(read.error().message, AllOf(HasSubstr("version 7"), HasSubstr("versions 1 to 3")));
}

TEST(ManifestPath, OrdinaryName_IsReadable) {
  EXPECT_EQ(paths::manifest("cases", "bench_core.Core.time_array"), "cases/bench_core/Core.time_array.json");
  EXPECT_EQ(paths::manifest("cases", "pkg.sub.time_it"), "cases/pkg.sub/time_it.json");
  EXPECT_EQ(paths::manifest("cases", "time_it"), "cases/@root/time_it.json");
  EXPECT_EQ(paths::manifest("cases", "Suite.time_it"), "cases/@root/Suite.time_it.json");
}

TEST(ManifestPath, AnyName_StaysInsideAndComesBack) {
  const Ids names{"<lambda>",
                  "a/b.c",
                  "..",
                  ".",
                  "",
                  "../../etc/passwd",
                  "/etc/passwd",
                  "a.",
                  ".a",
                  "a..b",
                  "..B.c",
                  "@root.x",
                  "@empty",
                  "a.@empty",
                  "a%2Fb",
                  "caf\xc3\xa9.time",
                  "\xff.x",
                  "-rf.x",
                  "x.time_A",
                  "x.time_a",
                  "A.b",
                  "a.B.c",
                  "a.B",
                  "con\nnewline",
                  "a~b",
                  std::string(300, 'x'),
                  std::string(299, 'x') + "y",
                  "m." + std::string(300, 'x'),
                  std::string(300, 'm') + ".x",
                  std::string(100, '/')};
  std::set<fs::path> seen;
  for (const std::string& name : names) {
    const fs::path path = paths::manifest("cases", name);
    EXPECT_TRUE(seen.insert(path).second) << name;
    ASSERT_EQ(std::distance(path.begin(), path.end()), 3) << path;
    EXPECT_EQ(path.lexically_normal(), path);
    for (const fs::path& part : path) {
      EXPECT_LE(part.string().size(), 255U);
      EXPECT_NE(part.string().front(), '.') << path;
    }
    const auto back = paths::parse_manifest(path.parent_path().filename().string(), path.filename().string());
    if (path.string().find('~') == std::string::npos) {
      EXPECT_EQ(back, name) << path;
    } else {
      EXPECT_EQ(back, std::nullopt);
    }
  }
}

}  // namespace
}  // namespace snapshot_test::store
