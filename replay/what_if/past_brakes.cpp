#include "autoheal/replay/what_if/past_brakes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/supervision/brakes.hpp"

namespace autoheal::replay {

namespace {

// An entry is written a moment after its failure was considered; a pause that was over then is not held against it.
constexpr Duration written_within = std::chrono::seconds(1);
// Entries of one commit may stand a little out of order.
constexpr Duration out_of_order = std::chrono::seconds(1);

bool tells_of_a_pass(const engine::Entry& entry) {
  if (entry.type != "selftest.engine_tested" || entry.stream != "ledger") return false;
  const auto data = nlohmann::json::parse(entry.data, nullptr, false);
  return data.is_object() && data.value("outcome", nlohmann::json()) == "passed";
}

}  // namespace

std::uint32_t PastBrakes::number_of(const std::string& engine) {
  const auto [known, is_new] = numbers_.try_emplace(engine, static_cast<std::uint32_t>(names_.size()));
  if (is_new) names_.push_back(engine);
  return known->second;
}

void PastBrakes::look(const engine::Entry& entry) {
  if (before_ && entry.time + out_of_order < *before_) {
    const Duration so_far = set_backs_.empty() ? Duration{0} : set_backs_.back().in_all;
    set_backs_.push_back({entry.position, so_far + (*before_ - entry.time)});
  }
  before_ = entry.time;
  const bool reset = entry.type == "engine.reset";
  if (reset || tells_of_a_pass(entry)) told_.push_back({entry.position, entry.time, number_of(entry.subject), reset});
}

class PastBrakes::Walk {
 public:
  Walk(const PastBrakes& past, const Healing& healing) : past_(past), begun_(past.heals_.size(), false) {
    for (const std::string& name : past.names_) engines_.push_back({healing(name), {}});
  }

  std::map<std::uint64_t, Held> run() {
    collect();
    auto next = past_.set_backs_.begin();
    Duration set_back{0};
    for (const Event& event : events_) {
      for (; next != past_.set_backs_.end() && next->position <= event.position; ++next) set_back = next->in_all;
      const Duration now = event.time.time_since_epoch() + set_back;
      if (event.kind == Event::told) {
        hear(past_.told_[event.index]);
      } else if (event.kind == Event::began) {
        begin(event.index, now);
      } else {
        end(event.index, now);
      }
    }
    return std::move(held_);
  }

 private:
  struct Event {
    engine::Position position;
    Timestamp time;
    enum Kind : std::uint8_t { began, ended, told } kind;
    std::uint32_t index;
  };
  struct Engine {
    std::optional<workflows::HealingSpec> healing;
    workflows::Brakes brakes;
  };

  void collect() {
    for (std::uint32_t index = 0; index < past_.heals_.size(); ++index) {
      const PastHeal& heal = past_.heals_[index];
      events_.push_back({heal.began, heal.began_at, Event::began, index});
      if (heal.recorded != Ending::open) events_.push_back({heal.ended, heal.ended_at, Event::ended, index});
    }
    for (std::uint32_t index = 0; index < past_.told_.size(); ++index)
      events_.push_back({past_.told_[index].position, past_.told_[index].time, Event::told, index});
    std::ranges::sort(events_, {}, &Event::position);
  }

  void hear(const Told& told) {
    workflows::Brakes& brakes = engines_[told.engine].brakes;
    told.reset ? brakes.reset() : brakes.passed();
  }

  // In the order in which workflows/supervision/watch asks.
  static Brake asked(Engine& engine, Duration now) {
    if (engine.brakes.quiet_until(now + written_within)) return Brake::quiet;
    if (engine.brakes.cools_until(now + written_within)) return Brake::cooldown;
    if (!engine.brakes.flaps(*engine.healing, now)) return Brake::none;
    engine.brakes.suppress(now);
    return Brake::flaps;
  }

  void begin(std::uint32_t index, Duration now) {
    const PastHeal& heal = past_.heals_[index];
    Engine& engine = engines_[heal.engine];
    if (heal.other == Ending::not_begun || heal.for_others || !engine.healing) return;
    const Brake brake = heal.by_daemon ? asked(engine, now) : Brake::none;
    begun_[index] = brake == Brake::none || brake == Brake::flaps;
    if (heal.by_daemon && brake == Brake::none) engine.brakes.heal_began(now);
    const bool as_recorded = brake == (heal.flapped ? Brake::flaps : Brake::none);
    if (heal.asked && !as_recorded) held_.emplace(heal.order, Held{heal, brake});
    if (brake == Brake::flaps) flaps_.push_back(index);
  }

  void end(std::uint32_t index, Duration now) {
    const PastHeal& heal = past_.heals_[index];
    if (!begun_[index]) return;
    Engine& engine = engines_[heal.engine];
    const bool flaps = std::ranges::find(flaps_, index) != flaps_.end();
    std::erase(flaps_, index);
    const bool known = heal.other == Ending::certified || heal.other == Ending::exhausted;
    const Ending ending = flaps ? Ending::exhausted : known ? heal.other : heal.recorded;
    if (ending == Ending::certified) engine.brakes.passed();
    if (ending == Ending::exhausted) engine.brakes.exhausted(*engine.healing, now);
  }

  const PastBrakes& past_;
  std::vector<bool> begun_;
  std::vector<std::uint32_t> flaps_;  // those under way that are one too many
  std::vector<Engine> engines_;
  std::vector<Event> events_;
  std::map<std::uint64_t, Held> held_;
};

std::map<std::uint64_t, PastBrakes::Held> PastBrakes::judge(const Healing& healing) const {
  return Walk(*this, healing).run();
}

}  // namespace autoheal::replay
