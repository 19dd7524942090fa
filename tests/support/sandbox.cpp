#include "support/sandbox.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

std::string environment_or(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

}  // namespace

std::string test_python() { return environment_or("SNAPSHOT_TEST_PYTHON", SNAPSHOT_TEST_BUILD_PYTHON); }

bool must_not_skip() { return environment_or("SNAPSHOT_TEST_REQUIRE_ALL", "0") == "1"; }

bool python_has(const std::string& module) {
  Program python({test_python(), "-c", "import " + module}, {fs::temp_directory_path(), {}, Privileges::kInherited});
  return python.wait(std::chrono::seconds(60)).status == 0;
}

std::map<std::string, std::string> Report::outcomes() const {
  std::map<std::string, std::string> result;
  if (!json.is_object() || !json.contains("cases")) return result;
  for (const auto& item : json.at("cases")) {
    result[item.at("label").get<std::string>()] = item.at(item.contains("verdict") ? "verdict" : "status");
  }
  return result;
}

std::string Report::of(const std::string& label) const {
  const auto all = outcomes();
  const auto found = all.find(label);
  return found == all.end() ? "(not reported)" : found->second;
}

nlohmann::json Report::entry(const std::string& label) const {
  if (!json.is_object() || !json.contains("cases")) return nullptr;
  for (const auto& item : json.at("cases")) {
    if (item.at("label") == label) return item;
  }
  return nullptr;
}

std::string Report::text() const {
  return run.text() + "--- report\n" + (json.is_null() ? "none" : json.dump(1)) + "\n---\n";
}

Sandbox::Sandbox() {
  auto pattern = (fs::temp_directory_path() / "snapshot_test_e2e.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
  root_ = fs::canonical(pattern);
  for (const char* folder : {"home", "tmp", "project", "benchmarks"}) fs::create_directory(root_ / folder);
}

Sandbox::~Sandbox() {
  // A test may have taken the right to write away.
  std::error_code ignored;
  for (auto it = fs::recursive_directory_iterator(root_, ignored); it != fs::recursive_directory_iterator();
       it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      fs::permissions(it->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    }
  }
  fs::remove_all(root_, ignored);
}

void Sandbox::write(const fs::path& relative, std::string_view text) const {
  const auto target = path(relative);
  fs::create_directories(target.parent_path());
  std::ofstream out(target, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + target.string());
  // A .pyc is recognised by the size and the second of its source: too coarse for two writes in one test.
  fs::remove_all(target.parent_path() / "__pycache__");
}

void Sandbox::write_suite(std::string_view bench) const {
  write("benchmarks/__init__.py", "");
  write("benchmarks/bench.py", bench);
}

std::string Sandbox::read(const fs::path& relative) const {
  std::ifstream in(path(relative), std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path(relative).string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

nlohmann::json Sandbox::read_json(const fs::path& relative) const { return nlohmann::json::parse(read(relative)); }

std::map<std::string, std::string> Sandbox::tree(const fs::path& relative) const {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::recursive_directory_iterator(path(relative))) {
    const auto name = fs::relative(entry.path(), path(relative)).string();
    if (entry.is_directory()) {
      result[name + "/"] = "";
    } else {
      result[name] = read(entry.path());
    }
  }
  return result;
}

ProgramOptions Sandbox::program_options(const RunOptions& options) const {
  ProgramOptions result;
  result.folder = root_ / options.folder;
  result.privileges = options.privileges;
  // A person's environment without their settings: nothing of the machine decides a test.
  result.environment = {{"PATH", environment_or("PATH", "/usr/bin:/bin")},
                        {"HOME", path("home").string()},
                        {"TMPDIR", path("tmp").string()},
                        {"LANG", "C.UTF-8"}};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) result.environment[name] = value;
  }
  for (const auto& [name, value] : options.environment) result.environment[name] = value;
  return result;
}

std::unique_ptr<Program> Sandbox::start(const std::vector<std::string>& arguments, const RunOptions& options) const {
  std::vector<std::string> command{binary()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Program>(command, program_options(options));
}

Run Sandbox::run_command(const std::vector<std::string>& command, const RunOptions& options) const {
  return Program(command, program_options(options)).wait(options.deadline);
}

Run Sandbox::run(const std::vector<std::string>& arguments, const RunOptions& options) const {
  return start(arguments, options)->wait(options.deadline);
}

std::vector<std::string> Sandbox::suite_arguments(const std::string& command) const {
  return {command,          path("benchmarks").string(), "--project-dir", path("project").string(),
          "--snapshot-dir", path(".snapshots").string(), "--python",      test_python()};
}

Report Sandbox::report(const std::string& command, const std::vector<std::string>& extra,
                       const RunOptions& options) const {
  auto arguments = suite_arguments(command);
  arguments.insert(arguments.end(), {"--json", path("report.json").string()});
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  fs::remove(path("report.json"));
  Report result{run(arguments, options), nullptr};
  if (fs::exists(path("report.json"))) result.json = read_json("report.json");
  return result;
}

Report Sandbox::capture(const std::vector<std::string>& extra, const RunOptions& options) const {
  return report("capture", extra, options);
}

Report Sandbox::verify(const std::vector<std::string>& extra, const RunOptions& options) const {
  return report("verify", extra, options);
}

}  // namespace snapshot_test::support
