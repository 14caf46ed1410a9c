#include "autoheal/replay/decide/heal_replay.hpp"

#include <fmt/core.h>

#include "autoheal/workflows/heal/heal_announcements.hpp"
#include "autoheal/workflows/heal/heal_rules.hpp"

namespace autoheal::replay {

namespace {

using namespace workflows;  // the words of a heal stand on every line here

// Fields that an older version did not write are not compared.
void forget_what_was_not_kept(const HealEntry& recorded, HealEntry& decided) {
  if (const auto* then = std::get_if<PlanRecorded>(&recorded); then != nullptr && !then->may_change) {
    auto& now = std::get<PlanRecorded>(decided);
    now.may_change.reset();
    now.adopted_baseline.clear();
  }
  if (const auto* then = std::get_if<CertificationRefused>(&recorded);
      then != nullptr && then->adopted_baseline.empty()) {
    std::get<CertificationRefused>(decided).adopted_baseline.clear();
  }
}

class Replay {
 public:
  Replay(RecordedHeal& heal, const PastWorld& world, const Decide& decide,
         const std::function<void(const ReplayedStep&)>& on_step)
      : heal_(heal), world_(world), decide_(decide), on_step_(on_step) {}

  Replayed run() {
    while (at_ < heal_.size() && result_.verdict == Verdict::same) step();
    return std::move(result_);
  }

 private:
  // The entries that one input leads to, and how many of them are as recorded.
  struct Tried {
    HealInput input;
    engine::Decision<Heal> decision;
    HealState after;
    std::size_t same = 0;
    bool left_out = false;  // the last entry, by a process that ended
    [[nodiscard]] bool whole() const {
      return same + (left_out ? 1 : 0) == decision.entries.size() && !decision.entries.empty();
    }
  };

  void step() {
    auto told = input_before(result_.state, heal_, at_, world_);
    if (!told) return set_aside(told.error());
    if (!fits()) return diverge(nullptr);
    std::optional<Tried> best;
    for (HealInput& input : told->possible) {
      Tried tried = decide_again(std::move(input));
      if (result_.verdict == Verdict::set_aside) return;
      const bool better =
          !best || tried.whole() > best->whole() || (tried.whole() == best->whole() && tried.same > best->same);
      if (better) best = std::move(tried);
    }
    if (best && best->whole()) return accept(*best);
    if (!told->untold.empty()) return take_as_it_is(told->untold);
    diverge(best ? &*best : nullptr);
  }

  // Entries that no heal of ours could follow are not decided on.
  bool fits() {
    const auto entry = heal_.decoded(at_);
    return entry && violation_of(result_.state, **entry) == nullptr;
  }

  Tried decide_again(HealInput input) {
    Tried tried{std::move(input), {}, {}, 0, false};
    tried.decision = decide_(result_.state, tried.input, heal_.entry(at_).time);
    tried.after = result_.state;
    for (const HealEntry& entry : tried.decision.entries) {
      tried.left_out = is_announcement(entry) && &entry == &tried.decision.entries.back() && process_ended(tried.same);
      if (tried.left_out) break;
      tried.after = Heal::apply(std::move(tried.after), entry);
      if (!is_recorded(at_ + tried.same, tried.after, entry)) break;
      ++tried.same;
    }
    return tried;
  }

  // After so many entries of this input, of which there is one.
  bool process_ended(std::size_t entries) {
    const std::size_t index = at_ + entries;
    return entries > 0 && (index >= heal_.size() || heal_.entry(index).type == "heal.resumed");
  }

  bool is_recorded(std::size_t index, const HealState& after, const HealEntry& value) {
    if (index >= heal_.size()) return false;
    const engine::Entry& recorded = heal_.entry(index);
    const engine::Envelope decided = Heal::envelope(after, value);
    const bool same_envelope = recorded.type == decided.type && recorded.time == heal_.entry(at_).time &&
                               recorded.actor == decided.actor && recorded.subject == decided.subject;
    if (!same_envelope) return false;
    // An entry that was decoded already is compared faster as a value, any other one as text.
    if (const HealEntry* read = heal_.decoded_already(index); read != nullptr && *read == value) return true;
    std::string from_vault;
    const auto data = heal_.data(index, from_vault);
    if (!data) {
      set_aside(data.error());
      return false;
    }
    if (recorded.dataversion == decided.dataversion && *data == Heal::encode(after, value).data) return true;
    // Written in other words by another version: what they say counts.
    const auto lifted = heal_.decoded(index);
    if (!lifted) {
      set_aside(lifted.error());
      return false;
    }
    HealEntry lowered = value;
    forget_what_was_not_kept(**lifted, lowered);
    return lowered == **lifted;
  }

