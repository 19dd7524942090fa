#include "report/output_file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include <span>

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace fs = std::filesystem;

namespace {

/// Until it is destroyed, writing to a pipe without a reader fails with EPIPE instead of ending the program.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe() {
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

Result<void> write_to_stream(std::ostream& stream, const std::string& text) {
  if (!(stream << text << std::flush)) {
    return fail(ErrorKind::kIo, "cannot write the report to standard output");
  }
  return {};
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path, std::ostream& standard_output) {
  if (path == "-") {
    return OutputFile(Kind::kStream, path, standard_output);
  }
  std::error_code error;
  // A rename would put a file in the place of a link, or of /dev/null.
  fs::path target = fs::weakly_canonical(path, error);
  if (error) {
    target = path;
  }
  if (fs::is_symlink(target, error)) {  // to a file that is not there yet
    target = target.parent_path() / fs::read_symlink(target, error);
  }
  const fs::file_status status = fs::status(target, error);
  if (fs::is_directory(status)) {
    return fail(ErrorKind::kIo, "cannot write a report to '" + path + "': it is a folder; name a file in it");
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return OutputFile(Kind::kDevice, target, standard_output);
  }
  TRY(util::AtomicFile::create(target).map([](const auto& /*created*/) {}));  // can it be made?
  fs::remove(target, error);
  if (error) {
    return fail(ErrorKind::kIo, "cannot remove the earlier report '" + path + "': " + error.message());
  }
  return OutputFile(Kind::kFile, target, standard_output);
}

Result<void> OutputFile::write(const std::string& report) {
  const std::string text = util::visible(report, util::Keep::kLines);
  switch (kind_) {
    case Kind::kStream: return write_to_stream(*stream_, text);
    case Kind::kDevice: {
      const util::Fd fd(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
      if (!fd) {
        return tl::unexpected(util::io_error("open", path_));
      }
      return util::write_all(fd.get(), std::as_bytes(std::span(text)), path_);
    }
    case Kind::kFile: return util::write_file_atomically(path_, text);
  }
  return {};
}

OutputFile OutputFile::part(std::size_t number) const {
  fs::path path = path_;
  path.replace_filename(path_.stem().string() + ".part" + std::to_string(number) + path_.extension().string());
  return OutputFile(kind_, path, *stream_);
}

void OutputFile::remove_parts() const {
  std::error_code error;
  for (std::size_t number = 2; is_regular() && fs::remove(part(number).path_, error); ++number) {
  }
}

Result<OutputLog> OutputLog::open(const std::string& path, std::ostream& standard_output) {
  if (path == "-") {
    return OutputLog(util::Fd(), path, standard_output);
  }
  util::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(util::io_error("open", path));
  }
  return OutputLog(std::move(fd), path, standard_output);
}

Result<void> OutputLog::write(const std::string& event) {
  const std::string text = util::visible(event, util::Keep::kLines);
  if (!fd_) {
    return write_to_stream(*stream_, text);
  }
  const WithoutSigpipe guard;
  return util::write_all(fd_.get(), std::as_bytes(std::span(text)), path_);
}

}  // namespace snapshot_test::report
