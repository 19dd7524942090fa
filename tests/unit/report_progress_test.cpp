// The live display, looked at through a terminal that understands what it is sent.
#include "report/progress.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "report/terminal.hpp"

namespace snapshot_test::report {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

/// Each write() is one flush of the stream: what one system call would carry.
class CountingBuffer : public std::stringbuf {
 public:
  int sync() override {
    ++writes;
    return std::stringbuf::sync();
  }
  int writes = 0;
};

/// A screen of some columns and lines that scrolls. Knows the sequences that the display may use, and no others.
class Screen {
 public:
  Screen(std::size_t columns, std::size_t lines) : columns_(columns), height_(lines) {}

  void feed(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      switch (text[i]) {
        case '\r': x_ = 0; break;
        case '\n':
          x_ = 0;
          ++y_;
          break;
        case '\x1b': i = escape(text, i + 1); break;
        default: put(text[i]);
      }
    }
  }

  /// All that was ever written and not erased, to the cursor's line at least; without what is right of the text.
  std::vector<std::string> text() const {
    std::vector<std::string> all = cells_;
    all.resize(std::max(all.size(), y_ + 1));
    for (std::string& line : all) {
      line.erase(line.find_last_not_of(' ') + 1);
    }
    return all;
  }
  bool wraps() const { return wraps_; }

 private:
  void put(char c) {
    if (x_ >= columns_) {
      if (!wraps_) {
        return;
      }
      x_ = 0;
      ++y_;
    }
    cells_.resize(std::max(cells_.size(), y_ + 1));
    cells_[y_].resize(std::max(cells_[y_].size(), x_ + 1), ' ');
    cells_[y_][x_++] = c;
  }

  std::size_t escape(const std::string& text, std::size_t at) {
    const std::size_t end = text.find_first_of("ABCDHJKhlm", at);
    const std::string sequence = text.substr(at, end + 1 - at);
    if (sequence == "[K") {
      if (y_ < cells_.size()) {
        cells_[y_].resize(std::min(cells_[y_].size(), x_));
      }
    } else if (sequence == "[J") {
      cells_.resize(std::min(cells_.size(), y_ + 1));
      if (y_ < cells_.size()) {
        cells_[y_].resize(std::min(cells_[y_].size(), x_));
      }
    } else if (sequence == "[?7l" || sequence == "[?7h") {
      wraps_ = sequence.back() == 'h';
    } else if (sequence.back() == 'A') {
      const std::size_t up = std::stoul(sequence.substr(1));
      // What has left the screen cannot be reached again.
      const std::size_t top = std::max(cells_.size(), y_ + 1) - std::min(height_, std::max(cells_.size(), y_ + 1));
      if (up > y_ - std::min(y_, top)) {
        throw std::logic_error("the cursor was sent above the screen");
      }
      y_ -= up;
    } else {
      throw std::logic_error("unknown sequence: " + sequence);
    }
    return end;
  }

  std::size_t columns_;
  std::size_t height_;
  std::vector<std::string> cells_;
  std::size_t x_ = 0;
  std::size_t y_ = 0;
  bool wraps_ = true;
};

model::CaseId case_id(const std::string& label) { return {label.substr(0, label.find('(')), 0, label}; }

model::CaseVerdict raised(const std::string& label) {
  model::CaseVerdict result;
  result.id = case_id(label);
  result.verdict = model::Verdict::kRaised;
  result.reason = "raises now";
  return result;
}

class LiveDisplay : public testing::Test {
 protected:
  explicit LiveDisplay(TerminalSize size = {40, 24})
      : out_(&buffer_),
        screen_(size.columns, size.lines),
        terminal_(out_, {Verbosity::kNormal, Color::kOff, [size] { return size; }, [this] { return now_; }}) {}

  std::vector<std::string> screen() {
    screen_.feed(buffer_.str());
    buffer_.str("");
    return screen_.text();
  }
  /// Of the display; what was printed stands above it.
  std::string first_line() {
    const auto lines = screen();
    const auto found =
        std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("ver"); });
    return found == lines.end() ? "" : *found;
  }
  void start(const std::string& label) { terminal_.started(case_id(label)); }
  void end(const std::string& label) { terminal_.ended(case_id(label)); }
  void tick_at(double seconds) {
    now_ = seconds;
    terminal_.tick();
  }

  double now_ = 0;
  CountingBuffer buffer_;
  std::ostream out_;
  Screen screen_;
  Terminal terminal_;
};

