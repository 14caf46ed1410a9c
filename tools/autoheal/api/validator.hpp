// Validators of answers (`ETag`), so that a client that has an answer already is not sent it again.
// RFC 9110, sections 8.8.3 and 13.1.2.
#pragma once

#include <string>
#include <string_view>

#include "tools/http/message.hpp"

namespace autoheal::cli {

// The same for the same bytes, in quotes.
[[nodiscard]] std::string validator_of(std::string_view body);

// 304 where `if_none_match`, the header's text, lists the validator; else the answer with it.
[[nodiscard]] http::Response with_validator(http::Response response, std::string validator,
                                            std::string_view if_none_match);

}  // namespace autoheal::cli
