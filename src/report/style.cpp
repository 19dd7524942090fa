#include "report/style.hpp"

#include <fmt/color.h>
#include <fmt/format.h>

namespace snapshot_test::report {

std::string paint(Color color, Tone tone, std::string_view text) {
  if (color == Color::kOff || tone == Tone::kPlain) {
    return std::string(text);
  }
  fmt::text_style style;
  switch (tone) {
    case Tone::kGood: style = fmt::fg(fmt::terminal_color::green); break;
    case Tone::kBad: style = fmt::fg(fmt::terminal_color::red) | fmt::emphasis::bold; break;
    case Tone::kDoubtful: style = fmt::fg(fmt::terminal_color::yellow); break;
    case Tone::kFaint: style = fmt::text_style(fmt::emphasis::faint); break;
    case Tone::kHeading: style = fmt::text_style(fmt::emphasis::bold); break;
    case Tone::kPlain: break;
  }
  return fmt::format(style, "{}", text);
}

Tone tone(model::Standing standing) {
  switch (standing) {
    case model::Standing::kPass: return Tone::kGood;
    case model::Standing::kFail: return Tone::kBad;
    case model::Standing::kNeither: return Tone::kFaint;
    case model::Standing::kExpected:
    case model::Standing::kUnverified:
    case model::Standing::kObsolete: return Tone::kDoubtful;
  }
  return Tone::kPlain;
}

Tone tone(model::CaptureStatus status) {
  if (model::verifiable(status)) {
    return Tone::kGood;
  }
  switch (status) {
    case model::CaptureStatus::kFailed: return Tone::kBad;
    case model::CaptureStatus::kSkipped:
    case model::CaptureStatus::kNoOp: return Tone::kFaint;
    default: return Tone::kDoubtful;
  }
}

}  // namespace snapshot_test::report
