// The files that the report page is made of, as they were when the program was built.
#pragma once

#include <string_view>

namespace snapshot_test::report::page {

extern const std::string_view kTemplate;  ///< page/report.html; what is in its @{...} is filled in
extern const std::string_view kStyle;     ///< page/report.css
extern const std::string_view kScript;    ///< page/report.js
extern const std::string_view kChart;     ///< Chart.js, which draws the plots; not ours

}  // namespace snapshot_test::report::page
