// One line on a terminal, rewritten in place: done / total, failures, time left.
#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>

namespace snapshot_test::report {

class Progress {
 public:
  /// `width` gives the terminal's columns, asked each time; without it nothing is ever drawn. `now` is a monotonic
  /// clock in seconds.
  Progress(std::ostream& out, std::function<unsigned()> width, std::function<double()> now);

  /// A pass over `total` cases: "verifying".
  void begin(std::string what, std::size_t total);
  void working_on(std::string label);
  void one_done();
  void failed() { ++failures_; }
  /// Takes the line away, so that other text can be written; the next change draws it again.
  void clear();
  void end();

 private:
  void draw();
  [[nodiscard]] std::string line() const;

  std::ostream& out_;
  std::function<unsigned()> width_;
  std::function<double()> now_;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t failures_ = 0;
  std::string what_;
  std::string label_;
  double began_ = 0;
  double drawn_at_ = 0;
  bool visible_ = false;
  bool active_ = false;
};

/// The columns of the terminal that `fd` is; 80 where it does not say.
[[nodiscard]] unsigned terminal_width(int fd);

}  // namespace snapshot_test::report
