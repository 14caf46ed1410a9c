// Lists of the API, page by page: {"items":[...],"next":"..."}. `next` is the cursor of the following page; without it
// the list is at its end.
#pragma once

#include <string>

#include "tools/autoheal/api/api_request.hpp"

namespace autoheal::cli {

// Where a page begins. A cursor belongs to one ledger, operation and set of filters.
// invalid: it is none of ours, or of another list. Empty for an empty cursor.
[[nodiscard]] Result<std::string> place_of_cursor(const ApiRequest& request, const std::string& ledger_id);

// `rows` is the JSON of the command: an array of at most one item more than the limit. corrupt: it is none.
[[nodiscard]] Result<std::string> page_of_rows(const ApiRequest& request, const std::string& ledger_id,
                                               const std::string& rows);

// All rows of a short list: {"items":[...]}. corrupt: `rows` is no array.
[[nodiscard]] Result<std::string> items_of_rows(const ApiOperation& operation, const std::string& rows);

}  // namespace autoheal::cli