TEST_F(LiveDisplay, RunningCases_AreShownWithCountsAndTheirTime) {
  terminal_.phase("verifying", 1200);
  EXPECT_THAT(screen(), ElementsAre("verifying [0/1,200] 0.0 %"));
  start("m.time_long(1)");
  now_ = 1.5;
  start("m.time_b");
  EXPECT_THAT(screen(), ElementsAre("verifying [0/1,200] 0.0 %", "   1.5 s  m.time_long(1)", "   0.0 s  m.time_b"));
  now_ = 2.5;
  end("m.time_b");
  EXPECT_THAT(screen()[1], "   2.5 s  m.time_long(1)");
  tick_at(150);
  EXPECT_THAT(screen().back(), "2 min 30 s  m.time_long(1)");
}

TEST_F(LiveDisplay, Tick_UpdatesTheTime) {
  terminal_.phase("verifying", 2);
  start("m.time_a");
  now_ = 7.25;
  terminal_.tick();
  EXPECT_THAT(screen(), ElementsAre("verifying [0/2] 0.0 %", "   7.2 s  m.time_a"));
}

TEST_F(LiveDisplay, Redraw_IsOneWriteAndNotTooOften) {
  terminal_.phase("verifying", 100);
  for (int i = 0; i < 5; ++i) {
    start("m.time_a(" + std::to_string(i) + ")");
  }
  buffer_.writes = 0;
  tick_at(1);
  EXPECT_EQ(buffer_.writes, 1);
  tick_at(1.05);
  EXPECT_EQ(buffer_.writes, 1) << "too soon to draw again";
  terminal_.verified(raised("m.time_a(0)"));
  EXPECT_EQ(buffer_.writes, 2) << "taken away, text, drawn again";
}

TEST_F(LiveDisplay, OtherText_IsPrintedAboveTheDisplay) {
  terminal_.phase("verifying", 2);
  start("m.time_a");
  tick_at(1);
  terminal_.verified(raised("m.time_x"));
  EXPECT_THAT(screen(),
              ElementsAre("raised: m.time_x", "  raises now", "verifying [0/2] 0.0 %, 1 failed", "   1.0 s  m.time_a"));
  EXPECT_TRUE(terminal_.close({}));
  EXPECT_THAT(screen(), ElementsAre("raised: m.time_x", "  raises now", ""));
  EXPECT_TRUE(screen_.wraps()) << "left as it was found";
  tick_at(9);
  EXPECT_THAT(screen(), SizeIs(3)) << "stopped is stopped";
}

TEST_F(LiveDisplay, InterruptedRun_LeavesNothingOfIt) {
  terminal_.phase("verifying", 20);
  start("m.time_a");
  start("m.time_b");
  tick_at(1);
  model::VerifySummary interrupted;
  interrupted.status = model::ExitStatus::kInterrupted;
  interrupted.failure = "interrupted";
  terminal_.finished(interrupted);
  EXPECT_THAT(screen(), ElementsAre("", "verified 0 of 0 cases (0.0 %) in 0.00 s",
                                    "INTERRUPTED (exit status 130): interrupt", "ed", ""));
}

TEST_F(LiveDisplay, EndedCases_LeaveNoLineBehind) {
  terminal_.phase("verifying", 3);
  start("m.time_a");
  start("m.time_b");
  tick_at(1);
  EXPECT_THAT(screen(), SizeIs(3));
  end("m.time_a");
  end("m.time_b");
  tick_at(1.2);
  EXPECT_THAT(screen(), ElementsAre("verifying [2/3] 66.6 %"));
}

TEST_F(LiveDisplay, CaseStartedAgain_KeepsItsTime) {
  terminal_.phase("capturing", 1);
  start("m.time_a");
  now_ = 3;
  start("m.time_a");
  EXPECT_THAT(screen(), ElementsAre("capturing [0/1] 0.0 %", "   3.0 s  m.time_a"));
}

