#define Eigen snapshot_test_eigen_avx512  // NOLINT(readability-identifier-naming): what Eigen is called in this build
#define SNAPSHOT_TEST_ISA_NAME "avx512"
#define SNAPSHOT_TEST_ISA_TABLE kIsaAvx512
#include "compare/isa_kernels.hpp"
