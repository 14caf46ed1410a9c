#include "tools/autoheal/events/url_sink.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>

#include "autoheal/engine/base/system_error.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/outward/webhook_signature.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t largest_secret_file_bytes = 1024;

Result<std::string> read_secret(const std::string& path) {
  const auto refuse = [&](const std::string& why, std::string hint = {}) {
    return failure(ErrorKind::failed, fmt::format("the secret in {} cannot be used: {}", path, why), std::move(hint));
  };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts{};
  if (!file || ::fstat(file.get(), &facts) != 0) return refuse(system_words(errno));
  if (!S_ISREG(facts.st_mode)) return refuse("it is not a file");
  if ((facts.st_mode & 0007U) != 0) return refuse("every user of this host may read or write it", "chmod o= " + path);
  auto text = read_whole(file.get(), largest_secret_file_bytes);
  if (!text) return refuse("it is longer than a secret");
  return std::move(*text);
}

}  // namespace

UrlSink::UrlSink(config::WebhookSpec spec, SinkPorts ports)
    : spec_(std::move(spec)), ports_(std::move(ports)), client_(ports_.resolver, {.all = spec_.timeout}) {}

Result<std::vector<std::string>> UrlSink::keys() const {
  std::vector<std::string> keys;
  for (const std::string& path : {spec_.secret_file, spec_.next_secret_file}) {
    if (path.empty()) continue;
    const auto text = read_secret(path);
    AUTOHEAL_TRY(text);
    ports_.learn(*text);
    auto key = outward::webhook_key(*text);
    if (!key) return failure(ErrorKind::failed, fmt::format("{}: {}", path, key.error().message), key.error().hint);
    ports_.learn(*key);
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<outward::Request> UrlSink::request_for(const workflows::OutgoingEvent& event, Timestamp time) const {
  const auto url = outward::read_url(spec_.url);
  AUTOHEAL_TRY(url);
  const auto allow = outward::AllowList::of(spec_.allow);
  AUTOHEAL_TRY(allow);
  const auto secrets = keys();
  AUTOHEAL_TRY(secrets);
  outward::Request request;
  request.url = *url;
  request.allow = *allow;
  request.authorities = spec_.ca_file;
  request.headers = outward::webhook_headers(event.id, time, event.body, *secrets);
  const bool is_trace = spec_.format == config::EventFormat::otlp;
  request.headers.emplace_back("Content-Type",
                               is_trace ? "application/json" : "application/cloudevents+json; charset=UTF-8");
  request.body = event.body;
  return request;
}

boost::asio::awaitable<Result<void>> UrlSink::deliver(workflows::OutgoingEvent event, Timestamp time) {
  auto request = request_for(event, time);
  AUTOHEAL_CO_TRY(request);
  const auto answer = co_await client_.send(std::move(*request));
  AUTOHEAL_CO_TRY(answer);
  if (answer->status >= 200 && answer->status < 300) co_return Result<void>();
  const bool redirects = answer->status >= 300 && answer->status < 400;
  co_return failure(ErrorKind::failed, fmt::format("status {}{}", answer->status,
                                                   redirects ? ": it redirects, which is not followed" : ""));
}

}  // namespace autoheal::cli
