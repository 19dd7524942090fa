// The pickle machine: opcodes in, nodes out. It has a stack, marks and a memo, and nothing that could call.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pickle/builder.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/pickle_opcodes.hpp"

namespace snapshot_test::pickle {

using Opcode = util::PickleOpcode;

class Machine {
 public:
  using Buffers = std::span<const std::span<const std::byte>>;

  explicit Machine(std::span<const std::byte> bytes) : bytes_(bytes), builder_(bytes.size()) {}
  /// For a pickle with out-of-band buffers.
  Machine(std::span<const std::byte> bytes, Buffers buffers)
      : bytes_(bytes), builder_(bytes.size()), buffers_(buffers) {}

  /// Runs to STOP and returns what is on top of the stack.
  [[nodiscard]] Result<Value*> run();
  [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
  [[nodiscard]] Builder& builder() noexcept { return builder_; }
  /// Out-of-band buffers that no opcode has used.
  [[nodiscard]] std::size_t buffers_left() const noexcept { return buffers_ ? buffers_->size() - buffers_used_ : 0; }

 private:
  /// Runs opcodes from there on while they are common and raise no question, and returns where the next one is.
  std::uint64_t run_common(std::uint64_t from);
  // Its parts return null or false where they have done nothing.
  const std::byte* read_floats(const std::byte* at, const std::byte* end);
  const std::byte* read_view(const std::byte* at, const std::byte* end, std::size_t width, Kind kind);
  bool put_in_order(std::uint64_t index);
  bool get_in_order(std::uint64_t index);
  bool tuple_of(std::size_t count);
  [[nodiscard]] bool marked_container(Kind kind) const;
  bool append_to_list();
  bool set_in_dict();

  // Every step returns false after it has set error_.
  bool step(Opcode opcode);
  bool step_number(Opcode opcode);
  bool step_bytes(Opcode opcode);
  bool step_container(Opcode opcode);
  bool step_stack(Opcode opcode);
  bool step_object(Opcode opcode);
  bool step_frame(Opcode opcode);
  bool next_buffer();
  bool read_only_buffer();

  bool read_int_text();
  bool read_long_text();
  bool read_quoted();
  bool read_text(std::uint64_t length, Kind kind);
  bool read_python2_text(std::uint64_t length);
  bool read_big_integer(std::uint64_t length);
  bool append(std::size_t first);
  bool set_items(std::size_t first);
  bool add_items();
  bool make_tuple(std::size_t count);
  bool make_dict();
  bool memo_put(std::uint64_t index);
  bool memo_get(std::uint64_t index);
  bool memo_text(Opcode opcode);
  bool make_global(std::string_view module, std::string_view name);
  bool stack_global();
  bool make_instance(Opcode opcode);
  bool reduce(Opcode opcode);
  bool build();
  bool extension(std::size_t width);
  bool persistent_id(Opcode opcode);

  bool number(std::size_t width, std::uint64_t& out);  ///< little endian
  bool take(std::uint64_t length, std::span<const std::byte>& out);
  bool line(std::string_view& out);
  bool push(Value* value);
  bool pop(Value*& out);
  bool need(std::size_t count);  ///< that many values above the last mark
  bool pop_mark(std::size_t& first);
  [[nodiscard]] std::size_t floor() const noexcept { return marks_.empty() ? 0 : marks_.back(); }
  bool bad(std::string_view cause, ErrorKind kind = ErrorKind::kCorrupt);
  bool bad(const Error& error) { return bad(error.message, error.kind); }

  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  std::uint64_t opcode_at_ = 0;
  Builder builder_;
  Era era_ = Era::kPython2;
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Value*> memo_;                            ///< indices that come in order, as all but edited pickles have
  std::unordered_map<std::uint64_t, Value*> far_memo_;  ///< the others
  std::optional<Buffers> buffers_;                      ///< nothing: there can be none
  std::size_t buffers_used_ = 0;
  std::optional<Error> error_;
};

}  // namespace snapshot_test::pickle
