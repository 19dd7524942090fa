// What goes on, at the bottom of a terminal and redrawn in place: a line of counts, and one for each running case.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

struct TerminalSize {
  unsigned columns = 80;
  unsigned lines = 24;
};

/// The size of the terminal `fd`; the defaults above where the system does not report one.
[[nodiscard]] TerminalSize terminal_size(int fd);

/// Draws at most ten times a second, each time with one write, and never more lines than fit on the screen.
class Progress {
 public:
  /// `size` is called at each drawing; without it nothing is ever drawn. `now` is a monotonic clock in seconds.
  Progress(std::ostream& out, std::function<TerminalSize()> size, std::function<double()> now);

  /// Of the next pass, every case of it, with what it took when it last ran.
  void expect(const std::vector<model::CaseDuration>& cases);
  /// How many cases run at once; at least 1.
  void set_workers(std::size_t workers) { workers_ = workers; }
  /// A pass over `total` cases: "verifying". `passes_to_come` over about as many cases follow it: the share that is
  /// done and the time that is left are those of all passes.
  void begin(std::string what, std::size_t total, std::size_t passes_to_come = 0);
  /// `label` is printable.
  void started(const model::CaseId& id, std::string label);
  void ended(const model::CaseId& id);
  void failed() { ++failures_; }
  /// Time has passed.
  void tick() { draw(); }
  /// Writes lines of text, each ended by '\n', above what is drawn.
  void print(std::string_view text);
  /// Takes everything away, until the next begin().
  void end();

 private:
  struct Running {
    std::string benchmark;
    std::size_t index = 0;
    std::string label;
    double since = 0;
    double expected = 0;  ///< seconds
  };

  void draw();
  /// Text and escape sequences that put the cursor where the drawing begins.
  [[nodiscard]] std::string to_the_top() const;
  /// The drawing, from there on; counts its lines.
  [[nodiscard]] std::string drawing();
  [[nodiscard]] std::vector<std::string> lines(unsigned at_most) const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] std::string time_left() const;
  [[nodiscard]] double at_this_pace() const;
  [[nodiscard]] double as_expected() const;

  std::ostream& out_;
  std::function<TerminalSize()> size_;
  std::function<double()> now_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t done_before_ = 0;  ///< in earlier passes
  std::size_t to_come_ = 0;      ///< in later passes
  std::size_t failures_ = 0;
  std::string what_;
  std::vector<Running> running_;  ///< the one that has run longest first
  // What the cases of this pass took when they last ran; none where that is known of no case.
  std::map<std::pair<std::string, std::size_t>, double> expected_;  ///< of those that have not ended
  double expected_total_ = 0;                                       ///< seconds, of all
  double expected_done_ = 0;                                        ///< of those that have ended
  std::size_t passes_to_come_ = 0;
  std::size_t workers_ = 1;
  double pass_began_ = 0;
  double began_ = 0;  ///< the first pass with cases
  double drawn_at_ = 0;
  std::size_t drawn_lines_ = 0;  ///< on the screen now
  bool active_ = false;
};

}  // namespace snapshot_test::report
