// Which Python runs a suite, and how: with interpreters that are shell scripts.
#include "runner/python_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "store_support.hpp"

namespace snapshot_test::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class Choosing : public testing::Test {
 protected:
  Choosing() {
    ::unsetenv(kDefaultPythonVariable);
    ::unsetenv("VIRTUAL_ENV");
  }

  /// A program that answers what find_python() asks of an interpreter.
  fs::path interpreter(const std::string& name, const json& answer) {
    return script(name, "cat <<'END'\n" + answer.dump() + "\nEND");
  }
  fs::path script(const std::string& name, const std::string& line) {
    const fs::path path = folder.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << line << '\n';
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  /// Of a CPython that no program of ours embeds.
  static json answer() {
    return {{"version", "3.99.1"},
            {"implementation", "cpython"},
            {"free_threaded", false},
            {"libraries", json::array()},
            {"package", {{"version", ST_VERSION}, {"clock_library", "/lib/clock.so"}}}};
  }
  static Error refusal(const std::optional<std::string>& requested) {
    const auto found = find_python(requested);
    return found ? Error{ErrorKind::kInternal, "accepted"} : found.error();
  }

  store::TemporaryFolder folder;
};

TEST_F(Choosing, Interpreter_WithThePackage_IsItsOwnHost) {
  const fs::path path = interpreter("python3", answer());
  const auto found = find_python(path.string());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->host, HostKind::kModule);
  EXPECT_EQ(found->executable, path.string());
  EXPECT_EQ(found->version, "3.99.1");
  EXPECT_EQ(found->clock_library, "/lib/clock.so");
  EXPECT_THAT(describe(*found), AllOf(HasSubstr("Python 3.99.1 at " + path.string()), HasSubstr("diff_tester.host")));
}

TEST_F(Choosing, Interpreter_OfAVirtualEnvironmentsFolder_IsFound) {
  const fs::path path = interpreter("venv/bin/python3", answer());
  const auto found = find_python((folder.path() / "venv").string());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->executable, path.string());
}

TEST_F(Choosing, Nothing_Requested_TakesTheCallerThenTheEnvironmentThenThePath) {
  const std::string before = std::getenv("PATH");
  const fs::path caller = interpreter("caller/python3", answer());
  const fs::path environment = interpreter("venv/bin/python3", answer());
  const fs::path on_path = interpreter("path/python3", answer());
  ::setenv(kDefaultPythonVariable, caller.c_str(), 1);
  ::setenv("VIRTUAL_ENV", (folder.path() / "venv").c_str(), 1);
  ::setenv("PATH", ((folder.path() / "path").string() + ":" + before).c_str(), 1);
  EXPECT_EQ(find_python(std::nullopt)->executable, caller.string());
  ::unsetenv(kDefaultPythonVariable);
  EXPECT_EQ(find_python(std::nullopt)->executable, environment.string());
  ::unsetenv("VIRTUAL_ENV");
  EXPECT_EQ(find_python(std::nullopt)->executable, on_path.string());
  EXPECT_EQ(find_python("python3")->executable, on_path.string());
  ::setenv("PATH", before.c_str(), 1);
}

TEST_F(Choosing, Interpreter_ThatIsNotThere_IsAUsageError) {
  for (const char* name : {"", "no-such-python", "/no/such/python"}) {
    EXPECT_EQ(refusal(name).kind, ErrorKind::kUsage) << name;
    EXPECT_THAT(refusal(name).message, HasSubstr("--python")) << name;
  }
  ::setenv("VIRTUAL_ENV", "/no/such/venv", 1);
  EXPECT_EQ(refusal(std::nullopt).kind, ErrorKind::kUsage);
  EXPECT_THAT(refusal(std::nullopt).message, HasSubstr("/no/such/venv"));
  ::unsetenv("VIRTUAL_ENV");
}

TEST_F(Choosing, Program_ThatIsNoInterpreter_IsAUsageError) {
  EXPECT_EQ(refusal(script("fails", "echo no; exit 3").string()).kind, ErrorKind::kUsage);
  const Error chatty = refusal(script("chatty", "echo hello").string());
  EXPECT_EQ(chatty.kind, ErrorKind::kUsage);
  EXPECT_THAT(chatty.message, HasSubstr("does not answer like a Python interpreter"));
}

TEST_F(Choosing, AnotherImplementation_IsUnsupported) {
  json other = answer();
  other["implementation"] = "pypy";
  EXPECT_EQ(refusal(interpreter("pypy", other).string()).kind, ErrorKind::kUnsupported);
  json free = answer();
  free["free_threaded"] = true;
  const Error error = refusal(interpreter("free", free).string());
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("without the GIL"));
}

TEST_F(Choosing, Interpreter_WithoutThePackage_SaysHowToInstallIt) {
  json none = answer();
  none.erase("package");
  none["no_package"] = "ModuleNotFoundError: No module named 'diff_tester'";
  const Error error = refusal(interpreter("python3", none).string());
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, AllOf(HasSubstr("which it does not have"), HasSubstr("-m pip install")));
  none["no_package"] = "ImportError: libfoo.so";
  EXPECT_THAT(refusal(interpreter("python3", none).string()).message,
              HasSubstr("does not load (ImportError: libfoo.so)"));
}

TEST_F(Choosing, Interpreter_WithThePackageOfAnotherVersion_NamesBoth) {
  json old = answer();
  old["package"]["version"] = "0.0.1";
  const Error error = refusal(interpreter("python3", old).string());
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, AllOf(HasSubstr("0.0.1"), HasSubstr(ST_VERSION)));
}

}  // namespace
}  // namespace snapshot_test::runner
