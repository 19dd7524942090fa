#include "host/execution/suite_report.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/discovery/files_in_use.hpp"
#include "host/discovery/narrowing.hpp"
#include "host/discovery/root.hpp"
#include "host/execution/import_watch.hpp"
#include "host/execution/imported_suite.hpp"
#include "host/execution/project_code.hpp"
#include "host/execution/suite_modules.hpp"
#include "host/execution/tested_packages.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// Whether the suite's modules find what they import without what they do themselves; not where that cannot be told.
bool finds_the_same(const ImportWatch& watch) {
  try {
    return watch.finds_the_same();
  } catch (const py::error_already_set&) {
    return false;  // a finder that raises: as the modules import, it is said of each
  }
}

/// The suite's root package, and the top-level packages that at least half of its modules use. They are imported once,
/// in this order, before the modules' processes are forked. `ahead`: the packages may be.
std::vector<std::string> common_modules(const std::string& root, bool ahead) {
  std::vector<std::string> common = {root};
  if (!ahead) {
    return common;
  }
  const PackageUsers found = package_users(root);
  for (const auto& [package, count] : found.users) {
    if (2 * count >= found.suite_modules) {
      common.push_back(package);
    }
  }
  return common;
}

/// Are all benchmarks of one module, and nothing was imported that this module's own process would not import?
bool is_one_module(const model::Suite& suite, const std::set<std::string>& imported) {
  if (suite.benchmarks.empty() || !suite.failures.empty()) {
    return false;
  }
  const std::string module = suite.benchmarks.front().module;
  const std::string root = discovery::root_package(suite.root);
  const std::string full = module.empty() ? root : root + "." + module;
  const bool alone = std::all_of(suite.benchmarks.begin(), suite.benchmarks.end(),
                                 [&](const model::Benchmark& each) { return each.module == module; });
  return alone && std::all_of(imported.begin(), imported.end(),
                              [&](const std::string& each) { return each == full || full.starts_with(each + "."); });
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
  ImportWatch watch;
  std::set<std::string> imported;
  const auto on_each = [&](const std::string& module) {
    watch.before_import();
    imported.insert(module);
    on_import(module);
  };
  for (;;) {
    TRY_ASSIGN(auto suite, discovery::discover(context.start.benchmark_dir, on_each, request.lost, {}, skip));
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
  if (!request.other_filter.empty() || !request.other_exclude.empty()) {
    TRY_ASSIGN(auto other, discovery::select(reply.suite, {request.other_filter, request.other_exclude}));
    reply.other_selected = std::move(other.indices);
  }
  reply.not_imported = skip.size();
  reply.stays = request.stay && is_one_module(reply.suite, imported);
  reply.common_modules = common_modules(discovery::root_package(context.start.benchmark_dir), finds_the_same(watch));
  reply.packages = package_versions();
  const std::string root = discovery::root_package(context.start.benchmark_dir);
  reply.tested = tested_packages(request.projects, root);
  reply.imported = look_at_imports(context, request.projects, reply.tested);
  reply.strays = stray_modules(context.start.project_code);
  reply.has_project = has_project(context.start.project_code);
  if (request.files) {
    add_files(reply, context.start.workdir);
  }
  return reply;
}

}  // namespace snapshot_test::host::execution