  void accept(Tried& tried) {
    if (on_step_) on_step_({result_.state, tried.input, heal_.entry(at_).time, tried.decision, at_});
    at_ += tried.same;
    result_.entries += tried.same;
    ++result_.steps;
    result_.state = std::move(tried.after);
  }

  // The failure and what it led to in the same commit.
  void take_as_it_is(const std::string& why) {
    const Timestamp now = heal_.entry(at_).time;
    result_.taken_why = why;
    do {
      const auto entry = heal_.decoded(at_);
      if (!entry) return set_aside(entry.error());
      if (!fits()) return diverge(nullptr);
      const bool concludes =
          std::holds_alternative<RetryScheduled>(**entry) || std::holds_alternative<Exhausted>(**entry);
      result_.state = Heal::apply(std::move(result_.state), **entry);
      ++result_.taken;
      ++at_;
      if (concludes) return;
    } while (at_ < heal_.size() && heal_.entry(at_).time == now);
  }

  void set_aside(const Error& error) {
    result_.verdict = Verdict::set_aside;
    result_.why = error.message;
  }

  void diverge(const Tried* tried) {
    const std::size_t same = tried != nullptr ? tried->same : 0;
    const std::size_t differs = std::min(at_ + same, heal_.size() - 1);
    // Nothing is said about what this version cannot read.
    if (const auto known = heal_.decoded(differs); !known) return set_aside(known.error());
    result_.verdict = Verdict::diverged;
    Divergence& found = result_.divergence.emplace();
    found.version = at_ + same + 1;
    found.same = same;
    found.position = heal_.entry(differs).position;
    found.before = result_.state;
    found.input = tried != nullptr ? line_of(tried->input) : "nothing that this version knows leads to this entry here";
    if (tried != nullptr) found.decided = written(tried->decision, heal_.entry(at_).time);
    const std::size_t until = at_ + std::max(same + 1, found.decided.size());
    for (std::size_t index = at_; index < std::min(until, heal_.size()); ++index) {
      if (heal_.entry(index).time == heal_.entry(at_).time) found.recorded.push_back(heal_.entry(index));
    }
  }

  [[nodiscard]] std::vector<engine::NewEntry> written(const engine::Decision<Heal>& decision, Timestamp now) const {
    std::vector<engine::NewEntry> entries;
    HealState state = result_.state;
    for (const HealEntry& entry : decision.entries) {
      state = Heal::apply(std::move(state), entry);
      engine::Encoded text = Heal::encode(std::as_const(state), entry);
      entries.push_back({std::move(text.type), text.dataversion, now, std::move(text.actor), std::move(text.subject),
                         std::move(text.data)});
    }
    return entries;
  }

  RecordedHeal& heal_;
  const PastWorld& world_;
  const Decide& decide_;
  const std::function<void(const ReplayedStep&)>& on_step_;
  std::size_t at_ = 0;
  Replayed result_;
};

}  // namespace

Replayed replay_heal(RecordedHeal& heal, const PastWorld& world, const Decide& decide,
                     const std::function<void(const ReplayedStep&)>& on_step) {
  return Replay(heal, world, decide, on_step).run();
}

std::string line_of(const Divergence& divergence) {
  const auto type = [](const auto& entries, std::size_t index) {
    return index < entries.size() ? entries[index].type : std::string("nothing more");
  };
  std::string recorded = type(divergence.recorded, divergence.same),
              decided = type(divergence.decided, divergence.same);
  if (recorded == decided) decided = "another " + decided;
  return fmt::format("{}: recorded is {}, today's code decides {}", divergence.input, recorded, decided);
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "same";
    case Verdict::diverged:
      return "diverged";
    case Verdict::set_aside:
      break;
  }
  return "set_aside";
}

}  // namespace autoheal::replay
