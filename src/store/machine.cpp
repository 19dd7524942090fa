#include <sched.h>
#include <sys/utsname.h>

#include <sstream>

#include "snapshot_test/store/run_info.hpp"
#include "util/file.hpp"

namespace snapshot_test::store {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  const std::size_t last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 0;
}

}  // namespace

/// The first processor stands for all. x86 says "model name" and "flags", ARM "CPU part" and "Features", RISC-V
/// "uarch" and "isa".
void read_cpuinfo(std::string_view text, MachineInfo& machine) {
  std::istringstream lines{std::string(text)};
  std::string part;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) {
      continue;
    }
    const std::string_view key = trimmed(std::string_view(line).substr(0, colon));
    const std::string_view value = trimmed(std::string_view(line).substr(colon + 1));
    if (machine.cpu.empty() && (key == "model name" || key == "uarch")) {
      machine.cpu = value;
    } else if (part.empty() && key == "CPU part") {
      part = "CPU part " + std::string(value);
    } else if (machine.cpu_features.empty() && (key == "flags" || key == "Features" || key == "isa")) {
      std::istringstream words{std::string(value)};
      for (std::string word; words >> word;) {
        machine.cpu_features.push_back(word);
      }
    }
  }
  if (machine.cpu.empty()) {
    machine.cpu = part;
  }
}

MachineInfo collect_machine() {
  MachineInfo machine;
  struct utsname system {};
  if (::uname(&system) == 0) {
    machine.platform = std::string(system.sysname) + " " + system.release + " " + system.machine;
  }
  machine.cores = usable_cores();
  if (const auto text = util::read_file("/proc/cpuinfo")) {
    read_cpuinfo(*text, machine);
  }
  return machine;
}

}  // namespace snapshot_test::store
