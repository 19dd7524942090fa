#include "session/python_environment.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "util/process.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;

namespace {

/// Run by the chosen interpreter itself: only it knows where its library is. -S: site-packages are of no interest here.
constexpr const char* kProbe = R"(
import json, os, sys, sysconfig
get = sysconfig.get_config_var
name = get("INSTSONAME") or get("LDLIBRARY") or ""
folders = [get("LIBDIR"), os.path.join(get("LIBDIR") or "", get("MULTIARCH") or ""), get("LIBPL"),
           os.path.join(sys.base_prefix, "lib")]
paths = [os.path.join(folder, name) for folder in folders if folder and ".so" in name]
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "implementation": sys.implementation.name,
    "free_threaded": bool(get("Py_GIL_DISABLED")),
    "libraries": [path for path in paths if os.path.exists(path)],
}))
)";

bool is_executable(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::optional<fs::path> search_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const fs::path candidate = fs::path(rest.substr(0, colon)) / name;
    if (is_executable(candidate)) {
      return candidate;
    }
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return std::nullopt;
}

/// The path as it was named, made absolute but not resolved: a virtual environment's python is a link to another one.
Result<fs::path> choose(const std::optional<std::string>& requested) {
  if (requested) {
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

std::string how_to_build(const std::string& executable) {
  return fmt::format(
      "build snapshot_test for it: cmake --preset release -DPython_EXECUTABLE={} && "
      "cmake --build --preset release",
      executable);
}

std::string minor_version(const std::string& version) { return version.substr(0, version.rfind('.')); }

}  // namespace

std::string built_for_python() { return ST_BUILT_FOR_PYTHON; }

Result<PythonEnvironment> find_python(const std::optional<std::string>& requested) {
  const auto chosen = choose(requested);
  if (!chosen) {
    return tl::unexpected(chosen.error());
  }
  const auto output = util::run_and_read({chosen->string(), "-S", "-c", kProbe});
  if (!output) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' does not work as a Python interpreter: {}", chosen->string(),
                                               output.error().message));
  }
  const nlohmann::json answer = nlohmann::json::parse(*output, nullptr, false);
  if (!answer.is_object()) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' does not answer like a Python interpreter", chosen->string()));
  }
  PythonEnvironment python;
  python.executable = answer.value("executable", chosen->string());
  python.version = answer.value("version", "");
  python.implementation = answer.value("implementation", "");
  if (python.implementation != "cpython" || answer.value("free_threaded", false)) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("'{}' is {}{}; snapshot_test embeds CPython {} with the GIL", python.executable,
                            python.implementation, answer.value("free_threaded", false) ? " without the GIL" : "",
                            built_for_python()));
  }
  if (minor_version(python.version) != built_for_python()) {
    return fail(
        ErrorKind::kUnsupported,
        fmt::format("'{}' is Python {}, but this snapshot_test was built for Python {}. Choose a Python {} with "
                    "--python, or {}",
                    python.executable, python.version, built_for_python(), built_for_python(),
                    how_to_build(python.executable)));
  }
  const auto libraries = answer.value("libraries", std::vector<std::string>{});
  if (libraries.empty()) {
    return fail(
        ErrorKind::kUnsupported,
        fmt::format("'{}' has no shared libpython{}.so, which an embedding program needs. Choose an interpreter that "
                    "was configured with --enable-shared (on Debian or Ubuntu: apt-get install python3-dev; with "
                    "pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install {}), then {}",
                    python.executable, built_for_python(), python.version, how_to_build("<that interpreter>")));
  }
  python.library = fs::canonical(libraries.front());
  return python;
}

}  // namespace snapshot_test::session
