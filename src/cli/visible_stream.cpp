#include "cli/visible_stream.hpp"

#include <string_view>

namespace snapshot_test::cli {

bool VisibleBuffer::hand_on(std::string_view text) {
  const std::string shown = util::visible(text, keep_);
  const auto size = static_cast<std::streamsize>(shown.size());
  return target_.sputn(shown.data(), size) == size;
}

std::streamsize VisibleBuffer::xsputn(const char* text, std::streamsize size) {
  begun_.append(text, static_cast<std::size_t>(size));
  const std::size_t whole = util::whole_characters(begun_);
  const bool done = hand_on(std::string_view(begun_).substr(0, whole));
  begun_.erase(0, whole);
  return done ? size : 0;
}

VisibleBuffer::int_type VisibleBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) {
    return traits_type::not_eof(c);
  }
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

int VisibleBuffer::sync() {
  const bool done = begun_.empty() || hand_on(begun_);
  begun_.clear();
  return target_.pubsync() == 0 && done ? 0 : -1;
}

}  // namespace snapshot_test::cli
