# cmake -DOUTPUT=FILE -DFOLDER=python/diff_tester/remote -DMODULES=NAME,NAME -P embed_helper.cmake: writes the modules of
# the remote helper as C++ strings (helper_sources.hpp).

string(REPLACE "," ";" modules "${MODULES}")
set(text "// Made by embed_helper.cmake from the files of python/diff_tester/remote.\n")
string(APPEND text "#include \"remote/helper_sources.hpp\"\n\n")
# They are longer than a compiler has to allow; all do.
string(APPEND text "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n")
string(APPEND text "namespace snapshot_test::remote {\n\nnamespace {\n\nconstexpr HelperModule kModules[] = {\n")
foreach(module IN LISTS modules)
  file(READ "${FOLDER}/${module}.py" content)
  string(FIND "${content}" ")~helper~\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${FOLDER}/${module}.py holds what ends a string in the source that is made of it")
  endif()
  set(name "snapshot_test_remote.${module}")
  if(module STREQUAL "__init__")
    set(name "snapshot_test_remote")
  endif()
  string(APPEND text "    {\"${name}\",\n     R\"~helper~(${content})~helper~\"},\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\nconst std::span<const HelperModule> kHelperModules(kModules);\n\n")
string(APPEND text "}  // namespace snapshot_test::remote\n")
file(WRITE "${OUTPUT}" "${text}")
