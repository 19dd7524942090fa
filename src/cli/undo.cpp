#include "cli/undo.hpp"

#include <fmt/format.h>

#include "cli/question.hpp"
#include "cli/settings.hpp"
#include "cli/variant.hpp"
#include "report/format.hpp"
#include "report/tested_text.hpp"
#include "session/baseline.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

std::string origin_of(const store::Store& store) {
  const auto origin = session::origin_of(store);
  return origin ? report::origin_text(*origin) : std::string("an unknown time");
}

/// A pull, and a verification that removed snapshots, have left no record of a run.
std::string what_is_undone(const store::Store& store, const std::string& run_id) {
  const auto run = store.load_run(run_id);
  return run && *run ? "the capture of " + report::origin_text({(*run)->time, (*run)->tested})
                     : "what pull brought or verify --obsolete delete removed";
}

std::string offer_text(const store::Store& store, const store::Undoable& undoable) {
  std::string text = fmt::format("this undoes {}\n", what_is_undone(store, undoable.run_id));
  const auto line = [&](std::size_t count, std::string_view what) {
    text += count > 0 ? fmt::format("  {} {}\n", report::counted(count, "benchmark"), what) : "";
  };
  line(undoable.restored, "as before it");
  line(undoable.removed, "that it added, removed");
  return text;
}

Result<model::ExitStatus> undo(const Shared& shared, Consent consent, const Streams& streams) {
  TRY_ASSIGN(auto config, load_config(shared));
  TRY_ASSIGN(const auto chosen, choose_variant(config, VariantUse::kWrite));
  if (chosen) {
    config.snapshot_dir = chosen->location;
    streams.err << report::variant_text(chosen->variant) << '\n';
  }
  TRY_ASSIGN(const auto store, session::open_baseline(config.snapshot_dir));
  TRY_ASSIGN(const auto undoable, store->find_undoable());
  if (!undoable) {
    return fail(ErrorKind::kUsage,
                fmt::format("there is nothing to undo in '{}': since it was made or last cleaned, no capture has "
                            "replaced a baseline there",
                            store->name()));
  }
  streams.out << offer_text(*store, *undoable);
  if (consent == Consent::kAsked && can_ask(streams) && !ask("undo it?", streams, [] { return false; })) {
    streams.out << "nothing was undone\n";
    return model::ExitStatus::kFailed;
  }
  TRY(store->undo_capture(undoable->run_id));
  streams.out << fmt::format("undone; the baseline is that of {}\n", origin_of(*store));
  return model::ExitStatus::kSuccess;
}

}  // namespace

model::ExitStatus undo_capture(const Shared& shared, Consent consent, const Streams& streams) {
  const auto status = undo(shared, consent, streams);
  return status ? *status : complain(status.error(), streams, shared.color);
}

}  // namespace snapshot_test::cli