TEST_F(LiveDisplay, ManyCases_ShowEightAndHowManyMore) {
  terminal_.phase("verifying", 100);
  for (int i = 0; i < 8; ++i) {
    start("m.time_" + std::to_string(i));
  }
  tick_at(1);
  EXPECT_THAT(screen(), SizeIs(9));
  EXPECT_EQ(screen().back(), "   1.0 s  m.time_7");
  for (int i = 8; i < 50; ++i) {
    start("m.time_" + std::to_string(i));
  }
  tick_at(2);
  EXPECT_THAT(screen(), SizeIs(10));
  EXPECT_EQ(screen()[8], "   2.0 s  m.time_7");
  EXPECT_EQ(screen()[9], "          ... and 42 more");
}

TEST_F(LiveDisplay, LongLine_IsCutToTheWidth) {
  terminal_.phase("verifying", 100);
  start("m.time_a('" + std::string(200, 'x') + "')");
  tick_at(1);
  EXPECT_THAT(screen(), ElementsAre("verifying [0/100] 0.0 %", "   1.0 s  m.time_a('" + std::string(19, 'x')));
}

class SmallTerminal : public LiveDisplay {
 protected:
  SmallTerminal() : LiveDisplay({40, 6}) {}
};

TEST_F(SmallTerminal, SixLines_LeaveTwoFree) {
  terminal_.phase("verifying", 100);
  for (int i = 0; i < 4; ++i) {
    model::CaseVerdict failed = raised("m.time_x");
    failed.reason += " of kind " + std::to_string(i);  // what says the same is shown once
    terminal_.verified(failed);                        // the display is at the bottom of the screen
  }
  for (int i = 0; i < 5; ++i) {
    start("m.time_" + std::to_string(i));
  }
  for (int second = 1; second < 4; ++second) {
    tick_at(second);
    const auto lines = screen();
    ASSERT_THAT(lines, SizeIs(8 + 4));
    EXPECT_EQ(lines[8], "verifying [0/100] 0.0 %, 4 failed");
    EXPECT_EQ(lines[10].substr(8), "  m.time_1");
    EXPECT_EQ(lines[11], "          ... and 3 more");
  }
}

class TinyTerminal : public LiveDisplay {
 protected:
  TinyTerminal() : LiveDisplay({10, 2}) {}
};

TEST_F(TinyTerminal, TwoLines_ShowOnlyTheCounts) {
  terminal_.phase("verifying", 100);
  start("m.time_a");
  tick_at(1);
  EXPECT_THAT(screen(), ElementsAre("verifying"));
}

TEST_F(LiveDisplay, TimeLeft_FollowsThePace) {
  terminal_.phase("verifying", 4);
  start("m.time_a");
  tick_at(9);
  EXPECT_EQ(screen()[0], "verifying [0/4] 0.0 %") << "no case has ended, so there is no pace";
  now_ = 10;
  end("m.time_a");
  EXPECT_THAT(screen(), ElementsAre("verifying [1/4] 25.0 %, 30 s left"));
}

model::RunPlan plan_with(std::size_t cases, unsigned workers) {
  model::RunPlan plan;
  plan.cases = cases;
  plan.workers = workers;
  return plan;
}

TEST_F(LiveDisplay, TimeLeft_IsThatOfTheLastRunSharedByTheWorkers) {
  terminal_.planned(plan_with(4, 2));
  screen();
  terminal_.durations({{"m.time_a", 0, 30}, {"m.time_b", 0, 10}, {"m.time_c", 0, 40}, {"m.time_d", 0, 0.001}});
  terminal_.phase("verifying", 4);
  EXPECT_EQ(screen().back(), "verifying [0/4] 0.0 %, 41 s left") << "known before anything has ended";
  start("m.time_a");
  start("m.time_b");
  now_ = 10;
  end("m.time_b");
  // 60 s of 80 remain, on two workers.
  EXPECT_EQ(first_line(), "verifying [1/4] 25.0 %, 31 s left");
}

