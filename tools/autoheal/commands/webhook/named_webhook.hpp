// For the commands about webhooks: the target that is meant, and one delivery to it.
#pragma once

#include <string>

#include "tools/autoheal/events/event_sink.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// not_found where the configuration has no target of this name.
[[nodiscard]] Result<const config::WebhookSpec*> named_webhook(const Session& session, const std::string& name);

// From this process, now, once. Blocks until the target has answered or its time is over.
[[nodiscard]] Result<void> deliver_now(const config::WebhookSpec& spec, const workflows::OutgoingEvent& event);

// Where a target is, without what may be a token in it.
[[nodiscard]] std::string destination_of(const config::WebhookSpec& spec);

}  // namespace autoheal::cli
