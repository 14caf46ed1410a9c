// An independent model of a heal: it shares no table and no fold with the product.
#include <algorithm>
#include <set>

#include "tests/simulation/life_record.hpp"

namespace autoheal::simulation {

namespace {

// The legal successors of entries; `resumed`, `trigger_joined` and `cancel_requested` may come anywhere before the end.
const std::map<std::string, std::set<std::string>>& successors() {
  static const std::map<std::string, std::set<std::string>> all = {
      {"", {"triggered"}},
      {"triggered", {"repair_started", "exhausted"}},
      {"repair_started", {"plan_recorded", "repair_failed"}},
      {"plan_recorded", {"plan_certified", "plan_refused"}},
      {"plan_certified", {"change_intended", "change_applied", "repair_finished", "repair_failed"}},
      {"plan_refused", {"retry_scheduled", "exhausted"}},
      {"change_intended", {"change_applied", "repair_failed", "repair_finished"}},
      {"change_applied", {"change_intended", "change_applied", "repair_finished", "repair_failed"}},
      {"repair_finished", {"certification_started"}},
      {"repair_failed", {"rollback_started", "retry_scheduled", "exhausted"}},
      {"certification_started", {"certified", "certification_refused"}},
      {"certified", {"completed"}},
      {"certification_refused", {"rollback_started"}},
      {"rollback_started", {"undo_intended", "undo_applied", "rolled_back"}},
      {"undo_intended", {"undo_applied", "undo_intended"}},
      {"undo_applied", {"undo_intended", "undo_applied", "rolled_back"}},
      {"rolled_back", {"retry_scheduled", "exhausted"}},
      {"retry_scheduled", {"repair_started", "exhausted"}},
      {"completed", {}},
      {"exhausted", {}},
  };
  return all;
}

// One line about a document that may have 100,000 brackets.
std::string shown(const std::string& content) {
  constexpr std::size_t longest = 200;
  std::string text;
  for (const char c : content.substr(0, longest)) {
    const bool is_plain = c >= ' ' && c <= '~';
    text += is_plain ? std::string(1, c) : c == '\n' ? "\\n" : "\\x";
  }
  return content.size() > longest ? text + "..." : text;
}

constexpr Duration is_at_work = std::chrono::seconds(2);  // who wrote so lately

bool comes_anywhere(const std::string& type) {
  return type == "resumed" || type == "trigger_joined" || type == "cancel_requested";
}

struct HealSoFar {
  const SeenEntry* triggered = nullptr;
  std::string last;  // without those that come anywhere
  Duration certification_began{0};
  unsigned attempts = 0;
  bool ended = false;
};

class LifeJudge {
 public:
  explicit LifeJudge(const LifeRecord& record) : record_(record), broken_(record.problems) {
    for (const SeenEntry& entry : record.entries) judge(entry);
    judge_ends();
    judge_acknowledged();
    judge_events();
    for (const SeenChange& change : record.changes) judge_change(change);
    judge_writers();
    judge_restarts();
    judge_pauses();
    std::ranges::move(broken_service_rules(record), std::back_inserter(broken_));
    for (const auto& [mark, runs] : record.acts_run) {
      if (runs > 1) broken_.push_back("act " + mark + " ran " + std::to_string(runs) + " times");
    }
  }
  std::vector<std::string> take() { return std::move(broken_); }

 private:
  void complain(const SeenEntry& entry, const std::string& what) {
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(entry.at).count();
    broken_.push_back("hour " + std::to_string(hours) + ", " + entry.engine + ", heal " + entry.heal + ", " +
                      entry.type + ": " + what);
  }

  void judge(const SeenEntry& entry) {
    const std::string type = entry.type.substr(5);
    HealSoFar& heal = heals_[entry.heal];
    judge_path(heal, entry, type);
    if (type == "triggered") {
      heal.triggered = &entry;
      if (!open_[entry.engine].empty()) complain(entry, "heal " + open_[entry.engine] + " is open");
      open_[entry.engine] = entry.heal;
    }
    if (heal.triggered == nullptr) return;
    if (type == "repair_started") judge_attempt(heal, entry);
    if (type == "certification_started") heal.certification_began = entry.at;
    if (type == "completed") judge_completed(heal, entry);
    if (type == "exhausted") judge_exhausted(heal, entry);
    if (type != "completed" && type != "exhausted") return;
    heal.ended = true;
    if (open_[entry.engine] == entry.heal) open_[entry.engine].clear();
  }

