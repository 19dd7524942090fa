// Whatever randomness Python code asks for without a seed, two processes get the same.
#include "host/interpreter/determinism.hpp"

#include <gmock/gmock.h>
#include <pybind11/pybind11.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "host/interpreter/interpreter.hpp"
#include "host/python_program.hpp"

namespace snapshot_test::host::interpreter {
namespace py = pybind11;
namespace {

struct Source {
  const char* name;
  const char* package;  ///< the test is skipped without; empty: the standard library
  const char* program;  ///< leaves `result`
};

/// `repr(result)` of a program in a new process, prepared as hosts are: replaced entropy in a base, a module imported
/// in it, and a fork for the case. An exception is a result too.
std::string in_new_processes(const std::string& import, const std::string& program) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t base = ::fork();
  if (base == 0) {
    close(ends[0]);
    const auto started = Interpreter::start(SNAPSHOT_TEST_BUILD_PYTHON);
    std::string text = started ? "" : started.error().message;
    try {
      if (started) {
        test::add_packages_of_test_python();
        // As a .pth file of the environment may have it imported.
        py::exec(
            "import sys, types; sys.modules['early'] = types.ModuleType('early')\n"
            "exec('from os import urandom', sys.modules['early'].__dict__)",
            py::dict());
        replace_entropy(7);
        reseed(7);
        const py::dict scope;
        py::exec(import, scope);
        if (fork_interpreter() != 0) {
          wait(nullptr);
          _exit(0);
        }
        reseed(7);
        py::exec(program, scope);
        text = py::repr(scope["result"]).cast<std::string>();
      }
    } catch (const std::exception& error) {
      text = error.what();
    }
    static_cast<void>(!write(ends[1], text.data(), text.size()));
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  close(ends[0]);
  waitpid(base, nullptr, 0);
  return text;
}

class DeterminismTest : public ::testing::TestWithParam<Source> {};

TEST_P(DeterminismTest, RandomnessWithoutASeed_IsTheSameInTwoProcesses) {
  const Source& source = GetParam();
  const std::string package = source.package;
  if (!package.empty() && in_new_processes("", "import " + package + "; result = 'there'") != "'there'") {
    const bool wanted = package == "numpy" && std::getenv("SNAPSHOT_TEST_REQUIRE_ALL") != nullptr;
    if (wanted) FAIL() << "the test interpreter lacks " << package;
    GTEST_SKIP() << "the test interpreter lacks " << package;
  }
  const std::string import = package.empty() ? "" : "import " + package;
  const std::string first = in_new_processes(import, source.program);
  EXPECT_THAT(first, ::testing::Not(::testing::HasSubstr("Error")));
  EXPECT_GT(first.size(), 5u);
  EXPECT_EQ(in_new_processes(import, source.program), first);
  if (!package.empty()) {
    SCOPED_TRACE("imported first in the case itself");
    const std::string lazy = in_new_processes("", import + "\n" + source.program);
    EXPECT_THAT(lazy, ::testing::Not(::testing::HasSubstr("Error")));
    EXPECT_EQ(in_new_processes("", import + "\n" + source.program), lazy);
  }
}

const Source kSources[] = {
    {"random_random", "", "import random; result = random.random()"},
    {"random_Random", "", "import random; result = random.Random().random(), random.Random(None).random()"},
    {"random_SystemRandom", "",
     "import random; r = random.SystemRandom(); result = r.random(), r.getrandbits(99), r.choice(range(10**9))"},
    {"random_seed_without_a_seed", "", "import random; random.seed(); result = random.random()"},
    {"random_shuffle", "", "import random; result = list(range(99)); random.shuffle(result)"},
    {"secrets", "", "import secrets; result = secrets.token_bytes(20), secrets.token_hex(), secrets.randbelow(10**9)"},
    {"uuid4", "", "import uuid; result = uuid.uuid4(), uuid.uuid4()"},
    {"uuid1", "", "import uuid; result = uuid.uuid1(), uuid.uuid1(), uuid.uuid1(5, 6)"},
    {"os_urandom", "", "import os; result = os.urandom(20), os.urandom(0)"},
    {"urandom_taken_before", "", "import early; result = early.urandom(20)"},
    {"os_getrandom", "", "import os; result = os.getrandom(20), os.getrandom(9, os.GRND_NONBLOCK)"},
    {"hash_order", "", "result = list({'a%d' % i for i in range(99)} | {b'x', b'y'}), hash('text')"},
    {"tempfile_names", "",
     "import tempfile; names = tempfile._get_candidate_names(); result = [next(names) for _ in range(3)]"},
    {"names_of_temporary_files", "",
     "import os, tempfile; file, name = tempfile.mkstemp(); os.close(file); os.remove(name); result = name"},
    {"numpy_legacy", "numpy",
     "from numpy import random; result = random.rand(3).tolist(), random.randint(10**9), random.normal()"},
    {"numpy_seed_without_a_seed", "numpy", "numpy.random.seed(); result = numpy.random.rand(3).tolist()"},
    {"numpy_default_rng", "numpy", "result = numpy.random.default_rng().random(3).tolist()"},
    {"numpy_SeedSequence", "numpy", "result = numpy.random.SeedSequence().entropy"},
    {"numpy_RandomState", "numpy", "result = numpy.random.RandomState().rand(3).tolist()"},
    {"numpy_bit_generators", "numpy",
     "result = [numpy.random.Generator(getattr(numpy.random, b)()).random() for b in ('PCG64', 'Philox', 'SFC64')]"},
    {"torch", "torch", "result = torch.rand(3).tolist(), torch.randperm(9).tolist()"},
    {"tensorflow", "tensorflow", "result = tensorflow.random.normal([3]).numpy().tolist()"},
};

INSTANTIATE_TEST_SUITE_P(Source, DeterminismTest, ::testing::ValuesIn(kSources),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(Determinism, OneProcess_GetsOtherValuesEachTime) {
  const std::string text = in_new_processes(
      "",
      "import os, random, uuid\n"
      "values = [f() for _ in range(50) for f in (lambda: os.urandom(9), uuid.uuid1, uuid.uuid4,\n"
      "          lambda: random.Random().random(), random.random)]\n"
      "u = uuid.uuid1(node=5, clock_seq=6)\n"
      "result = len(set(map(str, values))), u.version, u.variant == uuid.RFC_4122, u.node, u.clock_seq");
  EXPECT_EQ(text, "(250, 1, True, 5, 6)");
}

}  // namespace
}  // namespace snapshot_test::host::interpreter
