# Uses ccache where it is installed: a rebuild after `git switch` costs seconds instead of minutes.
find_program(SNAPSHOT_TEST_CCACHE ccache)
if(SNAPSHOT_TEST_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without the sloppiness it does not cache what uses precompiled headers (ccache's manual, "Precompiled headers").
  # Paths below the project are relative: what one copy of it has compiled, another need not, be it one that pip made.
  set(SNAPSHOT_TEST_CCACHE_COMMAND "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "${SNAPSHOT_TEST_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${SNAPSHOT_TEST_CCACHE_COMMAND}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SNAPSHOT_TEST_CCACHE_COMMAND}")
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()
