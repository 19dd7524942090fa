// A manifest: what the store holds of one benchmark, as a value and as the JSON text of cases/<module>/<name>.json
// (grammar in docs/store.md).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/store/history.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// The snapshot of one case.
struct CaseRecord {
  std::size_t index = 0;         ///< its place in the product of the manifest's params
  std::vector<std::string> ids;  ///< one an axis
  model::CaptureStatus status = model::CaptureStatus::kFailed;
  std::string reason;        ///< one line; may be empty
  std::string run;           ///< id of the run that captured it
  std::string version;       ///< ASV's version of the source it was captured from; empty: the manifest's
  double seconds = 0;        ///< wall time of the call
  double total_seconds = 0;  ///< wall time of its process; 0 where that is not known
  model::Ending ending = model::Ending::kProtocol;
  /// It showed the same in a process of its own and in one in which other cases had run before.
  bool context_free = false;
  bool unheld = false;  ///< it was looked at without holding its values during the call, and has to be again
  /// No number of what decides on it is larger, and there is nothing else that zeros would show in: with tolerances far
  /// below, it is sensitive. None where that is not so, or was not looked at.
  std::optional<double> magnitude = {};
  /// Where zeros could pass: the rules (audit::text_of) under which another wrong value was found that would not, so
  /// that verify need not look again. Empty where none was, or nobody looked.
  std::string sensitive_under = {};
  std::vector<model::SiteValue> sites;
  std::vector<Change> history = {};       ///< the oldest first
  std::optional<Proposal> proposal = {};  ///< only of what is pending
};

/// All snapshots of one benchmark. `cases` is sorted by index and holds no index twice.
struct Manifest {
  std::string benchmark;   ///< ASV's full name
  std::string type;        ///< "time", "track", ...
  std::string version;     ///< ASV's version when last captured
  std::string module;      ///< dotted; empty for the root
  std::string class_name;  ///< empty for functions
  std::string function;
  std::vector<model::ParamAxis> params;  ///< as they were when last captured
  std::vector<CaseRecord> cases;
};

/// A manifest for `benchmark` without cases.
[[nodiscard]] Manifest make_manifest(const model::Benchmark& benchmark);
/// The other way: the benchmark that a manifest describes.
[[nodiscard]] model::Benchmark benchmark_of(const Manifest& manifest);
/// "name" or "name(id1, id2)".
[[nodiscard]] std::string case_label(const Manifest& manifest, const CaseRecord& record);

/// What a record holds, to be compared: a line a site, "return 9c1e…", or "return cannot be pickled".
[[nodiscard]] std::vector<std::string> objects_of(const CaseRecord& record);

/// Which snapshot of a benchmark belongs to which of its cases now. Ids identify a case, so it is found again when an
/// axis grows or is reordered. An address in an id ("<… at 0x7f…>") is ignored. Where several combinations share their
/// ids, the index decides among them.
class CaseFinder {
 public:
  /// `manifest` outlives the finder.
  explicit CaseFinder(const Manifest& manifest);
  ~CaseFinder();
  CaseFinder(const CaseFinder&) = delete;
  CaseFinder& operator=(const CaseFinder&) = delete;

  /// The snapshot of the case that has these parameter ids and this index now; null if there is none. The pointer is
  /// valid as long as the manifest's cases. A lookup that finds the case at its old index is cheap; the first that does
  /// not makes a table of all cases.
  [[nodiscard]] const CaseRecord* find(const std::vector<std::string>& ids, std::size_t index);

 private:
  struct Table;

  const Manifest& manifest_;
  std::unique_ptr<Table> table_;
};

/// What a capture of some of a benchmark's cases leaves: `fresh`, plus the cases of `old` that were not captured now
/// and whose ids still exist in fresh.params (at their present index). A kept case keeps its run and its version.
[[nodiscard]] Manifest merge(const Manifest& old, Manifest fresh);

/// Puts one case into `manifest`, in place of the one with the same ids. An id that is new becomes the last of its
/// axis, and the indices of all cases are counted anew; `record.index` is set here. A manifest without cases takes its
/// axes from the ids. kUsage where the number of ids is not that of the axes, or an id does not say which value is
/// meant. Where `names` is not empty, they become the names of the axes, of which there must be as many.
[[nodiscard]] Result<void> put_case(Manifest& manifest, const std::vector<std::string>& names, CaseRecord record);
/// The case with these ids; null if there is none. kUsage where an id does not say which value is meant.
[[nodiscard]] Result<const CaseRecord*> find_case(const Manifest& manifest, const std::vector<std::string>& ids);

/// The sites that hold what the case came to: `result`; else `return` where it is meaningful; else those of the body,
/// in order; else `deepest`; else `state`. Only those that have an object; empty if none has.
[[nodiscard]] std::vector<const model::SiteValue*> values_of_case(const CaseRecord& record);

/// JSON, indented, with a final newline. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string to_text(const Manifest& manifest);
/// Is of some value only a sketch stored? Then its format is kSketchFormat.
[[nodiscard]] bool has_sketches(const Manifest& manifest);
/// kCorrupt with line and column, or with the place ("cases[3].sites[0]"); kUnsupported for another format version.
/// `path` is for messages.
[[nodiscard]] Result<Manifest> manifest_from_text(std::string_view text, const std::string& path);

}  // namespace snapshot_test::store
