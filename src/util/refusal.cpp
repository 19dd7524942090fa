#include "util/refusal.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace snapshot_test::util {

std::string advice(int error) {
  switch (error) {
    case EMFILE: return "; raise the limit on open files (ulimit -n), or use fewer --workers";
    case ENFILE: return "; the system has no more open files: end other programs, or use fewer --workers";
    case EAGAIN:
      return "; raise the limit on processes and threads (ulimit -u, or the container's pids limit), or use fewer "
             "--workers";
    case ENOMEM: return "; free some memory, raise its limit (ulimit -v), or use fewer --workers";
    case ENOSPC:
    case EDQUOT: return "; free some space there, or set TMPDIR to a folder that has some";
    case EFBIG: return "; raise the limit on file sizes (ulimit -f)";
    default: return "";
  }
}

Error refusal(std::string_view action, int error) {
  return Error{ErrorKind::kIo, fmt::format("cannot {}: {}{}", action, std::strerror(error), advice(error))};
}

}  // namespace snapshot_test::util
