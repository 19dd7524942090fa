#include "report/output_file.hpp"

#include <fcntl.h>

#include <span>

#include "util/fd.hpp"
#include "util/file.hpp"

namespace snapshot_test::report {

namespace fs = std::filesystem;

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
  if (auto probe = util::AtomicFile::create(target); !probe) {
    return tl::unexpected(std::move(probe.error()));
  }
  fs::remove(target, error);
  if (error) {
    return fail(ErrorKind::kIo, "cannot remove the earlier report '" + path + "': " + error.message());
  }
  return OutputFile(Kind::kFile, target, standard_output);
}

Result<void> OutputFile::write(const std::string& text) {
  switch (kind_) {
    case Kind::kStream:
      if (!(*stream_ << text << std::flush)) {
        return fail(ErrorKind::kIo, "cannot write the report to standard output");
      }
      return {};
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

}  // namespace snapshot_test::report