  void judge_path(HealSoFar& heal, const SeenEntry& entry, const std::string& type) {
    if (type == "images_kept") {  // told when it is known
      if (!heal.ended) complain(entry, "before its end");
      return;
    }
    if (heal.ended) return complain(entry, "it had ended");
    if (comes_anywhere(type)) return;
    // Set aside wherever it stood.
    const bool set_aside = type == "exhausted" && entry.reason == "crash_loop";
    if (!set_aside && !successors().at(heal.last).contains(type)) complain(entry, "comes after '" + heal.last + "'");
    heal.last = type;
  }

  void judge_attempt(HealSoFar& heal, const SeenEntry& entry) {
    const auto spec = std::ranges::find(record_.engines, entry.engine, &workflows::EngineSpec::name);
    if (++heal.attempts > spec->healing.max_retries)
      complain(entry, "attempt " + std::to_string(heal.attempts) + " of " + std::to_string(spec->healing.max_retries));
  }

  void judge_completed(const HealSoFar& heal, const SeenEntry& entry) {
    const bool changed = entry.changed >= heal.certification_began;
    if (!entry.works && !changed)
      complain(entry, "but it does not work" + (entry.kind.empty() ? "" : " (" + entry.kind + ")") + ": " +
                          shown(entry.content));
    const bool tests_changed = entry.tests_changed >= heal.certification_began;
    if (entry.tests_fail && !tests_changed) complain(entry, "but its tests fail");
    if (entry.throws && !tests_changed) complain(entry, "but what it needs throws");
  }

  void judge_exhausted(const HealSoFar& heal, const SeenEntry& entry) {
    const bool may_kill = std::ranges::find(record_.killing, entry.engine) != record_.killing.end();
    if (entry.reason == "crash_loop" && !may_kill) complain(entry, "it killed nobody");
    if (entry.reason == "defect" && !entry.throws && entry.tests_changed < heal.triggered->at)
      complain(entry, "nothing threw");
    if (entry.reason == "rollback_incomplete" && is_restarted_only(entry.engine))
      complain(entry, "nothing of a restart can be in place");
    // While nobody can look at a service, nobody can know that nothing of a start is in place.
    if (entry.reason == "rollback_incomplete" && !entry.unseen_since && is_as_before(*heal.triggered, entry))
      complain(entry, "nothing of it is in place");
    if (entry.reason == "attempts_exhausted" && heal.triggered->only_refused && entry.only_refused &&
        entry.changed < heal.triggered->at && entry.tests_changed < heal.triggered->at && !entry.unseen_since)
      complain(entry, "only too many failures stood in its way");
    if (entry.reason == "crash_loop" || entry.reason == "rollback_incomplete") return;
    if (entry.changed >= heal.triggered->at) return;
    if (entry.reason == "attempts_exhausted" && !entry.kind.empty() && entry.can_be_healed)
      complain(entry, "can be healed and was not (" + entry.kind + "): " + shown(entry.content));
    if (entry.content == heal.triggered->content) return;
    if (entry.content == "works" || entry.content == "broken") return;  // a restart cannot be taken back
    complain(entry,
             "an uncertified change stayed: " + shown(entry.content) + ", was " + shown(heal.triggered->content));
  }

  [[nodiscard]] bool is_restarted_only(const std::string& engine) const {
    const auto spec = std::ranges::find(record_.engines, engine, &workflows::EngineSpec::name);
    return spec->repair.service && !spec->repair.service->start && spec->repair.files.empty() &&
           spec->repair.commands.empty();
  }

  // For a service: its files and processes are what they were, or nothing runs.
  [[nodiscard]] static bool is_as_before(const SeenEntry& before, const SeenEntry& after) {
    const bool runs_as_before = after.run == 0 || (before.run != 0 && after.loaded == before.loaded);
    return before.served && after.changed < before.at && after.content == before.content && runs_as_before;
  }

  void judge_change(const SeenChange& change) {
    const auto say = [&](const std::string& what) {
      broken_.push_back("second " +
                        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(change.at).count()) + ", " +
                        change.path + ": " + what);
    };
    const bool is_another = change.before && (!change.after || change.after->inode != change.before->inode);
    if (change.was_right) say("a needless change of what was right");
    if (is_another && change.last_written && change.at - *change.last_written < is_at_work)
      say("content was exchanged while a program was at work on it");
    if (is_another && change.keeps_inode) say("another file stands there, though only the mode was at fault");
    if (change.widest && change.after && (change.after->mode & ~*change.widest) != 0)
      say("its mode is wider than its baseline");
  }

