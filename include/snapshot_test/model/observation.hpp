// What one run of one case showed.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::model {

/// Where in a case's execution a value is observed.
enum class SiteKind {
  kReturn,     ///< what the benchmark itself returned
  kBody,       ///< body[i]: the value of its i-th observed statement
  kState,      ///< what the call changed, as far as its values do not show it
  kDeepest,    ///< the return of the deepest Python call with a meaningful value
  kPath,       ///< path[d]: returns of the calls between the benchmark (depth 0) and `deepest`
  kThreads,    ///< what calls in other threads returned: a list of values without order
  kResult,     ///< what the case came to, as a script stored it that ran the benchmark itself
  kRepeated,   ///< repeated[i]: what it came to when called once more in the same process, set up anew
  kPerturbed,  ///< perturbed[i]: what it came to with inputs that were changed in place; [0]: what stayed as it was
};

/// A site's identity inside one case; prints as "return", "body[3]", "state", "deepest", "path[2]",
/// "threads", "result".
struct Site {
  SiteKind kind = SiteKind::kReturn;
  int index = 0;  ///< what stands in brackets; 0 otherwise

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Site> parse(std::string_view text);
  friend bool operator==(const Site&, const Site&) = default;
  friend auto operator<=>(const Site&, const Site&) = default;
};

/// A value of which only a sketch was stored.
struct WholeValue {
  std::string sha256;  ///< of the plain pickle, as are the next two
  std::uint64_t bytes = 0;
  std::string fingerprint;  ///< empty: compare with the SHA-256
  friend bool operator==(const WholeValue&, const WholeValue&) = default;
};

/// The observed value of one site, once it has been pickled.
struct SiteValue {
  Site site;
  std::string source;  ///< what produced it: the statement's text, or "module.qualname" of the call; may be empty
  std::string type;    ///< Python type, "numpy.ndarray"; display only
  /// Not None, and for deepest/path also not empty or zero: may this site decide a verdict?
  bool meaningful = false;
  std::uint64_t count = 1;  ///< how often the statement ran
  /// The statement is in a loop, and the value is the list of what it computed, round by round. Otherwise the value is
  /// the last one.
  bool rounds = false;
  std::string object;       ///< SHA-256 (hex) of the plain pickle; empty if opaque
  std::uint64_t bytes = 0;  ///< size of the plain pickle
  std::string fingerprint;  ///< XXH3-128 (hex) of the plain pickle; empty where none was taken
  /// What the stored pickle is a sketch of (docs/sketches.md): the three above are the sketch's. None: it is the value.
  std::optional<WholeValue> sketch_of;
  std::string opaque;  ///< why it could not be pickled; empty if it was
  std::string partly;  ///< why its pickle holds only part of the value (cut off, described); empty if all of it
  /// Paths inside the value that differ from run to run on unchanged code; verification leaves them out.
  std::vector<std::string> unstable;
  /// Paths of numbers that differ from run to run, but only a little: path → the relative tolerance they have instead.
  std::map<std::string, double> bounds;
  bool wholly_unstable = false;  ///< nothing of the value is stable
};

/// How a case's process ended, as a name for every way there is.
enum class Ending {
  kReturned,      ///< set-up, call and teardown went through
  kNoOp,          ///< the body does nothing; it was run all the same
  kSkipped,       ///< the benchmark itself says skip
  kRaised,        ///< a Python exception
  kTimedOut,      ///< killed at its deadline
  kSignalled,     ///< killed by a signal that we did not send
  kExited,        ///< left through exit() or os._exit()
  kOutOfMemory,   ///< MemoryError, or killed at the memory limit
  kImportFailed,  ///< its module or setup_cache did not get far enough to run it
  kNotRun,        ///< there was nothing to run it for
  kProtocol,      ///< it ended without a result, or what it sent was not understood
  kRefused,       ///< the machine refused what this program needs to run it: says nothing about the case
};
[[nodiscard]] std::string_view name(Ending ending);
[[nodiscard]] std::optional<Ending> ending_from_name(std::string_view text);

/// All that one run of one case showed.
struct Observation {
  Ending ending = Ending::kProtocol;
  std::string detail;        ///< one line: the exception, the signal's name, the exit status
  std::string traceback;     ///< Python's, where there is one
  std::string output;        ///< stdout and stderr, merged, decoded with replacement, bounded
  double seconds = 0;        ///< wall time of the call alone
  double total_seconds = 0;  ///< wall time of its process: set-up, call, looking at the values, teardown
  std::vector<SiteValue> sites;
  bool unheld = false;                     ///< no value was held during the call, since it raises while they are
  std::vector<std::string> notes;          ///< e.g. "body: source not available"
  std::vector<std::string> replaced = {};  ///< functions that it has put others in place of: a line each
  std::vector<std::string> opened = {};    ///< files of the baseline's store that Python code opened while it ran
};

void to_json(nlohmann::json& out, const SiteValue& in);
void from_json(const nlohmann::json& in, SiteValue& out);
void to_json(nlohmann::json& out, const Observation& in);
void from_json(const nlohmann::json& in, Observation& out);

}  // namespace snapshot_test::model
