#include "host/pickling/output.hpp"

namespace snapshot_test::host::pickling {

void Output::get(std::uint64_t number) {
  if (number < 256) {
    op<1>(Opcode::kBinGet, number);
  } else {
    op<4>(Opcode::kLongBinGet, number);
  }
}

void Output::refer_to_buffer(bool read_only) {
  op(Opcode::kNextBuffer);
  if (read_only) {
    op(Opcode::kReadOnlyBuffer);
  }
  count_elsewhere(buffers_->spans().back().size());
}

}  // namespace snapshot_test::host::pickling
