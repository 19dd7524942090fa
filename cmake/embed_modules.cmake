# cmake -DOUTPUT=FILE -DFOLDER=python/diff_tester/NAME -DMODULES=NAME,NAME -DPACKAGE=NAME -DROOM=ROOM -DHEADER=FILE
# -DSYMBOL=NAME -P embed_modules.cmake: writes Python modules as C++ strings, in the form that HEADER
# declares.

string(REPLACE "," ";" modules "${MODULES}")
get_filename_component(folder_name "${FOLDER}" NAME)
set(text "// Made by embed_modules.cmake from the files of python/diff_tester/${folder_name}.\n")
string(APPEND text "#include \"${HEADER}\"\n\n")
# They are longer than a compiler has to allow; all do.
string(APPEND text "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n")
string(APPEND text "namespace snapshot_test::${ROOM} {\n\nnamespace {\n\nconstexpr util::PythonModule kModules[] = {\n")
foreach(module IN LISTS modules)
  file(READ "${FOLDER}/${module}.py" content)
  string(FIND "${content}" ")~helper~\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${FOLDER}/${module}.py holds what ends a string in the source that is made of it")
  endif()
  set(name "${PACKAGE}.${module}")
  if(module STREQUAL "__init__")
    set(name "${PACKAGE}")
  endif()
  string(APPEND text "    {\"${name}\",\n     R\"~helper~(${content})~helper~\"},\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\nconst std::span<const util::PythonModule> ${SYMBOL}(kModules);\n\n")
string(APPEND text "}  // namespace snapshot_test::${ROOM}\n")
file(WRITE "${OUTPUT}" "${text}")
