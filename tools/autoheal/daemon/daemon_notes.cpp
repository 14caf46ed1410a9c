// The daemon tells how heals ended.
#include "tools/autoheal/daemon/daemon.hpp"

#include <fmt/core.h>

#include <boost/asio/post.hpp>

#include "tools/autoheal/output/heal_text.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

namespace {

constexpr Duration kept_is_settled_after = std::chrono::seconds(1);  // a heal's own settling comes first

NoteAbout about_end_of(const HealResult& result) {
  const bool certified = result.ending == HealEnding::certified;
  return {certified ? NoteKind::heal_certified : NoteKind::heal_failed, result.engine, result.heal,
          certified                                ? "complete"
          : result.ending == HealEnding::exhausted ? "exhausted"
                                                   : "",
          result.attempts};
}

}  // namespace

void Daemon::follow_heals() {
  auto& hooks = healer_.workflows->trigger().hooks;
  hooks.began = [this](const std::string& engine) { watch_.heal_began(engine); };
  hooks.ended = [this](const HealResult& result) {
    // That nothing can be recorded was told once; each try is no news.
    if (result.reason != not_recorded) {
      const NoteAbout about = about_end_of(result);
      tell(line_of(console_, result), about);
      for (const std::string& line : lines_below(result)) tell("   " + line, about);
    }
    report_.healed(result);
    watch_.heal_ended(result, healer_.parts.clock.since_boot());
    tell_pause(result.engine);
    processes_->look_again(result.engine);
    kept_timer_->set(healer_.parts.clock.since_boot() + kept_is_settled_after);
    asio::post(healer_.parts.loop, [this] { pump(); });
  };
}

// After a heal that failed: when the next one may come.
void Daemon::tell_pause(const std::string& engine) {
  const auto seen = watch_.seen(engine);
  if (!seen || !seen->until || *seen->until <= healer_.parts.clock.since_boot()) return;
  tell(fmt::format("   {} is left alone {}", engine, pause_of(engine, seen->skipped, seen->until)));
}

void Daemon::tell(const std::string& sentence, const NoteAbout& about) {
  log_.tell(healer_.parts.secrets.mask(sentence), about);
}

}  // namespace autoheal::cli
