#define Eigen snapshot_test_eigen_baseline  // NOLINT(readability-identifier-naming): what Eigen is called in this build
#define SNAPSHOT_TEST_ISA_NAME "baseline"
#define SNAPSHOT_TEST_ISA_TABLE kIsaBaseline
#include "compare/isa_kernels.hpp"
