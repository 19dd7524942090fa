#include "runner/python_environment.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "util/process.hpp"
#include "util/program_path.hpp"
#include "util/try.hpp"

namespace snapshot_test::runner {

namespace fs = std::filesystem;

namespace {

/// Run by the chosen interpreter itself: only it knows where its library is. -S, because site-packages are of no
/// interest to one that can be embedded; argv: this program's X.Y, or nothing.
constexpr const char* kProbe = R"(
import sys
sys.path[:] = [path for path in sys.path if path]  # not the current folder, whose files may be called as these are
import json, os, sysconfig
get = sysconfig.get_config_var
name = get("INSTSONAME") or get("LDLIBRARY") or ""
folders = [get("LIBDIR"), os.path.join(get("LIBDIR") or "", get("MULTIARCH") or ""), get("LIBPL"),
           os.path.join(sys.base_prefix, "lib")]
paths = [os.path.join(folder, name) for folder in folders if folder and ".so" in name]
libraries = [path for path in paths if os.path.exists(path)]
answer = {
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "implementation": sys.implementation.name,
    "free_threaded": bool(get("Py_GIL_DISABLED")),
    "libraries": libraries,
}
if sys.argv[1] != "%d.%d" % sys.version_info[:2] or not libraries:
    import site
    site.main()
    try:
        import diff_tester.host as host
        answer["package"] = {"version": host.version, "clock_library": host.clock_library}
    except Exception as error:
        answer["no_package"] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(answer))
)";

bool is_executable(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::optional<fs::path> search_path(const std::string& name) {
  for (const fs::path candidate : util::program_candidates(name, std::getenv("PATH"))) {
    if (is_executable(candidate)) {
      return candidate;
    }
  }
  return std::nullopt;
}

/// The path as it was named, made absolute but not resolved: a virtual environment's python is a link to another one.
Result<fs::path> choose(const std::optional<std::string>& requested) {
  if (requested && requested->empty()) {
    return fail(ErrorKind::kUsage, "--python names no interpreter: it is empty");
  }
  if (requested && *requested != "same") {  // asv's word for the usual one
    const bool version = requested->find_first_not_of("0123456789.") == std::string::npos;
    if (const auto found = version ? search_path("python" + *requested) : std::nullopt) {
      return *found;
    }
    if (requested->find('/') == std::string::npos) {
      if (const auto found = search_path(*requested)) {
        return *found;
      }
    }
    fs::path path = fs::absolute(*requested).lexically_normal();
    if (fs::is_directory(path)) {
      path /= "bin/python3";  // the folder of a virtual environment
    }
    if (!is_executable(path)) {
      return fail(ErrorKind::kUsage,
                  fmt::format("--python '{}': there is no such program. Name an interpreter, for example "
                              "--python .venv/bin/python",
                              *requested));
    }
    return path;
  }
  if (const char* caller = std::getenv(kDefaultPythonVariable); caller != nullptr && is_executable(caller)) {
    return fs::path(caller);
  }
  if (const char* environment = std::getenv("VIRTUAL_ENV"); environment != nullptr && *environment != '\0') {
    const fs::path path = fs::path(environment) / "bin/python3";
    if (is_executable(path)) {
      return path;
    }
    return fail(
        ErrorKind::kUsage,
        fmt::format("VIRTUAL_ENV is set to '{}', but there is no bin/python3 in it. Activate another environment "
                    "or name an interpreter with --python",
                    environment));
  }
  if (const auto found = search_path("python3")) {
    return *found;
  }
  return fail(ErrorKind::kUsage, "there is no python3 on PATH. Name an interpreter with --python");
}

bool is_too_old(const std::string& version) {
  return version.starts_with("2.") || (version.starts_with("3.") && std::atoi(version.c_str() + 2) < 9);
}

std::string too_old(const std::string& executable, const std::string& version) {
  return fmt::format(
      "'{}' is Python {}; snapshot_test runs benchmarks in CPython 3.9 or newer: name another one with --python",
      executable, version);
}

/// The version of a Python that cannot answer kProbe for its age; empty of everything else.
std::string old_version(const fs::path& executable, const util::BeforeExec& before) {
  const auto said =
      util::run_and_read({executable.string(), "-c", "import sys; print(sys.version.split()[0])"}, before);
  const std::string version = said ? said->substr(0, said->find('\n')) : "";
  return is_too_old(version) ? version : "";
}

/// What a program says of itself in one line; nothing of what is longer, such as our own question quoted.
std::string in_short(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  return line.size() > 120 ? "" : fmt::format(" ({})", line);
}

std::string minor_version(const std::string& version) { return version.substr(0, version.rfind('.')); }

/// Why this program cannot embed the interpreter; empty if it can.
std::string why_not_embedded(const PythonEnvironment& python) {
  if (std::string_view(ST_BUILT_FOR_PYTHON).empty()) {
    return "this program embeds no Python";
  }
  if (minor_version(python.version) != ST_BUILT_FOR_PYTHON) {
    return fmt::format("this snapshot_test embeds Python {}", ST_BUILT_FOR_PYTHON);
  }
  return python.library.empty() ? "it has no shared libpython" : "";
}

/// Lets the interpreter be its own host, if its package is there and of our version.
Result<void> use_package(PythonEnvironment& python, const nlohmann::json& answer) {
  const std::string install =
      fmt::format("{} -m pip install PATH, where PATH is the source folder or the wheel of version {}",
                  python.executable, std::string(ST_VERSION));
  const auto package = answer.find("package");
  if (package == answer.end()) {
    const std::string missing = answer.value("no_package", "");
    const bool absent = missing.starts_with("ModuleNotFoundError: No module named 'diff_tester'");
    return fail(
        ErrorKind::kUnsupported,
        fmt::format(
            "'{}' is Python {} and {}, so it needs snapshot_test's Python package, which {}. Install it "
            "there ({}){}",
            python.executable, python.version, python.why_module,
            absent ? "it does not have" : fmt::format("does not load ({})", missing), install,
            std::string_view(ST_BUILT_FOR_PYTHON).empty()
                ? ""
                : fmt::format(", or choose a Python {} with a shared libpython by --python", ST_BUILT_FOR_PYTHON)));
  }
  if (const std::string version = package->value("version", ""); version != ST_VERSION) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("'{}' has version {} of snapshot_test's Python package, and this program is version {}; "
                            "they must be the same: {}",
                            python.executable, version, ST_VERSION, install));
  }
  python.clock_library = package->value("clock_library", "");
  return {};
}

}  // namespace

