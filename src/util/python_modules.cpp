#include "util/python_modules.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

namespace snapshot_test::util {

namespace {

/// Reads the modules, which follow as one JSON text with its length before it. Each keeps its source, which may have to
/// be sent on.
constexpr std::string_view kBootstrap = R"(import sys
sys.path[:1] == [''] and sys.path.pop(0)
import importlib.util, json, os
def read(size):
    data = b''
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            sys.exit(1)
        data += piece
    return data
modules = json.loads(read(int.from_bytes(read(4), 'little')).decode('utf-8'))
last = modules[-1][0]
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        for known, text in modules:
            if known == name:
                return importlib.util.spec_from_loader(name, Finder, is_package='.' not in name)
    @staticmethod
    def create_module(spec):
        return None
    @staticmethod
    def exec_module(module):
        module.__source__ = dict(modules)[module.__name__]
        exec(compile(module.__source__, '<' + module.__name__ + '>', 'exec'), module.__dict__)
sys.meta_path.insert(0, Finder)
importlib.import_module(last).main()
)";

std::string python_or_default(const std::string& named) {
  if (!named.empty()) {
    return named;
  }
  const char* belongs_to = std::getenv("SNAPSHOT_TEST_DEFAULT_PYTHON");
  return belongs_to != nullptr && *belongs_to != '\0' ? belongs_to : "python3";
}

}  // namespace

PythonCommand command_of(std::span<const PythonModule> modules, const std::string& python) {
  nlohmann::json texts = nlohmann::json::array();
  for (const PythonModule& module : modules) {
    texts.push_back({module.name, module.text});
  }
  const std::string text = texts.dump();
  std::string preamble;
  for (int i = 0; i < 4; ++i) {
    preamble.push_back(static_cast<char>((text.size() >> (8 * i)) & 0xff));
  }
  return {{python_or_default(python), "-c", std::string(kBootstrap)}, preamble + text};
}

}  // namespace snapshot_test::util
