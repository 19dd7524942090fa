# The comparison's tests run with every build of its inner loops that the machine can run.
st_test(compare_test
  SOURCES compare_auto_atol_test.cpp compare_digest_test.cpp compare_forms_test.cpp compare_hints_test.cpp compare_isa_environment.cpp
          compare_live_test.cpp compare_nan_test.cpp compare_numbers_test.cpp compare_order_test.cpp compare_parts_test.cpp
          compare_sketch_test.cpp compare_test.cpp
          compare_text_test.cpp
  LINK st_compare)
set(instruction_sets baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND instruction_sets avx2 avx512)
endif()
foreach(isa IN LISTS instruction_sets)
  gtest_discover_tests(compare_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${isa}/"
                       PROPERTIES LABELS unit TIMEOUT 120 ENVIRONMENT "SNAPSHOT_TEST_ISA=${isa}")
endforeach()

set(sanitized)
if(SNAPSHOT_TEST_SANITIZE)
  set(sanitized --sanitized)
endif()
# No function of a build for newer processors may take the place of another's.
add_test(NAME isa_symbols COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/support/check_isa_symbols.py"
                                  "${CMAKE_NM}" "$<TARGET_FILE:st_compare>"
                                  ${sanitized})
set_tests_properties(isa_symbols PROPERTIES LABELS rules)

# The comparison against numpy's own, with $SNAPSHOT_TEST_PYTHON or the interpreter that the host is built for; skipped
# where that has no numpy.
add_executable(compare_pairs "${PROJECT_SOURCE_DIR}/tests/support/compare_pairs.cpp")
target_link_libraries(compare_pairs PRIVATE st_compare st_flags)
add_test(NAME numpy_differential
         COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/support/numpy_differential.py"
                 "$<TARGET_FILE:compare_pairs>")
set_tests_properties(numpy_differential PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 600)

# Sketches against numpy's own computation of the same statistics.
add_executable(sketch_pairs "${PROJECT_SOURCE_DIR}/tests/support/sketch_pairs.cpp")
target_link_libraries(sketch_pairs PRIVATE st_compare st_flags)
add_test(NAME numpy_sketches
         COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/support/sketch_reference.py"
                 "$<TARGET_FILE:sketch_pairs>")
set_tests_properties(numpy_sketches PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 600)