std::string describe(const PythonEnvironment& python) {
  const std::string who = fmt::format("Python {} at {}", python.version, python.executable);
  if (python.host == HostKind::kEmbedded) {
    return fmt::format("{}, with {}", who, python.library.string());
  }
  return fmt::format("{}, as a process of its own (diff_tester.host), since {}", who, python.why_module);
}

Result<PythonEnvironment> find_python(const std::optional<std::string>& requested, const util::BeforeExec& before) {
  TRY_ASSIGN(const auto chosen, choose(requested));
  const auto output = util::run_and_read({chosen.string(), "-S", "-c", kProbe, ST_BUILT_FOR_PYTHON}, before);
  if (!output && output.error().kind == ErrorKind::kIo) {
    return tl::unexpected(output.error());
  }
  if (!output) {
    if (const std::string version = old_version(chosen, before); !version.empty()) {
      return fail(ErrorKind::kUnsupported, too_old(chosen.string(), version));
    }
    return fail(ErrorKind::kUsage, fmt::format("'{}' does not work as a Python interpreter; name one with --python{}",
                                               chosen.string(), in_short(output.error().message)));
  }
  const nlohmann::json answer = nlohmann::json::parse(*output, nullptr, false);
  if (!answer.is_object()) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' does not answer like a Python interpreter", chosen.string()));
  }
  PythonEnvironment python;
  python.executable = answer.value("executable", chosen.string());
  python.version = answer.value("version", "");
  python.implementation = answer.value("implementation", "");
  const bool free_threaded = answer.value("free_threaded", false);
  if (is_too_old(python.version)) {
    return fail(ErrorKind::kUnsupported, too_old(python.executable, python.version));
  }
  if (python.implementation != "cpython" || free_threaded) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("'{}' is {}{}; snapshot_test runs benchmarks in CPython with the GIL, 3.9 or newer",
                            python.executable, python.implementation, free_threaded ? " without the GIL" : ""));
  }
  if (const auto libraries = answer.value("libraries", std::vector<std::string>{}); !libraries.empty()) {
    python.library = fs::canonical(libraries.front());
  }
  python.why_module = why_not_embedded(python);
  if (!python.why_module.empty()) {
    python.host = HostKind::kModule;
    TRY(use_package(python, answer));
  }
  return python;
}

}  // namespace snapshot_test::runner
