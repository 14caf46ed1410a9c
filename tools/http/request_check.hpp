// Checks a request before any handler sees it. The parser accepts forms for which two readers could disagree on the end
// of a request; those are refused here, and so are requests that a web page could send.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include "tools/http/message.hpp"
#include "tools/http/tcp_listener.hpp"

namespace autoheal::http {

// Finds the end of a header in bytes that arrive in pieces; every byte is read once.
class HeadScan {
 public:
  enum class State { incomplete, complete, malformed };
  // `received` begins with what the call before saw. malformed: a bare line feed, a zero byte or a folded line.
  State look(std::string_view received);
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // of the header, once complete

 private:
  std::size_t bytes_ = 0;
};

// Under which names a listener is asked, so that no page that a browser was led to speaks to it.
struct Authority {
  std::vector<std::string> hosts;    // what Host may say, letter by letter
  std::vector<std::string> origins;  // what Origin may say, if there is one
  std::string hint;                  // what to send instead
};
[[nodiscard]] const Authority& authority_of_unix_socket();
// The literal address with its port, and each name, with or without that port.
[[nodiscard]] Authority authority_of_tcp(const TcpAddress& local, const std::vector<std::string>& names,
                                         bool is_encrypted);

using RequestHeader = boost::beast::http::request_header<boost::beast::http::fields>;

// Why a request with this header must not be served; empty: it may. Nothing that the client sent is repeated.
[[nodiscard]] std::optional<Problem> refusal_of(const RequestHeader& header, bool has_body,
                                                const Authority& authority = authority_of_unix_socket());

[[nodiscard]] Problem bad_request(std::string_view why);

}  // namespace autoheal::http
