// The last thing that all output goes through: what is still in it that was not made visible where it came in.
#pragma once

#include <streambuf>
#include <string>

#include "util/visible.hpp"

namespace snapshot_test::cli {

/// Hands text on to another buffer, which must outlive it, as util::append_visible() writes it. Unbuffered, but for a
/// character of which only the beginning has come.
class VisibleBuffer : public std::streambuf {
 public:
  VisibleBuffer(std::streambuf& target, util::Keep keep) : target_(target), keep_(keep) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  [[nodiscard]] bool hand_on(std::string_view text);

  std::streambuf& target_;
  util::Keep keep_;
  std::string begun_;
};

}  // namespace snapshot_test::cli
