# Enables the languages. Where there is no compiler, one line says what to do; CMake's own message is for those who wrote
# the build. A message that begins with a space is not broken into lines.

# `variable`: the environment's, which pip sets to the compiler that Python was built with, there or not.
function(st_require_compiler language variable)
  if(CMAKE_${language}_COMPILER OR CMAKE_TOOLCHAIN_FILE)
    return()
  endif()
  set(names "${ARGN}")
  if(NOT "$ENV{${variable}}" STREQUAL "")
    separate_arguments(words UNIX_COMMAND "$ENV{${variable}}")
    list(GET words 0 names)
  endif()
  find_program(found NAMES ${names} NO_CACHE)
  if(NOT found)
    string(REPLACE ";" ", " names "${names}")
    message(FATAL_ERROR " There is no compiler here (${names}), and snapshot_test is built from C++. On Debian or "
                        "Ubuntu, as root, scripts/install-dependencies installs it and all else that the build needs.")
  endif()
endfunction()

st_require_compiler(CXX CXX c++ g++ clang++)
st_require_compiler(C CC cc gcc clang)
enable_language(C)
enable_language(CXX)
