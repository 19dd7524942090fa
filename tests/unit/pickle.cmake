st_test(pickle_reader_test SOURCES pickle_reader_test.cpp LINK st_pickle)

st_test(pickle_zoo_test SOURCES pickle_zoo_test.cpp LINK st_compare)
target_compile_definitions(pickle_zoo_test PRIVATE SNAPSHOT_TEST_CORPUS="${PROJECT_SOURCE_DIR}/tests/corpus")

# The same with what the Pythons of this machine write now.
add_test(NAME pickle_zoo_live
         COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/support/pickle_zoo_live.py"
                 "$<TARGET_FILE:pickle_zoo_test>")
set_tests_properties(pickle_zoo_live PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 300)
