st_test(pickle_reader_test SOURCES pickle_reader_test.cpp LINK st_pickle)
st_test(pickle_hostile_test SOURCES pickle_hostile_test.cpp LINK st_compare TIMEOUT 300)

# On the files of tests/corpus.
foreach(test pickle_corpus_test pickle_zoo_test)
  st_test(${test} SOURCES ${test}.cpp LINK st_compare TIMEOUT 300)
  target_compile_definitions(${test} PRIVATE SNAPSHOT_TEST_CORPUS="${PROJECT_SOURCE_DIR}/tests/corpus")
endforeach()

# The zoo once more, with what the Pythons of this machine write now.
add_test(NAME pickle_zoo_live
         COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/support/pickle_zoo_live.py"
                 "$<TARGET_FILE:pickle_zoo_test>")
set_tests_properties(pickle_zoo_live PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 300)
