// What the tests of remotes share: local stores with a few values, and what a remote has to have.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "memory_storage.hpp"
#include "remote/layout.hpp"
#include "remote/push.hpp"
#include "remote/reference.hpp"
#include "store/baseline_digest.hpp"
#include "store/digest.hpp"
#include "store_support.hpp"

namespace snapshot_test::remote {

using store::must;

/// A benchmark's name and the values of its sites.
using Values = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Makes that the baseline of the store, whole.
inline void capture_values(const std::filesystem::path& root, const Values& values, const std::string& run = "run-1") {
  const auto store = must(store::Store::open_or_create(root));
  const auto capture = must(store->begin_capture(run));
  std::vector<std::string> names;
  for (const auto& [name, contents] : values) {
    std::vector<model::SiteValue> sites;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      sites.push_back(store::site_of(must(store::put_object(*capture, contents[i]))));
      sites.back().site = {model::SiteKind::kBody, static_cast<int>(i)};
      sites.back().fingerprint = store::sha256_hex(contents[i]).substr(0, 32);
    }
    auto manifest = store::simple_manifest(name, run, std::move(sites));
    must(capture->put_manifest(manifest));
    names.push_back(name);
  }
  for (const std::string& before : must(store->benchmark_names())) {
    if (std::find(names.begin(), names.end(), before) == names.end()) {
      must(capture->remove_manifest(before));
    }
  }
  store::RunInfo info;
  info.id = run;
  must(capture->put_run(info));
  must(capture->commit());
}

/// Small values, some that travel by themselves, one that is compressed.
inline Values some_values(unsigned seed = 1) {
  return {{"bench.time_a", {"small " + std::to_string(seed), "other " + std::to_string(seed)}},
          {"bench.Suite.time_b", {store::lines(300'000, seed), "small " + std::to_string(seed)}},
          {"other.time_c", {store::noise(20'000, seed)}}};
}

inline PushReport push_to(Storage& storage, const std::filesystem::path& root, const std::string& ref = "main",
                          unsigned at_once = 1) {
  PushOptions options;
  options.ref = ref;
  options.at_once = at_once;
  return must(push(*must(store::Store::open(root)), storage, options));
}

/// What is wrong with the baseline that the ref names; empty where it is whole.
std::string what_is_wrong(Storage& storage, const std::string& ref);

}  // namespace snapshot_test::remote
