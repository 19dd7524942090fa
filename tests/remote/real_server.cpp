#include "remote/real_server.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "util/fd.hpp"
#include "util/process.hpp"

extern char** environ;

namespace snapshot_test::remote {

namespace {

using nlohmann::json;

class Variables {
 public:
  void set(const std::string& name, const std::string& value) {
    const char* before = std::getenv(name.c_str());
    before_.try_emplace(name, before != nullptr ? std::optional<std::string>(before) : std::nullopt);
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : before_) {
      if (value) {
        ::setenv(name.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(name.c_str());
      }
    }
  }

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace

std::string remote_python() {
  const char* python = std::getenv("SNAPSHOT_TEST_REMOTE_PYTHON");
  return python != nullptr ? python : "";
}

class RealServer::Impl {
 public:
  Impl(const std::string& kind, const std::string& folder) {
    auto input = util::make_pipe();
    auto output = util::make_pipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input->read.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output->write.get(), STDOUT_FILENO);
    std::vector<std::string> argv{remote_python(), SNAPSHOT_TEST_SOURCE_DIR "/tests/remote/servers.py", kind,
                                  folder + "/server"};
    if (::posix_spawn(&pid_, argv[0].c_str(), &actions, nullptr, util::c_strings(argv).data(), environ) != 0) {
      ADD_FAILURE() << "cannot start " << argv[0];
    }
    ::posix_spawn_file_actions_destroy(&actions);
    input_ = std::move(input->write);
    output_ = ::fdopen(output->read.release(), "r");
  }
  ~Impl() {
    input_.reset();
    std::fclose(output_);
    (void)util::wait_for(pid_);
  }
  json read_line() {
    std::string line;
    for (int c = 0; (c = std::fgetc(output_)) != EOF && c != '\n';) {
      line.push_back(static_cast<char>(c));
    }
    json read = json::parse(line, nullptr, false);
    if (!read.is_object()) {
      ADD_FAILURE() << "the server did not start: " << line;
      read = json::object();
    }
    return read;
  }
  void write_line(const json& value) const {
    const std::string line = value.dump() + "\n";
    EXPECT_EQ(::write(input_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
  Variables variables;

 private:
  pid_t pid_ = -1;
  util::Fd input_;
  std::FILE* output_ = nullptr;
};

RealServer::RealServer(const std::string& kind) {
  std::string pattern = std::filesystem::temp_directory_path() / "st-remote-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  impl_ = std::make_unique<Impl>(kind, folder_);
  const json told = impl_->read_line();
  url_ = told.value("url", "");
  const json environment = told.value("environment", json::object());
  for (const auto& [name, value] : environment.items()) {
    impl_->variables.set(name, value.get<std::string>());
  }
}

RealServer::~RealServer() {
  impl_.reset();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

std::unique_ptr<HelperStorage> RealServer::open(std::chrono::milliseconds timeout) const {
  HelperOptions options;
  options.python = remote_python();
  options.timeout = timeout;
  auto storage = open_helper_storage(url_, options);
  EXPECT_TRUE(storage) << storage.error().message;
  return storage ? *std::move(storage) : nullptr;
}

void RealServer::fault(const std::string& name, int times, const std::string& method, const std::string& path) const {
  impl_->write_line({{"fault", name}, {"times", times}, {"method", method}, {"path", path}});
  (void)impl_->read_line();
}

}  // namespace snapshot_test::remote
