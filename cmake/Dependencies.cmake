# Finds every dependency, or stops with all that are missing and the Debian packages that bring them.

set(_st_missing)
set(_st_packages)

# st_require(<found> <what> <package>...): notes what is missing where the variable `found` is not true.
macro(st_require found what)
  if(NOT ${found})
    list(APPEND _st_missing "${what}")
    list(APPEND _st_packages ${ARGN})
  endif()
endmacro()

find_package(CLI11 QUIET)
st_require(CLI11_FOUND "CLI11" libcli11-dev)

find_package(nlohmann_json 3.10 QUIET)
st_require(nlohmann_json_FOUND "nlohmann/json" nlohmann-json3-dev)

find_package(fmt QUIET)
st_require(fmt_FOUND "fmt" libfmt-dev)

find_package(tl-expected QUIET)
st_require(tl-expected_FOUND "tl::expected" libexpected-dev)

find_package(Eigen3 3.4 QUIET NO_MODULE)
st_require(Eigen3_FOUND "Eigen 3.4" libeigen3-dev)

find_package(OpenSSL QUIET COMPONENTS Crypto)
st_require(OPENSSL_FOUND "OpenSSL's libcrypto" libssl-dev)

find_package(PkgConfig QUIET)
st_require(PKG_CONFIG_FOUND "pkg-config" pkg-config)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(LIBGIT2 QUIET IMPORTED_TARGET libgit2)
  pkg_check_modules(ZSTD QUIET IMPORTED_TARGET libzstd)
else()
  # Only to be able to name them.
  find_path(LIBGIT2_FOUND git2.h NO_CACHE)
  find_path(ZSTD_FOUND zstd.h NO_CACHE)
endif()
st_require(LIBGIT2_FOUND "libgit2" libgit2-dev)
st_require(ZSTD_FOUND "zstd" libzstd-dev)

# Its header alone.
find_path(XXHASH_INCLUDE_DIR xxhash.h)
st_require(XXHASH_INCLUDE_DIR "xxHash 0.8" libxxhash-dev)

# Its headers alone.
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h)
st_require(TOMLPLUSPLUS_INCLUDE_DIR "toml++ 3" libtomlplusplus-dev)

find_package(pugixml QUIET)
st_require(pugixml_FOUND "pugixml" libpugixml-dev)

# The report page's data is gzip, which browsers unpack by themselves.
find_package(ZLIB QUIET)
st_require(ZLIB_FOUND "zlib" zlib1g-dev)

# What draws the report page's plots: one file of JavaScript that becomes part of the program.
set(SNAPSHOT_TEST_CHART_JS "" CACHE FILEPATH "chart.min.js of Chart.js 3 (found where Debian's libjs-chart.js has it)")
if(NOT SNAPSHOT_TEST_CHART_JS)
  unset(SNAPSHOT_TEST_CHART_JS CACHE)
  find_file(SNAPSHOT_TEST_CHART_JS NAMES chart.min.js HINTS ${CMAKE_PREFIX_PATH} PATHS /usr /usr/local
            PATH_SUFFIXES share/javascript/chart.js share/nodejs/chart.js/dist lib/node_modules/chart.js/dist
            DOC "chart.min.js of Chart.js 3 (found where Debian's libjs-chart.js has it)")
endif()
st_require(SNAPSHOT_TEST_CHART_JS "Chart.js 3 (or -DSNAPSHOT_TEST_CHART_JS=/path/to/chart.min.js)" libjs-chart.js)

find_package(Threads REQUIRED)

# The interpreter decides which CPython X.Y the binary can embed: -DPython_EXECUTABLE=/path/to/python3.
if(NOT Python_EXECUTABLE AND NOT Python_ROOT_DIR)
  find_program(SNAPSHOT_TEST_PYTHON3 python3)
  if(SNAPSHOT_TEST_PYTHON3)
    # Version managers put shell shims on PATH; the interpreter itself knows where it is.
    execute_process(COMMAND "${SNAPSHOT_TEST_PYTHON3}" -c "import sys; print(sys.executable)"
                    OUTPUT_VARIABLE Python_EXECUTABLE OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
endif()
if(SNAPSHOT_TEST_EMBED)
  find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module Development.Embed)
  set(_st_python_needs "headers and a shared libpython")
else()
  find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module)
  set(_st_python_needs "headers")
endif()
st_require(Python_FOUND "CPython 3.9 or newer with ${_st_python_needs} (looked at: ${Python_EXECUTABLE})" python3-dev)

# A pybind11 installed for that interpreter (pip install pybind11) goes before the system's. It is copied: where pip
# builds in an environment that it makes anew each time, all would be compiled again for another name of a folder.
if(Python_EXECUTABLE AND NOT pybind11_DIR)
  execute_process(COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
                  OUTPUT_VARIABLE _st_pybind11_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
                  RESULT_VARIABLE _st_pybind11_missing)
  if(NOT _st_pybind11_missing)
    get_filename_component(_st_pybind11_root "${_st_pybind11_dir}/../../.." ABSOLUTE)
    file(COPY "${_st_pybind11_root}/include" "${_st_pybind11_root}/share" DESTINATION "${CMAKE_BINARY_DIR}/pybind11")
    set(pybind11_DIR "${CMAKE_BINARY_DIR}/pybind11/share/cmake/pybind11" CACHE PATH "pybind11's CMake files")
  endif()
endif()
if(Python_FOUND)
  set(PYBIND11_FINDPYTHON ON)
  find_package(pybind11 2.10 QUIET CONFIG)
else()
  find_path(pybind11_FOUND pybind11/pybind11.h PATHS "${CMAKE_BINARY_DIR}/pybind11/include" NO_CACHE)
endif()
st_require(pybind11_FOUND "pybind11" pybind11-dev)

if(SNAPSHOT_TEST_TESTS)
  find_package(GTest QUIET)
  st_require(GTest_FOUND "GoogleTest" libgtest-dev libgmock-dev)
endif()

if(_st_missing)
  string(REPLACE ";" ", " _st_missing "${_st_missing}")
  string(REPLACE ";" " " _st_packages "${_st_packages}")
  message(FATAL_ERROR " Not found: ${_st_missing}.\n On Debian or Ubuntu, as root: apt-get install ${_st_packages}\n"
                      " or scripts/install-dependencies, which installs all that the build needs.")
endif()

# The name under which the dynamic linker looks for a shared library; empty if `library` is none.
function(st_soname library out)
  get_filename_component(real "${library}" REALPATH)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p "${real}" OUTPUT_VARIABLE headers ERROR_QUIET)
  set(${out} "" PARENT_SCOPE)
  if(headers MATCHES "SONAME +([^\n ]+)")
    set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

st_soname("${LIBGIT2_LINK_LIBRARIES}" ST_LIBGIT2_SONAME)
if(NOT ST_LIBGIT2_SONAME)
  message(FATAL_ERROR "libgit2 is not a shared library here. On Debian or Ubuntu: apt-get install libgit2-dev")
endif()
