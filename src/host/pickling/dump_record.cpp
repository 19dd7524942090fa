#include "host/pickling/dump_record.hpp"

#include <fmt/format.h>

namespace snapshot_test::host::pickling {

tl::unexpected<Error> DumpRecord::opaque(std::string_view why) const {
  return fail(ErrorKind::kPython, fmt::format("opaque: {}, at {}", why, path_text(path)));
}

}  // namespace snapshot_test::host::pickling
