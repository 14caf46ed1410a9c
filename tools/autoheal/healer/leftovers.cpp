#include "tools/autoheal/healer/leftovers.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <set>

#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "tools/host/change/settled_images.hpp"
#include "tools/host/change/staging_folder.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

void Leftovers::perform(const std::string& stream, const workflows::HealEffect& effect, Done done) {
  if (!std::holds_alternative<workflows::Settle>(effect)) return effects_.perform(stream, effect, std::move(done));
  ++settling_;
  effects_.perform(stream, effect, [this, stream, done = std::move(done)](workflows::HealInput input) {
    const auto* looked = std::get_if<workflows::BeforeImagesKept>(&input);
    asio::post(parts_.loop, [this, stream, kept = looked ? looked->kept : std::vector<std::string>()]() mutable {
      kept.empty() ? one_is_settled() : settled(stream, std::move(kept));
    });
    done(std::move(input));
  });
}

asio::awaitable<std::map<std::string, std::string>> Leftovers::ended_heals_left(ConfigurationPtr configuration) {
  // Named first, judged then: a heal that began meanwhile is none of those that have ended.
  const auto names = [this, configuration, before = left_] {
    std::map<std::string, std::string> roots;  // by heal
    // Heals that had left something may have nothing there any more.
    for (const auto& [heal, root] : before) {
      std::error_code gone;
      if (std::filesystem::is_directory(root + "/" + std::string(host::staging_name), gone)) roots.emplace(heal, root);
    }
    std::set<std::string> looked_at;
    for (const auto& spec : configuration->settings.engines) {
      if (!looked_at.insert(spec.root).second) continue;
      for (const std::string& heal : parts_.host->heals_left(spec.root, parts_.ledger->id()))
        roots.emplace(heal, spec.root);
    }
    return roots;
  };
  auto left = co_await jobs_.on_pool(names);
  const auto open = parts_.ledger->open_streams();
  if (!open) left.clear();
  std::erase_if(left, [&](const auto& one) {
    return std::ranges::find(*open, one.first) != open->end() ||
           parts_.runtime->runner().state<workflows::Heal>(one.first) != nullptr;
  });
  co_return left;
}

asio::awaitable<std::vector<std::string>> Leftovers::settle_heal(std::string root, std::string heal) {
  const auto timeline = replay::timeline_of(heal, *parts_.ledger, *parts_.vault);
  const unsigned start = timeline ? timeline->state.so_far.starts : 0;
  const auto plan = timeline ? timeline->state.shared_plan() : nullptr;
  const auto job = [this, root = std::move(root), heal, start, plan] {
    workflows::EngineSpec spec;
    spec.root = root;
    workflows::SettleRequest request{parts_.ledger->id() + "/" + heal + "/", start, {}};
    if (plan) request.changes = plan->changes;
    return parts_.host->settle(spec, request);
  };
  co_return co_await jobs_.on_pool(job);
}

asio::awaitable<std::vector<LeftByHeal>> Leftovers::settle_again() {
  co_await until_settled();
  if (!parts_.ledger->place().problem().empty()) co_return std::vector<LeftByHeal>();
  ++settling_;
  const auto configuration = in_force_.configuration();
  const auto left = co_await ended_heals_left(configuration);
  left_.clear();
  std::vector<LeftByHeal> all;
  for (const auto& [heal, root] : left) {
    LeftByHeal one{{}, heal, {}};
    one.kept = co_await settle_heal(root, heal);
    for (const auto& spec : configuration->settings.engines) {
      if (spec.root == root && one.engine.empty()) one.engine = spec.name;
    }
    if (!one.kept.empty()) left_.emplace(heal, root);
    ++settling_;
    settled(heal, one.kept);
    if (!one.kept.empty()) all.push_back(std::move(one));
  }
  one_is_settled();
  co_return all;
}

void Leftovers::settled(const std::string& heal, std::vector<std::string> kept) {
  if (archiving_.is_under_way())
    return one_is_settled();  // its entries may be on their way out; `doctor` names what stays
  for (std::string& one : kept) one = parts_.secrets.mask(one);
  const auto before = replay::timeline_of(heal, *parts_.ledger, *parts_.vault);
  const workflows::phases::Ended* end = before ? before->state.ended() : nullptr;
  const std::vector<std::string> named = end != nullptr ? end->kept : std::vector<std::string>();
  if (!before || std::ranges::equal(named, kept, {}, host::without_names, host::without_names))
    return one_is_settled();  // that was told already
  parts_.runtime->runner().reopen<workflows::Heal>(
      heal, workflows::BeforeImagesKept{std::move(kept)},
      [this](Result<std::string>) { asio::post(parts_.loop, [this] { one_is_settled(); }); });
}

void Leftovers::one_is_settled() {
  --settling_;
  settled_now_.cancel();
}

asio::awaitable<void> Leftovers::until_settled() {
  while (settling_ > 0) (void)co_await settled_now_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace autoheal::cli