TEST_F(LiveDisplay, TimeLeft_GrowsWhereTheRunIsSlowerThanTheLastOne) {
  terminal_.planned(plan_with(10, 1));
  std::vector<model::CaseDuration> expected;
  for (int i = 0; i < 10; ++i) {
    expected.push_back({"m.time_" + std::to_string(i), 0, 2});
  }
  terminal_.durations(expected);
  terminal_.phase("verifying", 10);
  for (int i = 0; i < 5; ++i) {
    start("m.time_" + std::to_string(i));
    now_ += 4;
    end("m.time_" + std::to_string(i));
  }
  // 10 s remain, and 20 s were taken for as many: nearly twice as slow, since two seconds count as if they were not.
  EXPECT_EQ(first_line(), "verifying [5/10] 50.0 %, 19 s left");
}

TEST_F(LiveDisplay, TimeLeft_IsNeverLessThanThatOfARunningCase) {
  terminal_.planned(plan_with(3, 8));
  terminal_.durations({{"m.time_long", 0, 100}, {"m.time_a", 0, 1}, {"m.time_new", 0, 0}});
  terminal_.phase("verifying", 3);
  start("m.time_long");
  now_ = 1;
  start("m.time_a");
  now_ = 2;
  end("m.time_a");
  EXPECT_EQ(first_line(), "verifying [1/3] 33.3 %, 1 min 38 s left");
}

TEST_F(LiveDisplay, TimeLeft_WithoutKnownDurations_FollowsThePace) {
  terminal_.planned(plan_with(4, 1));
  terminal_.durations({{"m.time_a", 0, 0}, {"m.time_b", 0, 0}, {"m.time_c", 0, 0}, {"m.time_d", 0, 0}});
  terminal_.phase("verifying", 4);
  start("m.time_a");
  now_ = 10;
  end("m.time_a");
  EXPECT_EQ(first_line(), "verifying [1/4] 25.0 %, 30 s left");
}

TEST(LiveDisplayOfCapture, ShareAndTimeLeft_OfTwoPasses_AreThoseOfBoth) {
  double now = 0;
  std::ostringstream out;
  TerminalOptions options;
  options.size = [] { return TerminalSize{60, 24}; };
  options.now = [&] { return now; };
  options.passes = 2;
  Terminal terminal(out, options);
  const auto shown = [&] {
    Screen screen(60, 24);
    screen.feed(out.str());
    return screen.text().front();
  };
  terminal.phase("finding benchmarks", 0);
  now = 5;
  terminal.phase("capturing", 4);
  now = 15;
  terminal.ended(case_id("m.time_a"));
  EXPECT_EQ(shown(), "capturing [1/4] 12.5 %, 1 min 10 s left");
  for (const char* label : {"m.time_b", "m.time_c", "m.time_d"}) {
    now += 10;
    terminal.ended(case_id(label));
  }
  EXPECT_EQ(shown(), "capturing [4/4] 50.0 %, 40 s left");
  terminal.phase("running again", 2);
  EXPECT_EQ(shown(), "running again [0/2] 66.6 %, 20 s left");
}

TEST_F(LiveDisplay, LongCaseAmongShortOnes_CountsForTheTimeLeft) {
  terminal_.phase("verifying", 100);
  start("m.time_long");
  for (int i = 1; i < 100; ++i) {
    start("m.time_a(" + std::to_string(i) + ")");
    end("m.time_a(" + std::to_string(i) + ")");
  }
  tick_at(45);
  EXPECT_EQ(screen()[0], "verifying [99/100] 99.0 %, 45 s left");
}

TEST_F(LiveDisplay, NoTerminal_PrintsNothing) {
  std::ostringstream log;
  Terminal terminal(log, {Verbosity::kNormal, Color::kOff, nullptr, nullptr});
  terminal.phase("verifying", 2);
  terminal.started(case_id("m.time_a"));
  terminal.tick();
  terminal.ended(case_id("m.time_a"));
  EXPECT_TRUE(terminal.close({}));
  EXPECT_EQ(log.str(), "");
}

}  // namespace
}  // namespace snapshot_test::report
