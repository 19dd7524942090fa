# Enables the languages. Where there is no compiler, one line says what to do; CMake's own message is for those who wrote
# the build. A message that begins with a space is not broken into lines.

function(st_require_compiler language variable)
  if(CMAKE_${language}_COMPILER OR DEFINED ENV{${variable}} OR CMAKE_TOOLCHAIN_FILE)
    return()
  endif()
  find_program(SNAPSHOT_TEST_${language}_FOUND NAMES ${ARGN})
  mark_as_advanced(SNAPSHOT_TEST_${language}_FOUND)
  if(NOT SNAPSHOT_TEST_${language}_FOUND)
    string(REPLACE ";" ", " names "${ARGN}")
    message(FATAL_ERROR " There is no compiler on PATH (${names}), and snapshot_test is built from C++. On Debian or "
                        "Ubuntu, as root, scripts/install-dependencies installs it and all else that the build needs.")
  endif()
endfunction()

st_require_compiler(CXX CXX c++ g++ clang++)
st_require_compiler(C CC cc gcc clang)
enable_language(C)
enable_language(CXX)
