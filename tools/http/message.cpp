#include "tools/http/message.hpp"

#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::http {

Response error_response(unsigned status, const std::string& code, const std::string& message, const std::string& hint) {
  Response response;
  response.status = status;
  response.body = "{\"error\":{\"code\":";
  append_quoted(response.body, code);
  response.body += ",\"message\":";
  append_quoted(response.body, message);
  response.body += ",\"hint\":";
  append_quoted(response.body, hint);
  response.body += "}}";
  return response;
}

}  // namespace autoheal::http
