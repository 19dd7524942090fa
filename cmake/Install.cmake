# What `cmake --install` puts where: the program, and the library for other C++ programs (docs/cpp.md), which find it by
# find_package(snapshot_test). With sanitizers the program alone: what is linked to its library would need them, too.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS snapshot_test RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(SNAPSHOT_TEST_SANITIZE)
  return()
endif()

# The rooms that have headers in include/. A program links snapshot_test::snapshot_test.
set(st_library_rooms util model pickle compare store)
add_library(st_library INTERFACE)
target_include_directories(st_library INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(st_library INTERFACE cxx_std_20)
set_target_properties(st_library PROPERTIES EXPORT_NAME snapshot_test)
foreach(room IN LISTS st_library_rooms)
  set_target_properties(st_${room} PROPERTIES EXPORT_NAME ${room} OUTPUT_NAME snapshot_test_${room})
  target_link_libraries(st_library INTERFACE st_${room})
  install(TARGETS st_${room} EXPORT snapshot_test ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endforeach()
install(TARGETS st_library EXPORT snapshot_test)
install(DIRECTORY include/snapshot_test DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(st_config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/snapshot_test)
install(EXPORT snapshot_test NAMESPACE snapshot_test:: FILE snapshot_test-targets.cmake DESTINATION ${st_config_folder})
configure_package_config_file(cmake/snapshot_test-config.cmake.in snapshot_test-config.cmake
                              INSTALL_DESTINATION ${st_config_folder})
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(snapshot_test-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/snapshot_test-config.cmake"
              "${PROJECT_BINARY_DIR}/snapshot_test-config-version.cmake"
        DESTINATION ${st_config_folder})
