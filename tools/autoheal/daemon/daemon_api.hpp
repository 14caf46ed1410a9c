// The daemon as a web server: the API below /api/v1; POST /v1/<operation> with a JSON body and GET /v1/status
// for command lines from before the API; GET /metrics for Prometheus; GET /tlog/... for monitors and witnesses; GET
// /healthz, /readyz and /version for whatever looks after the process. It decides nothing itself.
#pragma once

#include "tools/autoheal/api/api_parts.hpp"

namespace autoheal::cli {

// `parts` outlives the handler, which runs on the server's thread.
[[nodiscard]] http::Handler api_handler(ApiParts& parts);

}  // namespace autoheal::cli