  void judge_writers() {
    for (const SeenEarlyTest& test : record_.early_tests) {
      if (test.at - test.last_written < is_at_work)
        broken_.push_back(test.engine + ": a test of a half-written file counts");
    }
    for (const SeenWriting& one : record_.displaced) {
      if (!one.in_place && !one.in_vault && !one.named)
        broken_.push_back(one.path + ": what a program wrote is lost: " + shown(one.content));
    }
  }

  // Nothing that those services read is ever put back: only an act that a death interrupted is done again.
  void judge_restarts() {
    for (const auto& [mark, runs] : record_.restarts_run) {
      const auto from = mark.find('/') + 1;
      const std::string heal = mark.substr(from, mark.find('/', from) - from);
      const auto resumed = std::ranges::count_if(
          record_.entries, [&](const SeenEntry& entry) { return entry.heal == heal && entry.type == "heal.resumed"; });
      if (runs > 1 + static_cast<unsigned>(resumed))
        broken_.push_back("act " + mark + " was restarted again, though nothing was put back");
    }
  }

  // Who cools down has failed itself since it last passed. A test that a heal overtook tells nothing, though it passed.
  void judge_pauses() {
    std::map<std::string, Duration> failed;  // when a heal of its own was exhausted
    std::size_t next = 0;
    for (const SeenWord& word : record_.words) {
      for (; next < word.entries; ++next) {
        const SeenEntry& entry = record_.entries[next];
        const bool of_others =
            entry.reason == "dependency_failed" || entry.reason == "held" || entry.reason == "disabled";
        if (entry.type == "heal.completed") failed.erase(entry.engine);
        if (entry.type == "heal.exhausted" && !of_others) failed[entry.engine] = entry.at;
      }
      const auto its = failed.find(word.engine);
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(word.at).count();
      if (word.what == SeenWord::What::cools_down && its == failed.end())
        broken_.push_back("second " + std::to_string(seconds) + ", " + word.engine +
                          " cools down, though no heal of its own failed");
      if (word.what == SeenWord::What::cools_down || its == failed.end()) continue;
      if (word.what == SeenWord::What::reset || word.at - its->second > std::chrono::minutes(1)) failed.erase(its);
    }
  }

  void judge_ends() {
    for (const auto& [engine, heal] : open_) {
      if (!heal.empty()) broken_.push_back("heal " + heal + " of " + engine + " never ended");
    }
    for (const auto& [engine, works] : record_.works_at_end) {
      if (!works) broken_.push_back(engine + " is still broken at the end");
    }
  }

  void judge_acknowledged() {
    for (const auto& [stream, types] : record_.acknowledged) {
      const auto found = record_.stored.find(stream);
      const std::size_t stored = found == record_.stored.end() ? 0 : found->second.size();
      if (stored < types.size())
        broken_.push_back("stream " + stream + " lost " + std::to_string(types.size() - stored) +
                          " acknowledged entries");
    }
  }

  // Each ending came, and none before those ahead of it.
  void judge_events() {
    std::set<std::uint64_t> came;
    std::uint64_t newest = 0;
    std::vector<std::uint64_t> due;
    for (const SeenEntry& entry : record_.entries) {
      if (entry.type == "heal.completed" || entry.type == "heal.exhausted") due.push_back(entry.position);
    }
    for (const std::uint64_t position : record_.events) {
      newest = std::max(newest, position);
      came.insert(position);
      for (; next_due_ < due.size() && due[next_due_] < newest; ++next_due_) {
        if (!came.contains(due[next_due_]))
          broken_.push_back("the event of entry " + std::to_string(due[next_due_]) + " did not come in its turn");
      }
    }
    for (; next_due_ < due.size(); ++next_due_) {
      if (!came.contains(due[next_due_]))
        broken_.push_back("the event of entry " + std::to_string(due[next_due_]) + " never came");
    }
  }

  const LifeRecord& record_;
  std::vector<std::string> broken_;
  std::map<std::string, HealSoFar> heals_;
  std::map<std::string, std::string> open_;  // engine -> its open heal
  std::size_t next_due_ = 0;
};

}  // namespace

std::vector<std::string> broken_rules(const LifeRecord& record) { return LifeJudge(record).take(); }

}  // namespace autoheal::simulation
