#define Eigen snapshot_test_eigen_avx2  // NOLINT(readability-identifier-naming): what Eigen is called in this build
#define SNAPSHOT_TEST_ISA_NAME "avx2"
#define SNAPSHOT_TEST_ISA_TABLE kIsaAvx2
#include "compare/isa_kernels.hpp"
