# Uses ccache where it is installed: a rebuild after `git switch` costs seconds instead of minutes.
find_program(SNAPSHOT_TEST_CCACHE ccache)
if(SNAPSHOT_TEST_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${SNAPSHOT_TEST_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SNAPSHOT_TEST_CCACHE}")
endif()
