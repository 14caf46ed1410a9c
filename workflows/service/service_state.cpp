#include "autoheal/workflows/service/service_state.hpp"

#include <array>

namespace autoheal::workflows {

namespace {

struct Words {
  ServiceState state;
  std::string_view name, sentence;
};
constexpr std::array<Words, 9> words = {{
    {ServiceState::unknown, "unknown", "is in a state that nobody tells"},
    {ServiceState::stopped_by_hand, "stopped_by_hand", "was stopped by hand"},
    {ServiceState::stopped, "stopped", "does not run"},
    {ServiceState::starting, "starting", "is starting"},
    {ServiceState::running, "running", "runs"},
    {ServiceState::reloading, "reloading", "is reloading"},
    {ServiceState::stopping, "stopping", "is stopping"},
    {ServiceState::failed, "failed", "has failed"},
    {ServiceState::held_back, "held_back", "is held back by its manager"},
}};

const Words& words_of(ServiceState state) { return words.at(static_cast<std::size_t>(state)); }

}  // namespace

std::string_view name_of(ServiceState state) { return words_of(state).name; }
std::string in_words(ServiceState state) { return std::string(words_of(state).sentence); }

ServiceState service_state_of(std::string_view name) {
  for (const Words& one : words) {
    if (one.name == name) return one.state;
  }
  return ServiceState::unknown;
}

bool is_dead(ServiceState state) {
  return state == ServiceState::stopped_by_hand || state == ServiceState::stopped || state == ServiceState::failed ||
         state == ServiceState::held_back;
}

bool is_transitional(ServiceState state) {
  return state == ServiceState::starting || state == ServiceState::reloading || state == ServiceState::stopping;
}

bool may_be_brought_up(ServiceState state) {
  return state != ServiceState::stopped_by_hand && state != ServiceState::held_back;
}

}  // namespace autoheal::workflows
