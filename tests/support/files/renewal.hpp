// A workflow that has nothing to do with healing: a certificate is ordered, waited for and installed. It shows that the
// engine is worth using alone, and that a third workflow needs no change in it.
#pragma once

#include <charconv>
#include <string>
#include <variant>

#include "autoheal/engine/workflow.hpp"

namespace autoheal::testing {

struct Renewal {
  static constexpr std::string_view type = "cert.renewal";
  static constexpr unsigned version = 2;

  enum class Stage { none, ordered, waiting, installing, installed };
  struct State {
    Stage stage = Stage::none;
    std::string host;
    Timestamp due;
    unsigned resumptions = 0;
    friend bool operator==(const State&, const State&) = default;
  };

  struct Ordered {
    std::string host;
  };
  struct Issued {
    Timestamp due;
  };
  struct InstallStarted {};
  struct Installed {};
  struct Recovered {};
  using Entry = std::variant<Ordered, Issued, InstallStarted, Installed, Recovered>;

  struct Begin {
    std::string host;
  };
  struct OrderAccepted {};
  struct InstallDone {};
  struct Woken {};
  struct ProcessStarted {};
  using Input = std::variant<Begin, OrderAccepted, InstallDone, Woken, ProcessStarted>;

  struct Order {
    std::string host;
  };
  struct Install {
    std::string host;
  };
  using Effect = std::variant<Order, Install>;

  static constexpr Duration issue_takes = std::chrono::hours(1);

  static engine::Decision<Renewal> decide(const State& state, const Input& input, Timestamp now) {
    engine::Decision<Renewal> decision;
    if (const auto* begin = std::get_if<Begin>(&input)) {
      decision.entries = {Ordered{begin->host}};
      decision.effects = {Order{begin->host}};
    } else if (std::holds_alternative<OrderAccepted>(input) && state.stage == Stage::ordered) {
      decision.entries = {Issued{now + issue_takes}};
      decision.wake_after = issue_takes;
    } else if (std::holds_alternative<Woken>(input) && state.stage == Stage::waiting) {
      decision.entries = {InstallStarted{}};
      decision.effects = {Install{state.host}};
    } else if (std::holds_alternative<InstallDone>(input)) {
      decision.entries = {Installed{}};
      decision.ends = true;
    } else if (std::holds_alternative<ProcessStarted>(input)) {
      decision.entries = {Recovered{}};
      if (state.stage == Stage::ordered) decision.effects = {Order{state.host}};
      if (state.stage == Stage::waiting) {
        decision.wake_after = std::max(Duration(0), std::min(issue_takes, state.due - now));
      }
      if (state.stage == Stage::installing) decision.effects = {Install{state.host}};
    }
    return decision;
  }

  static State apply(State state, const Entry& entry) {
    if (const auto* ordered = std::get_if<Ordered>(&entry)) state = {Stage::ordered, ordered->host, {}, 0};
    if (const auto* issued = std::get_if<Issued>(&entry)) {
      state.stage = Stage::waiting;
      state.due = issued->due;
    }
    if (std::holds_alternative<InstallStarted>(entry)) state.stage = Stage::installing;
    if (std::holds_alternative<Installed>(entry)) state.stage = Stage::installed;
    if (std::holds_alternative<Recovered>(entry)) ++state.resumptions;
    return state;
  }

  static engine::Encoded encode(const State& state, const Entry& entry) {
    static constexpr std::string_view names[] = {"ordered", "issued", "install_started", "installed", "recovered"};
    std::string data;
    if (const auto* ordered = std::get_if<Ordered>(&entry)) data = ordered->host;
    if (const auto* issued = std::get_if<Issued>(&entry)) data = format_timestamp(issued->due);
    return {std::string(type) + "." + std::string(names[entry.index()]), version, "",
            state.host.substr(0, state.host.find(' ')), std::move(data)};
  }

  static Result<Entry> decode(std::string_view entry_type, unsigned dataversion, std::string_view data) {
    if (dataversion != version) return failure(ErrorKind::invalid, "another version of the renewal workflow");
    const std::string_view name = entry_type.substr(type.size() + 1);
    if (name == "ordered") return Ordered{std::string(data)};
    if (name == "issued") {
      const auto due = parse_timestamp(data);
      if (!due) return failure(ErrorKind::corrupt, "not a time");
      return Issued{*due};
    }
    if (name == "install_started") return InstallStarted{};
    if (name == "installed") return Installed{};
    if (name == "recovered") return Recovered{};
    return failure(ErrorKind::invalid, "unknown entry " + std::string(name));
  }

  static Input resumed() { return ProcessStarted{}; }
  static Input woken() { return Woken{}; }
  static bool resumes_alone(const State& state) { return state.resumptions >= 2; }
};

}  // namespace autoheal::testing
