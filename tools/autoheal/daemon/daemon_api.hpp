// The daemon's operations as HTTP: POST /v1/<operation> with a JSON body, GET /v1/status. The API will grow here; it
// decides nothing itself.
#pragma once

#include "tools/autoheal/healer/operations.hpp"
#include "tools/socket/http_server.hpp"

namespace autoheal::cli {

// Both outlive the handler.
[[nodiscard]] socket::Handler api_handler(Operations& operations, const HealerServices& healer);

}  // namespace autoheal::cli
