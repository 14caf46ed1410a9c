#include "tools/autoheal/api/act_body.hpp"

namespace autoheal::cli {

Result<OperationBody> operation_body_of(const ApiRequest& request, const std::string& sent) {
  const ApiOperation& operation = *request.operation;
  auto body = read_operation_body(sent.empty() ? "{}" : sent, operation.in_body);
  AUTOHEAL_TRY(body);
  if (request.parameters.contains("engine")) body->engine = request.value("engine");
  if (request.parameters.contains("token")) body->token = request.value("token");
  if (request.parameters.contains("heal")) body->heal = request.value("heal");
  return body;
}

}  // namespace autoheal::cli
