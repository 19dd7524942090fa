# The manual page and the completion scripts: printed by the program that was just built, so that they cannot differ
# from its --help. Not when cross compiling, where the program does not run on the machine that builds, and not with
# sanitizers, whose findings belong to the tests.
include(GNUInstallDirs)
# In a wheel, what is below an environment's root.
set(st_docs_root "")
if(SKBUILD)
  set(st_docs_root "${SKBUILD_DATA_DIR}/")
endif()
set(st_docs_folder "${PROJECT_BINARY_DIR}/docs")

# st_printed(<where to install> <file> <argument>...): a file that `snapshot_test <argument>...` prints.
function(st_printed destination name)
  set(file "${st_docs_folder}/${name}")
  # Under another name first: a file that is half written would look made.
  add_custom_command(OUTPUT "${file}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${st_docs_folder}"
    COMMAND $<TARGET_FILE:snapshot_test> ${ARGN} > "${file}.new"
    COMMAND "${CMAKE_COMMAND}" -E rename "${file}.new" "${file}"
    DEPENDS snapshot_test VERBATIM)
  set_property(GLOBAL APPEND PROPERTY ST_PRINTED "${file}")
  install(FILES "${file}" DESTINATION "${destination}")
endfunction()

# bash-completion looks for the command's own name, zsh for an underscore and the name.
st_printed("${st_docs_root}${CMAKE_INSTALL_MANDIR}/man1" snapshot_test.1 man)
st_printed("${st_docs_root}${CMAKE_INSTALL_DATADIR}/bash-completion/completions" snapshot_test completion bash)
st_printed("${st_docs_root}${CMAKE_INSTALL_DATADIR}/zsh/site-functions" _snapshot_test completion zsh)
st_printed("${st_docs_root}${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" snapshot_test.fish completion fish)

get_property(st_docs GLOBAL PROPERTY ST_PRINTED)
add_custom_target(snapshot_test_docs ALL DEPENDS ${st_docs})
