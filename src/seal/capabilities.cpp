#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "seal/methods.hpp"

namespace snapshot_test::seal {

namespace {

// Of newer kernels than the headers may be.
constexpr int kCapPerfmon = 38;
constexpr int kCapBpf = 39;
constexpr int kCapCheckpointRestore = 40;

constexpr std::array kDropped{CAP_SYS_ADMIN,        CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_BOOT,
                              CAP_DAC_READ_SEARCH,  CAP_MKNOD,      CAP_SYSLOG,    kCapPerfmon,    kCapBpf,
                              kCapCheckpointRestore};

}  // namespace

int drop_capabilities() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return errno;
  }
  for (const int each : kDropped) {
    const auto set = static_cast<std::size_t>(each) / 32;
    const std::uint32_t bit = std::uint32_t{1} << (static_cast<unsigned>(each) % 32);
    if ((sets[set].permitted & bit) != 0) {
      ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);  // needs CAP_SETPCAP; without, no_new_privs keeps them away
    }
    sets[set].effective &= ~bit;
    sets[set].permitted &= ~bit;
    sets[set].inheritable &= ~bit;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return ::syscall(SYS_capset, &header, sets.data()) == 0 ? 0 : errno;
}

}  // namespace snapshot_test::seal
