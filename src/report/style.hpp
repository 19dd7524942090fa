// Colours, or none.
#pragma once

#include <string>
#include <string_view>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

enum class Color { kOff, kOn };

enum class Tone { kPlain, kGood, kBad, kDoubtful, kFaint, kHeading };

/// `text` in the tone's colour; as it is with Color::kOff.
[[nodiscard]] std::string paint(Color color, Tone tone, std::string_view text);

[[nodiscard]] Tone tone(model::Standing standing);
[[nodiscard]] Tone tone(model::CaptureStatus status);

}  // namespace snapshot_test::report
