// The description of the API for clients: OpenAPI 3.1, as it stands in openapi.json.
#pragma once

#include <string_view>

namespace autoheal::cli {

[[nodiscard]] std::string_view openapi_document();

}  // namespace autoheal::cli
