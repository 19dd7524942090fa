#include "cli/cli.hpp"
#ifdef ST_EMBEDS_PYTHON
#include "host/host.hpp"
#endif

int main(int argc, char** argv) {
#ifdef ST_EMBEDS_PYTHON
  constexpr auto kHost = &snapshot_test::host::run;
#else
  constexpr snapshot_test::cli::HostEntry kHost = nullptr;  // hosts are processes of the Python package
#endif
  return snapshot_test::cli::run(argc, argv, kHost);
}
