// Posts events to a URL, signed as Standard Webhooks says.
#pragma once

#include "tools/autoheal/events/event_sink.hpp"
#include "tools/outward/client.hpp"

namespace autoheal::cli {

class UrlSink final : public EventSink {
 public:
  UrlSink(config::WebhookSpec spec, SinkPorts ports);
  // A status from 200 to 299 takes the event. The secrets are read for each: who changes one need not tell the daemon.
  boost::asio::awaitable<Result<void>> deliver(workflows::OutgoingEvent event, Timestamp time) override;

 private:
  [[nodiscard]] Result<std::vector<std::string>> keys() const;
  [[nodiscard]] Result<outward::Request> request_for(const workflows::OutgoingEvent& event, Timestamp time) const;

  config::WebhookSpec spec_;
  SinkPorts ports_;
  outward::Client client_;
};

}  // namespace autoheal::cli
