#include "certificate_renewal.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/json_writer.hpp"

namespace example {

using autoheal::EntryJson;
using autoheal::ErrorKind;
using autoheal::JsonWriter;

namespace {

// Pure: it looks at the state and the news, and says what follows. It performs nothing.
struct Turn {
  const RenewalState& state;
  Timestamp now;
  autoheal::engine::Decision<CertificateRenewal> decision = {};

  void operator()(const Want& news) {
    decision.entries = {Wanted{news.domain, news.wait, now + news.wait}};
    decision.wake_after = news.wait;
  }
  void operator()(const WaitOver&) {
    if (state.stage != Stage::waiting) return;
    decision.entries = {Ordered{}};
    decision.effects = {Order{state.domain}};
  }
  void operator()(const Received& news) {
    if (state.stage != Stage::ordered) return;
    const auto name = autoheal::sha256_name(news.certificate);
    decision.contents = {{news.certificate}};
    decision.entries = {Issued{name}};
    decision.effects = {Install{name}};
  }
  void operator()(const Refused& news) {
    if (state.orders == CertificateRenewal::most_orders) {
      decision.entries = {Failed{news.why}};
      decision.ends = true;
      return;
    }
    const Duration wait = std::chrono::milliseconds(100) * (1 << state.orders);
    decision.entries = {Postponed{news.why, wait, now + wait}};
    decision.wake_after = wait;
  }
  void operator()(const InstallDone&) {
    decision.entries = {Installed{}};
    decision.ends = true;
  }
  // The process before this one ended somewhere: whatever was under way is done again.
  void operator()(const ProcessBegan&) {
    if (state.stage == Stage::waiting) decision.wake_after = std::clamp(state.due - now, Duration(0), state.wait);
    if (state.stage == Stage::ordered) decision.effects = {Order{state.domain}};
    if (state.stage == Stage::issued) decision.effects = {Install{state.certificate}};
  }
};

struct Fold {
  RenewalState& state;

  void operator()(const Wanted& fact) {
    state.domain = fact.domain;
    wait(fact.wait, fact.due);
  }
  void operator()(const Ordered&) {
    state.stage = Stage::ordered;
    ++state.orders;
  }
  void operator()(const Postponed& fact) { wait(fact.wait, fact.due); }
  void operator()(const Issued& fact) {
    state.stage = Stage::issued;
    state.certificate = fact.certificate;
  }
  void operator()(const Installed&) { state.stage = Stage::installed; }
  void operator()(const Failed& fact) {
    state.stage = Stage::failed;
    state.why = fact.why;
  }

  void wait(Duration wait, Timestamp due) {
    state.stage = Stage::waiting;
    state.wait = wait;
    state.due = due;
  }
};

constexpr std::array<std::string_view, 6> entry_types = {"certificate.wanted",    "certificate.ordered",
                                                         "certificate.postponed", "certificate.issued",
                                                         "certificate.installed", "certificate.failed"};
static_assert(entry_types.size() == std::variant_size_v<CertificateRenewal::Entry>);

void write(JsonWriter& out, const Wanted& fact) {
  out.field("workflow", "certificate/2").field("domain", fact.domain);
  out.field("wait_us", fact.wait).field("due", autoheal::format_timestamp(fact.due));
}
void write(JsonWriter&, const Ordered&) {}
void write(JsonWriter& out, const Postponed& fact) {
  out.field("why", fact.why).field("wait_us", fact.wait).field("due", autoheal::format_timestamp(fact.due));
}
void write(JsonWriter& out, const Issued& fact) { out.field("certificate", fact.certificate); }
void write(JsonWriter&, const Installed&) {}
void write(JsonWriter& out, const Failed& fact) { out.field("why", fact.why); }

Timestamp time_in(const EntryJson& data) {
  const auto time = autoheal::parse_timestamp(data.at("due").text());
  if (!time) throw std::invalid_argument("\"due\" is no time");
  return *time;
}
Duration wait_in(const EntryJson& data) { return Duration(data.at("wait_us").number<std::int64_t>()); }

// Version 1 knew no wait: it ordered at once.
Wanted read_wanted(const EntryJson& data, unsigned dataversion) {
  if (dataversion == 1) return {data.at("domain"), Duration(0), Timestamp()};
  return {data.at("domain"), wait_in(data), time_in(data)};
}

CertificateRenewal::Entry read(std::size_t kind, const EntryJson& data, unsigned dataversion) {
  switch (kind) {
    case 0:
      return read_wanted(data, dataversion);
    case 1:
      return Ordered{};
    case 2:
      return Postponed{data.at("why"), wait_in(data), time_in(data)};
    case 3:
      return Issued{data.at("certificate")};
    case 4:
      return Installed{};
    default:
      return Failed{data.at("why")};
  }
}

}  // namespace

autoheal::engine::Decision<CertificateRenewal> CertificateRenewal::decide(const State& state, const Input& input,
                                                                          Timestamp now) {
  Turn turn{state, now};
  std::visit(turn, input);
  return std::move(turn.decision);
}

RenewalState CertificateRenewal::apply(State state, const Entry& entry) {
  std::visit(Fold{state}, entry);
  return state;
}

autoheal::engine::Encoded CertificateRenewal::encode(const State& state, const Entry& entry) {
  JsonWriter out;
  out.begin_object();
  std::visit([&out](const auto& fact) { write(out, fact); }, entry);
  out.end_object();
  return {std::string(entry_types[entry.index()]), version, "example", state.domain, out.take()};
}

Result<CertificateRenewal::Entry> CertificateRenewal::decode(std::string_view entry_type, unsigned dataversion,
                                                             std::string_view data) {
  const auto* known = std::ranges::find(entry_types, entry_type);
  if (known == entry_types.end() || dataversion == 0 || dataversion > version) {
    return autoheal::failure(ErrorKind::invalid, std::string(entry_type) + " is of a later version of the renewal");
  }
  try {
    const autoheal::EntryJsonDocument document(data);
    return read(static_cast<std::size_t>(known - entry_types.begin()), document.root(), dataversion);
  } catch (const std::exception& problem) {
    return autoheal::failure(ErrorKind::corrupt, std::string(entry_type) + ": " + problem.what());
  }
}

}  // namespace example
