#include "host/execution/suite_report.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/discovery/files_in_use.hpp"
#include "host/discovery/narrowing.hpp"
#include "host/discovery/root.hpp"
#include "host/execution/suite_modules.hpp"
#include "host/execution/tested_packages.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// Top-level packages that at least half of the suite's modules use, and the suite's root package. They are imported
/// once, before the modules' processes are forked.
std::vector<std::string> common_modules(const std::string& root) {
  const PackageUsers found = package_users(root);
  std::vector<std::string> common;
  for (const auto& [package, count] : found.users) {
    if (2 * count >= found.suite_modules) {
      common.push_back(package);
    }
  }
  common.push_back(root);
  return common;
}

/// Where they cannot be told, there are none, and nothing that a capture has seen is used by another.
void add_files(model::DiscoverReply& reply, const std::string& scratch) {
  try {
    const std::string root = discovery::root_package(reply.suite.root);
    discovery::FilesInUse files = discovery::files_in_use(root, scratch);
    reply.files = std::move(files.packages);
    reply.sources = std::move(files.modules);
  } catch (const py::error_already_set& error) {
    reply.suite.notes.push_back(std::string("this capture cannot be resumed: ") + error.what());
  }
}

}  // namespace

Result<model::DiscoverReply> describe_suite(const Context& context, const model::DiscoverRequest& request,
                                            const discovery::OnImport& on_import) {
  model::DiscoverReply reply;
  model::Suite stored;
  stored.benchmarks = request.stored;
  const discovery::Wanted chosen{request.filter, request.exclude};
  auto stored_selected = discovery::select(stored, chosen);
  if (!stored_selected) {
    reply.filter_error = stored_selected.error().message;
    return reply;
  }
  reply.stored_selected = std::move(stored_selected->indices);
  std::set<std::string> wanted;  // what the store says is there is looked for where it was
  for (std::size_t i = 0; i < stored.benchmarks.size(); ++i) {
    if (!reply.stored_selected[i].empty()) {
      wanted.insert(stored.benchmarks[i].module);
    }
  }
  std::set<std::string> skip = discovery::modules_to_skip(context.start.benchmark_dir, request.filter, wanted);
  for (;;) {
    TRY_ASSIGN(auto suite, discovery::discover(context.start.benchmark_dir, on_import, request.lost, {}, skip));
    reply.suite = std::move(suite);
    TRY_ASSIGN(auto selected, discovery::select(reply.suite, chosen));
    reply.selected = std::move(selected.indices);
    reply.excluded = std::move(selected.excluded);
    reply.excluded_failures = std::move(selected.failures);
    reply.idle_exclusions = std::move(selected.idle);
    const bool nothing = std::all_of(reply.selected.begin(), reply.selected.end(),
                                     [](const std::vector<std::size_t>& indices) { return indices.empty(); });
    if (!nothing || skip.empty()) {
      break;
    }
    skip.clear();  // to say of how many benchmarks it matches none, all have to be known
  }
  reply.not_imported = skip.size();
  reply.packages = package_versions();
  const std::string root = discovery::root_package(context.start.benchmark_dir);
  reply.tested = tested_packages(request.projects, root);
  if (request.files) {
    add_files(reply, context.start.workdir);
  }
  reply.common_modules = common_modules(root);
  return reply;
}

}  // namespace snapshot_test::host::execution
