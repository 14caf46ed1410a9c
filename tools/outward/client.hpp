// The one client for all calls out: webhooks, witnesses, traces. It resolves a name once, judges every address, and
// connects to what was judged. It follows no redirect and no proxy, verifies TLS by the name in the URL, and gives up
// at its limits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "tools/outward/address_judge.hpp"
#include "tools/outward/resolver.hpp"
#include "tools/outward/url.hpp"

namespace autoheal::outward {

struct Request {
  std::string method = "POST";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers = {};  // besides Host, User-Agent and Content-Length
  std::string body = {};
  AllowList allow = {};
  std::string authorities = {};  // file of trusted certificates (PEM); empty: the system's
};

struct Answer {
  unsigned status = 0;
  std::string body;
  std::string body_problem;  // why the body is not whole, or empty; the status counts all the same
  std::string content_type = {};
};

struct Limits {
  Duration all = std::chrono::seconds(10);  // from the lookup to the last byte
  std::size_t answer_bytes = 64U << 10U;
};

// Used on one executor that runs one thing at a time; never the loop that heals, because it reads the trusted
// certificates from the disk.
class Client {
 public:
  // `resolver` outlives the client.
  explicit Client(Resolver& resolver, Limits limits = {}) : resolver_(resolver), limits_(limits) {}

  // refused: an address may not be called. unavailable: no connection, no certificate that counts, or no status in
  // time. failed: this machine cannot ask. invalid: the request. Messages name host and port, and hold neither the path
  // nor a header. The client outlives the call.
  boost::asio::awaitable<Result<Answer>> send(Request request);

 private:
  Resolver& resolver_;
  Limits limits_;
};

}  // namespace autoheal::outward
