# A room is a folder of src/ and a static library of the same name. What a room may include is what it links:
# a room that does not link Python has no Python on its include path.

add_library(st_flags INTERFACE)
target_compile_options(st_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<BOOL:${SNAPSHOT_TEST_WERROR}>:-Werror>)
# GCC 12 sees overlapping and endless copies in its own std::string at -O3 (GCC's bugs 105329, 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(st_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                                            -Wno-array-bounds)
endif()
if(SNAPSHOT_TEST_SANITIZE)
  target_compile_options(st_flags INTERFACE -fsanitize=${SNAPSHOT_TEST_SANITIZE} -fno-omit-frame-pointer
                                            -fno-sanitize-recover=undefined)
  target_link_options(st_flags INTERFACE -fsanitize=${SNAPSHOT_TEST_SANITIZE})
endif()

# Most of what compiling a source takes is reading the same headers and instantiating the same templates. Joined, a dozen
# sources pay that once. Not for work on one source, which would compile its neighbours again: presets say which.
option(SNAPSHOT_TEST_UNITY "Compile the sources of a room a dozen at a time" OFF)

# st_room(<name> SOURCES ... [LINK ...] [PRECOMPILE <header>...]): the static library st_<name>, also called
# snapshot_test::<name>. Large headers that most of its sources include are worth precompiling.
function(st_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRECOMPILE" ${ARGN})
  add_library(st_${name} STATIC ${ARG_SOURCES})
  add_library(snapshot_test::${name} ALIAS st_${name})
  target_include_directories(st_${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
                                               "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>")
  target_link_libraries(st_${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:st_flags>)
  if(SNAPSHOT_TEST_UNITY)
    set_target_properties(st_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    # GCC takes what a joined source includes for headers, whose classes should not have hidden members.
    target_compile_options(st_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  elseif(ARG_PRECOMPILE)
    # Not for C sources, which a room may have as well.
    list(TRANSFORM ARG_PRECOMPILE REPLACE "^<(.*)>$" "$<$<COMPILE_LANGUAGE:CXX>:<\\1$<ANGLE-R>>")
    target_precompile_headers(st_${name} PRIVATE ${ARG_PRECOMPILE})
  endif()
endfunction()

# st_embed_modules(<room> OUTPUT file FOLDER name PACKAGE name HEADER file SYMBOL name MODULES ...): Python modules of
# python/diff_tester/<FOLDER> as a source of the room, in its binary folder.
function(st_embed_modules room)
  cmake_parse_arguments(ARG "" "OUTPUT;FOLDER;PACKAGE;HEADER;SYMBOL" "MODULES" ${ARGN})
  set(folder "${PROJECT_SOURCE_DIR}/python/diff_tester/${ARG_FOLDER}")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${ARG_OUTPUT}")
  list(TRANSFORM ARG_MODULES REPLACE "(.+)" "${folder}/\\1.py" OUTPUT_VARIABLE files)
  string(REPLACE ";" "," names "${ARG_MODULES}")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DFOLDER=${folder}" "-DMODULES=${names}" "-DPACKAGE=${ARG_PACKAGE}"
            "-DROOM=${room}" "-DHEADER=${ARG_HEADER}" "-DSYMBOL=${ARG_SYMBOL}"
            -P "${PROJECT_SOURCE_DIR}/cmake/embed_modules.cmake"
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/embed_modules.cmake" VERBATIM)
endfunction()

# The preset asan optimises nothing, which halves its compile time. In this room are the loops that its tests wait for.
function(st_optimise_for_asan room)
  if(SNAPSHOT_TEST_SANITIZE AND NOT SNAPSHOT_TEST_FUZZ)
    target_compile_options(st_${room} PRIVATE -O1)
  endif()
endfunction()

# st_test(<name> SOURCES ... LINK ... [LABELS ...] [TIMEOUT seconds]): a GoogleTest program, each of its tests known to
# ctest. The label is the folder's name (unit, host, e2e) unless others are given.
function(st_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    get_filename_component(ARG_LABELS "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  endif()
  include(GoogleTest)
  if(NOT TARGET st_test_headers)
    # GoogleTest's headers, precompiled once for all tests.
    file(WRITE "${CMAKE_BINARY_DIR}/test_headers.cpp" "// What it is for are the headers that are precompiled with it.\n")
    add_executable(st_test_headers "${CMAKE_BINARY_DIR}/test_headers.cpp")
    target_link_libraries(st_test_headers PRIVATE GTest::gmock_main st_flags)
    target_compile_options(st_test_headers PRIVATE $<$<CONFIG:Release>:-O0>)
    target_precompile_headers(st_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <filesystem> <string> <vector>)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_precompile_headers(${name} REUSE_FROM st_test_headers)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gmock_main st_flags)
  # Nothing in a test's own code is worth the minutes that a compiler would spend on it.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
  # CPython keeps what it allocates until the process ends; a leak check says nothing about us where it runs.
  set(environment)
  if(ARG_LABELS STREQUAL "host")
    set(environment ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
                       PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ${environment})
endfunction()
