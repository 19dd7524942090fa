// What the hook sees of other threads than the benchmark's.
#include "host/trace_support.hpp"

namespace snapshot_test::host::trace {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class TracerThreadsTest : public TracerTest {
 protected:
  /// With the GIL of the test, which other threads need as well: they have it whenever the benchmark waits for them.
  std::vector<std::string> workers(const char* source, Options options = {}) {
    const Trace seen = trace(source, options);
    EXPECT_EQ(exception_, "");
    notes_ = seen.notes;
    std::vector<std::string> texts;
    for (const TracedCall& call : seen.workers) texts.push_back(text(call));
    return texts;
  }
  std::vector<std::string> notes_;
};
INSTANTIATE_TEST_SUITE_P(Evaluator, TracerThreadsTest, ::testing::Values(Mechanism::kFrameEvaluator), mechanism_name);

constexpr const char* kStart = R"py(
import threading
def run(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
)py";

TEST_P(TracerThreadsTest, OfEachCall_TheOutermostMeaningfulReturnsAreKept) {
  const std::string source = std::string(kStart) + R"py(
def leaf(x): return x
def whole(): return leaf(1) + leaf(2)
def parts():
    leaf(3)
    middle()
def middle():
    leaf(4); leaf(0); leaf(5)
def nothing(): return None
def bench(): run(whole, parts, nothing)
)py";
  EXPECT_THAT(workers(source.c_str()), UnorderedElementsAre("project.whole@0=3", "project.leaf@1=3", "project.leaf@2=4",
                                                            "project.leaf@2=0", "project.leaf@2=5"));
}

TEST_P(TracerThreadsTest, AZeroDoesNotStandForWhatIsBelowIt_AndIsKept) {
  const std::string source = std::string(kStart) + R"py(
def leaf(x): return x
def status():
    leaf(3)
    return 0
def bench(): run(status)
)py";
  EXPECT_THAT(workers(source.c_str()), UnorderedElementsAre("project.leaf@1=3", "project.status@0=0"));
}

TEST_P(TracerThreadsTest, ACallThatRaises_KeepsWhatReturnedBelowIt) {
  const std::string source = std::string(kStart) + R"py(
def leaf(x): return x
def fails():
    leaf(7)
    raise ValueError
def caught():
    try: fails()
    except ValueError: pass
def bench(): run(caught)
)py";
  EXPECT_THAT(workers(source.c_str()), UnorderedElementsAre("project.leaf@2=7"));
}

TEST_P(TracerThreadsTest, ACallThatIsUnderWayInTheEnd_IsLeftOut) {
  const std::string source = std::string(kStart) + R"py(
import time
go = threading.Event()
there = threading.Event()
def leaf(x): return x
def waits():
    leaf(1); there.set(); go.wait()
    return 2
def bench():
    threading.Thread(target=waits, daemon=True).start()
    there.wait()
)py";
  EXPECT_THAT(workers(source.c_str()), IsEmpty());
  py::eval("__import__('project').go.set()");
}

TEST_P(TracerThreadsTest, WhilePausedInItsOwnThread_OthersAreSeen) {
  Options options;
  options.quiet_calls = 20;
  const std::string source = std::string(kStart) + R"py(
def quiet(): return 1
def work(): return sum(square(i) for i in range(100))
def square(i): return i * i
done = threading.Event()
def bench():
    thread = threading.Thread(target=work)
    thread.start()
    for i in range(1000): quiet()
    thread.join()
)py";
  EXPECT_THAT(workers(source.c_str(), options), UnorderedElementsAre("project.work@0=328350"));
}

TEST_P(TracerThreadsTest, TooManyCalls_AreLeftOutAltogether) {
  const std::string source = std::string(kStart) + R"py(
def leaf(x): return x + 1
def many():
    for i in range(20000): leaf(i)
def bench(): run(many)
)py";
  EXPECT_THAT(workers(source.c_str()), IsEmpty());
  EXPECT_THAT(notes_, Contains(HasSubstr("other threads made too many calls")));
}

}  // namespace
}  // namespace snapshot_test::host::trace
