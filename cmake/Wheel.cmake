# What goes into a wheel beside the Python files: the extension, the program, and two libraries that are loaded only when
# they are needed. scikit-build-core installs into the wheel's root.

# What --freeze-time preloads into a host that is a process of its own.
add_library(snapshot_test_clock SHARED "${PROJECT_SOURCE_DIR}/src/host/interpreter/frozen_clock.cpp")
target_include_directories(snapshot_test_clock PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
target_link_libraries(snapshot_test_clock PRIVATE st_flags ${CMAKE_DL_LIBS})

# No code: it stands for libgit2, so that auditwheel finds that and puts it into the wheel without the program being
# linked to it (src/store/libgit2.hpp says why).
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/git.c" "// libgit2 is what is wanted; see cmake/Wheel.cmake.\n")
add_library(snapshot_test_git SHARED "${CMAKE_CURRENT_BINARY_DIR}/git.c")
target_link_options(snapshot_test_git PRIVATE -Wl,--no-as-needed)
target_link_libraries(snapshot_test_git PRIVATE PkgConfig::LIBGIT2)
# For a libgit2 that is in none of the system's folders; auditwheel replaces it.
set_target_properties(snapshot_test_git PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)

install(TARGETS _core snapshot_test snapshot_test_clock snapshot_test_git
        LIBRARY DESTINATION diff_tester
        RUNTIME DESTINATION diff_tester)
