#include "audit/mutation.hpp"

namespace snapshot_test::audit {

std::string_view name(Mutation mutation) {
  switch (mutation) {
    case Mutation::kZeros: return "zeros";
    case Mutation::kConstant: return "a constant";
    case Mutation::kSign: return "sign flipped";
    case Mutation::kOneElement: return "one element by 1e-3";
    case Mutation::kDropped: return "largest element 0";
    case Mutation::kShuffled: return "shuffled";
    case Mutation::kTransposed: return "transposed";
    case Mutation::kPrevious: return "previous case";
    case Mutation::kFloat32: return "rounded to float32";
  }
  return "";
}

std::string_view key(Mutation mutation) {
  switch (mutation) {
    case Mutation::kZeros: return "zeros";
    case Mutation::kConstant: return "constant";
    case Mutation::kSign: return "sign-flipped";
    case Mutation::kOneElement: return "one-element";
    case Mutation::kDropped: return "largest-dropped";
    case Mutation::kShuffled: return "shuffled";
    case Mutation::kTransposed: return "transposed";
    case Mutation::kPrevious: return "previous-case";
    case Mutation::kFloat32: return "float32";
  }
  return "";
}

}  // namespace snapshot_test::audit
