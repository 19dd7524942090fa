// Text that is not ours (what benchmarks print, what a stranger's store holds), so that it can be shown: nothing in it
// steers a terminal, hides, or changes the order of what is read.
#pragma once

#include <string>
#include <string_view>

namespace snapshot_test::util {

/// What stays as it is among characters that have no shape of their own.
enum class Keep {
  kNothing,   ///< one line: "\n" and "\t" are written out, too ("\\n", four spaces)
  kLines,     ///< line ends and tabs
  kControls,  ///< all below U+0020: text that has our own colours in it
};

/// Appends `text`. Control characters become \x1b, those above ASCII, marks that change the direction of writing and
/// characters without width \u202e, and bytes that are no UTF-8 \xff. The \u form means the same inside JSON.
void append_visible(std::string& out, std::string_view text, Keep keep);
[[nodiscard]] std::string visible(std::string_view text, Keep keep);

/// How much of `text` there is without a character at its end that is cut off.
[[nodiscard]] std::size_t whole_characters(std::string_view text);

}  // namespace snapshot_test::util
