// The daemon's operations as HTTP: POST /v1/<operation> with a JSON body and GET /v1/status; GET /metrics for
// Prometheus; GET /tlog/... for monitors and witnesses; GET /healthz, /readyz and /version for whatever looks after the
// process. The API will grow here; it decides nothing itself.
#pragma once

#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/steward/ledger_steward.hpp"
#include "tools/http/http_server.hpp"

namespace autoheal::cli {

// `operations` and `healer` outlive the handler.
[[nodiscard]] http::Handler api_handler(Operations& operations, HealerServices& healer,
                                        std::shared_ptr<LedgerSteward> steward);

}  // namespace autoheal::cli
