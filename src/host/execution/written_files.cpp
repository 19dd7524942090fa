#include "host/execution/written_files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "host/execution/written_files_source.hpp"
#include "host/interpreter/interpreter.hpp"
#include "host/pickling/type_names.hpp"
#include "util/folder_names.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostEntries = 10'000;                 // that are looked at
constexpr std::size_t kMostFiles = 200;                      // whose content is kept
constexpr std::int64_t kMostBytes = std::int64_t{64} << 20;  // as values; beyond them there are digests
constexpr std::int64_t kMostDigested = std::int64_t{1} << 30;

/// What libraries keep in a temporary folder for themselves.
constexpr std::array<std::string_view, 6> kOfLibraries{"pymp-",        "joblib_memmapping", "matplotlib-",
                                                       "dask-scratch", "dask-worker",       "__pycache__"};

bool is_of_a_library(const fs::path& path) {
  const std::string name = path.filename().string();
  return std::any_of(kOfLibraries.begin(), kOfLibraries.end(),
                     [&](std::string_view start) { return name.rfind(start, 0) == 0; });
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

/// Without what differs from run to run: where the folders are, random names, the process's number.
std::string name_of(const std::string& path) {
  std::string name = util::folder_names().replaced(path).value_or(path);
  constexpr std::string_view kHere = "<scratch>/";
  if (name.rfind(kHere, 0) == 0) {
    name.erase(0, kHere.size());
  }
  const std::string pid = std::to_string(::getpid());
  const std::size_t at = pid.size() > 2 ? name.rfind(pid) : std::string::npos;
  if (at != std::string::npos) {
    name.replace(at, pid.size(), "*");
  }
  return name;
}

py::object content_reader() {
  py::dict scope;
  scope["__builtins__"] = interpreter::module("builtins");
  scope["__name__"] = "snapshot_test.written_files";
  scope["named"] = py::cpp_function([](const py::bytes& data) {
    const auto named = util::folder_names().replaced(std::string_view(data));
    return named ? py::bytes(*named) : data;
  });
  const py::object code =
      interpreter::module("builtins")
          .attr("compile")(py::str(kWrittenFilesSource.data(), kWrittenFilesSource.size()),
                           "<snapshot_test written_files.py>", "exec", 0, py::arg("dont_inherit") = true);
  const auto ran = py::reinterpret_steal<py::object>(PyEval_EvalCode(code.ptr(), scope.ptr(), scope.ptr()));
  if (!ran) {
    throw py::error_already_set();
  }
  return scope["content"];
}

/// What was written to it and is not in the file yet.
void flush(py::handle value) {
  if (!value) {
    return;
  }
  const std::string type = pickling::type_name(py::type::handle_of(value));
  const bool is_file = type.rfind("_io.", 0) == 0 || type.rfind("h5py.", 0) == 0 || type.rfind("tables.", 0) == 0 ||
                       type.rfind("tempfile.", 0) == 0;
  if (!is_file) {
    return;
  }
  try {
    value.attr("flush")();
  } catch (const py::error_already_set&) {
    // Closed, or only read from.
  }
}

}  // namespace

FileWatch::FileWatch(std::vector<fs::path> folders) : folders_(std::move(folders)) { before_ = look(); }

void FileWatch::add_entry(Listing& listing, const fs::path& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    return;
  }
  // Of a folder only its being there counts: its size and times are those of what is in it.
  const bool folder = S_ISDIR(found.st_mode);
  listing[path.string()] = folder ? Entry{found.st_mode, found.st_ino, 0, 0, 0}
                                  : Entry{found.st_mode, found.st_ino, found.st_size, nanoseconds(found.st_mtim),
                                          nanoseconds(found.st_ctim)};
}

FileWatch::Listing FileWatch::look() {
  Listing listing;
  for (const fs::path& folder : folders_) {
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
         !error && at != end; at.increment(error)) {
      if (is_of_a_library(at->path())) {
        at.disable_recursion_pending();
      } else if (listing.size() == kMostEntries) {
        partly_ = fmt::format("only {} of its files are looked at", kMostEntries);
        break;
      } else {
        add_entry(listing, at->path());
      }
    }
  }
  return listing;
}

void FileWatch::look_after(const std::vector<SeenValue>& seen, const Named& named) {
  for (const SeenValue& each : seen) {
    flush(each.value);
  }
  for (const auto& [name, value] : named) {
    flush(value);
  }
  py::object content;
  std::int64_t bytes = 0;
  const auto add = [&](const std::string& path, const char* what, const py::object& value) {
    std::string key = fmt::format("files['{}']{}", name_of(path), what);
    for (int again = 2; changes_.count(key) != 0; ++again) {
      key = fmt::format("files['{}'] ({}){}", name_of(path), again, what);
    }
    changes_.emplace(std::move(key), value);
  };
  const Listing now = look();
  for (const auto& [path, entry] : now) {
    const auto was = before_.find(path);
    if (was != before_.end() && was->second == entry) {
      continue;
    }
    if (changes_.size() == kMostFiles) {
      partly_ = fmt::format("only {} of the files that it wrote are compared", kMostFiles);
      break;
    }
    if (S_ISREG(entry.mode) && entry.size > kMostDigested) {
      partly_ = fmt::format("of a file of more than {} MiB only the size is compared", kMostDigested >> 20);
      py::dict size;
      size["bytes"] = entry.size;
      add(path, "", size);
    } else if (S_ISREG(entry.mode)) {
      content = content ? content : content_reader();
      const bool fits = entry.size <= kMostBytes - bytes;
      bytes += fits ? entry.size : 0;
      add(path, "", content(path, fits));
    } else if (S_ISLNK(entry.mode)) {
      add(path, "", py::str("link to " + name_of(fs::read_symlink(path).string())));
    } else {
      add(path, "", py::str(S_ISDIR(entry.mode) ? "folder" : "no regular file"));
    }
  }
  for (const auto& [path, entry] : before_) {
    if (now.count(path) == 0) {
      add(path, " (deleted)", py::none());
    }
  }
}

void FileWatch::add_changes(py::dict& state) const {
  for (const auto& [name, content] : changes_) {
    state[py::str(name)] = content;
  }
}

}  // namespace snapshot_test::host::execution
