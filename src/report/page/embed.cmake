# cmake -DOUTPUT=FILE -DTEMPLATE=... -DSTYLE=... -DSCRIPT=... -DCHART=... -P embed.cmake: writes the files of the report
# page as C++ strings (page_sources.hpp).

set(text "// Made by embed.cmake from the files of src/report/page and Chart.js.\n#include \"report/page_sources.hpp\"\n\n")
# They are longer than a compiler has to allow; all do.
string(APPEND text "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n")
string(APPEND text "namespace snapshot_test::report::page {\n\n")
foreach(name IN ITEMS TEMPLATE STYLE SCRIPT CHART)
  file(READ "${${name}}" content)
  string(FIND "${content}" ")~page~\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${${name}} holds what ends a string in the source that is made of it")
  endif()
  string(SUBSTRING ${name} 0 1 first)
  string(SUBSTRING ${name} 1 -1 others)
  string(TOLOWER "${others}" others)
  string(APPEND text "const std::string_view k${first}${others} = R\"~page~(${content})~page~\";\n\n")
endforeach()
string(APPEND text "}  // namespace snapshot_test::report::page\n")
file(WRITE "${OUTPUT}" "${text}")
