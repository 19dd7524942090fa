// Folders that this process may enter, and not list: Python code lists them as they were when it was started.
#pragma once

#include <pybind11/pybind11.h>

#include <map>
#include <string>

namespace snapshot_test::host::interpreter {

/// By folder (absolute, resolved): the names in it, and what each is ('d' folder, 'f' regular file, 'l' link, '?').
using Listings = std::map<std::string, std::map<std::string, std::string>>;

/// From now on os.listdir() and os.scandir(), and what is built on them, the import of modules among it, answer with
/// these names where the system refuses. GIL held; throws error_already_set.
void answer_listings(const Listings& listings);

}  // namespace snapshot_test::host::interpreter
