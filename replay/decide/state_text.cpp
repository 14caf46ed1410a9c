#include "autoheal/replay/decide/state_text.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "autoheal/replay/text/plan_text.hpp"

namespace autoheal::replay {

using namespace workflows;  // every line below reads its values

namespace {

using nlohmann::json;

constexpr std::size_t longest_shown = 80;

std::string_view words_of(Step step) {
  switch (step) {
    case Step::waiting:
      return "waiting";
    case Step::observing:
      return "looking at the world";
    case Step::changing:
      return "carrying out its plan";
    case Step::acting:
      return "running a command or service";
    case Step::certifying:
      return "gathering evidence";
    case Step::undoing:
      return "undoing a command or service";
    case Step::restoring:
      return "putting its changes back";
    case Step::ended:
      return "ended";
  }
  return "waiting";
}

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= longest_shown) return text;
  std::size_t end = longest_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

std::string difference(const json& recorded, const json& other, const std::string& path) {
  if (recorded == other) return {};
  if (recorded.is_object() && other.is_object()) {
    for (const auto& [key, value] : recorded.items()) {
      if (!other.contains(key)) return fmt::format("{}/{}: {} instead of nothing", path, key, shown(value));
      if (auto found = difference(value, other.at(key), path + "/" + key); !found.empty()) return found;
    }
    for (const auto& [key, value] : other.items()) {
      if (!recorded.contains(key)) return fmt::format("{}/{}: nothing instead of {}", path, key, shown(value));
    }
  }
  if (recorded.is_array() && other.is_array()) {
    for (std::size_t index = 0; index < std::min(recorded.size(), other.size()); ++index) {
      if (auto found = difference(recorded[index], other[index], path + "/" + std::to_string(index)); !found.empty())
        return found;
    }
    return fmt::format("{}: {} elements instead of {}", path, recorded.size(), other.size());
  }
  return fmt::format("{}: {} instead of {}", path, shown(recorded), shown(other));
}

std::string mark_of(const workflows::Attempt& attempt, unsigned number) {
  if (const auto undone = attempt.undone.find(number); undone != attempt.undone.end())
    return std::string(name_of(undone->second.status));
  if (const auto outcome = attempt.outcomes.find(number); outcome != attempt.outcomes.end())
    return std::string(name_of(outcome->second.status));
  return attempt.intended() == number ? "begun" : "not yet";
}

}  // namespace

std::string seconds_text(Duration time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  const std::string fraction = std::to_string(std::abs(milliseconds % 1000));
  return fmt::format("{}{}.{}{} s", milliseconds < 0 ? "-" : "", std::abs(milliseconds / 1000),
                     std::string(3 - fraction.size(), '0'), fraction);
}

std::string line_of(const HealState& state) {
  std::string text(name_of(state.phase()));
  if (const phases::EndedExhausted* end = state.exhausted()) text += " (" + std::string(name_of(end->reason)) + ")";
  if (state.attempt_number() > 0)
    text += fmt::format(", attempt {} of {}", state.attempt_number(), state.request->max_retries);
  if (state.step() == Step::ended || state.phase() == Phase::none) return text;
  return text + ": " + std::string(words_of(state.step()));
}

std::vector<std::string> details_of(const HealState& state) {
  std::vector<std::string> lines;
  const HealRequest& request = *state.request;
  if (!request.error.empty()) lines.push_back("because: " + request.error);
  if (const phases::Retrying* wait = state.retrying())
    lines.push_back(
        fmt::format("next attempt at {}, after {}", format_timestamp(wait->due), seconds_text(wait->delay)));
  if (!request.needs.empty() && state.phase() == Phase::triggered) {
    std::string line = "waits for";
    for (const std::string& name : request.needs) line += " " + name;
    lines.push_back(std::move(line));
  }
  if (state.plan() != nullptr) {
    const auto plan = lines_of(*state.plan());
    if (plan.empty()) lines.emplace_back("plan: nothing to change");
    for (std::size_t index = 0; index < plan.size(); ++index) {
      const auto number = static_cast<unsigned>(index + 1);
      lines.push_back(fmt::format("plan {}: {} [{}]", number, plan[index], mark_of(*state.attempt, number)));
    }
    if (!state.has_certified_plan()) lines.emplace_back("the plan is not certified");
  }
  if (!state.so_far.last_problem.empty()) lines.push_back("last problem: " + state.so_far.last_problem);
  if (state.starts_over())
    lines.emplace_back("earlier rules planned this attempt: it is put back and starts once more");
  if (state.ending) lines.push_back("told to end: " + std::string(name_of(*state.ending)));
  if (state.resumptions > 0) lines.push_back(fmt::format("resumed {} times without progress", state.resumptions));
  return lines;
}

void write(JsonWriter& out, const HealState& state) {
  out.begin_object().field("state", name_of(state.phase())).field("doing", words_of(state.step()));
  out.field("engine", state.request->engine).field("attempt", state.attempt_number());
  out.field("max_retries", state.request->max_retries);
  if (const phases::EndedExhausted* end = state.exhausted()) out.field("reason", name_of(end->reason));
  if (const phases::Retrying* wait = state.retrying()) out.field("due", format_timestamp(wait->due));
  out.optional_field("last_problem", state.so_far.last_problem).key("details").begin_array();
  for (const std::string& line : details_of(state)) out.value(line);
  out.end_array().end_object();
}

std::string first_difference(const std::string& recorded, const std::string& other) {
  const json a = json::parse(recorded, nullptr, false), b = json::parse(other, nullptr, false);
  if (a.is_discarded() || b.is_discarded()) return recorded == other ? "" : "the text is not the same";
  return difference(a, b, "");
}

}  // namespace autoheal::replay
