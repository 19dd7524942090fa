// What cases that run in one process can reach of each other, and whether one has changed it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace snapshot_test::host::execution {

/// Everything that lasts longer than a case and that Python code can reach by name: the modules' names and, of modules
/// outside the standard library, what those hold (classes, containers, instances, the caches of decorated functions,
/// the contents of arrays), wherever it is nested. What C code keeps to itself is not seen.
///
/// Nothing is held, and nothing is asked for what runs code. All of it needs the GIL.
class SharedObjects {
 public:
  /// Takes stock now. `suite`: the root package of the benchmarks.
  explicit SharedObjects(const std::string& suite);

  /// Takes what is there now for what it was: a fork changes names of the standard library.
  void settle();
  /// Takes what the suite's own modules have gained for what was there: set-up has left it there for others to use.
  void accept_gains();
  /// Takes away what dicts, lists and caches have gained, and says what is otherwise not what it was, as one line;
  /// empty where nothing is. Modules, classes and functions that are new may stay.
  [[nodiscard]] std::string put_back();

  [[nodiscard]] std::size_t size() const { return watched_.size(); }

 private:
  enum class Kind : std::uint8_t { kDict, kList, kSet, kCell, kInstance, kMemory };
  struct Watched {
    PyObject* object;    ///< borrowed: what is watched above it says when it goes
    PyObject* cached;    ///< of a dict: the cached function whose results it has; borrowed
    std::int32_t above;  ///< the one that it was reached by; -1: a root
    Kind kind;
    bool of_suite = false;
    std::uint64_t version = 0;  ///< of a dict: changes whenever its content does
    Py_ssize_t size = 0;
    std::uint64_t hash = 0;  ///< of the addresses in it; of memory, of its content
  };
  struct Pending {
    PyObject* object;
    std::int32_t above;
    PyObject* cached;
  };

  void add_modules(const std::string& suite, bool of_suite);
  /// It and all that it reaches.
  void add(PyObject* object, std::int32_t above, bool of_suite);
  void look_into(const Pending& next, bool of_suite);
  void push(PyObject* object, std::int32_t above, PyObject* cached = nullptr);
  std::int32_t watch(PyObject* object, Kind kind, std::int32_t above, bool of_suite, PyObject* cached = nullptr);
  static void fill(Watched& watched);
  [[nodiscard]] static bool is_same(Watched& watched);
  [[nodiscard]] static bool has_only_grown(const Watched& watched);
  void keep_gains(std::size_t place);
  [[nodiscard]] static bool take_gains(Watched& watched);
  [[nodiscard]] std::string name_of(const Watched& watched) const;

  std::vector<Watched> watched_;
  std::unordered_set<PyObject*> seen_;
  std::vector<Pending> pending_;
  std::unordered_set<std::string> packages_;  ///< top-level packages whose classes are looked into
  pybind11::object array_;                    ///< numpy.ndarray, if it is there
  std::size_t first_of_suite_ = 0;            ///< from here on they are the suite's, until others are gained
};

}  // namespace snapshot_test::host::execution
