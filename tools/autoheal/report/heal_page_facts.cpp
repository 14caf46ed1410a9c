#include "tools/autoheal/report/heal_page_facts.hpp"

#include <fmt/core.h>

#include <memory>

#include "autoheal/replay/record/recorded_heal.hpp"
#include "autoheal/replay/text/changed_content.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;  // the words of a heal's entries stand on every line here

// Follows the plan of each attempt and what came of it.
class Changes {
 public:
  explicit Changes(const engine::BlobStore& blobs) : blobs_(blobs) {}

  void see(const HealEntry& said, unsigned attempt) {
    if (const auto* plan = std::get_if<PlanRecorded>(&said)) begin(*plan, attempt);
    if (const auto* applied = std::get_if<ChangeApplied>(&said)) outcomes(applied->outcomes);
    if (const auto* finished = std::get_if<RepairFinished>(&said)) outcomes(finished->outcomes);
    if (const auto* failed = std::get_if<RepairFailed>(&said)) outcomes(failed->outcomes);
    if (const auto* rolled = std::get_if<RolledBack>(&said)) undone(rolled->outcomes);
    if (std::holds_alternative<PlanRefused>(said)) {
      for (std::size_t at = first_; at < list_.size(); ++at)
        list_[at].outcome = "the plan was refused, nothing was done";
    }
  }
  std::vector<PageChange> take() { return std::move(list_); }

 private:
  void begin(const PlanRecorded& recorded, unsigned attempt) {
    first_ = list_.size();
    for (const Change& change : recorded.plan->changes)
      list_.push_back({attempt, replay::line_of(change), "not begun",
                       replay::content_lines(change, *recorded.observation, blobs_)});
    for (const Act& act : recorded.plan->acts) list_.push_back({attempt, replay::line_of(act), "not begun", {}});
  }
  PageChange* of_number(unsigned number) {
    const std::size_t at = first_ + number - 1;
    return number == 0 || at >= list_.size() ? nullptr : &list_[at];
  }
  static std::string words(std::string_view status, const std::string& message) {
    std::string text(status);
    for (char& c : text) c = c == '_' ? ' ' : c;
    return message.empty() ? text : fmt::format("{} ({})", text, message);
  }
  void outcomes(const std::vector<ChangeOutcome>& list) {
    for (const ChangeOutcome& outcome : list) {
      if (PageChange* change = of_number(outcome.number))
        change->outcome = words(name_of(outcome.status), outcome.message);
    }
  }
  void undone(const std::vector<UndoOutcome>& list) {
    for (const UndoOutcome& outcome : list) {
      if (PageChange* change = of_number(outcome.number))
        change->outcome += ", then " + words(name_of(outcome.status), outcome.message);
    }
  }

  const engine::BlobStore& blobs_;
  std::vector<PageChange> list_;
  std::size_t first_ = 0;  // of the newest plan
};

void add_proof(const store::LedgerReader& ledger, HealPage& page) {
  const auto head = store::newest_signed_head(ledger);
  const auto key = ledger.meta("verifier_key");
  if (!head || !key || head->checkpoint.head.size < page.entries.back().line.entry.position.value) return;
  page.checkpoint = head->note;
  page.key = *key;
}

}  // namespace

Result<HealPage> page_of(const Past& past, const std::string& heal, std::function<std::string(std::string_view)> mask) {
  auto timeline = replay::timeline_of(heal, *past.ledger, *past.vault);
  AUTOHEAL_TRY(timeline);
  HealPage page{heal, past.ledger->id(), std::move(timeline->state), {}, {}, {}, {}, std::move(mask)};
  Changes changes(*past.vault);
  unsigned attempt = 0;
  for (replay::TimelineLine& line : timeline->lines) {
    auto said = replay::decoded(line.entry, *past.vault);
    AUTOHEAL_TRY(said);
    if (const auto* started = std::get_if<RepairStarted>(&*said)) attempt = started->attempt;
    changes.see(*said, attempt);
    page.entries.push_back({std::move(line), std::move(*said), attempt});
  }
  page.changes = changes.take();
  add_proof(*past.ledger, page);
  return page;
}

Result<HealPage> page_for_people(const LoadedConfiguration& configuration, const Past& past, const std::string& heal) {
  auto mask = std::make_shared<workflows::SecretMask>(configuration.settings.secrets);
  learn_secrets(configuration.settings, *mask);
  return page_of(past, heal, [mask](std::string_view text) { return (*mask)(text); });
}

}  // namespace autoheal::cli
