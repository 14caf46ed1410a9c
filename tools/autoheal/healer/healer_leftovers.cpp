// What heals that have ended left beside their targets: settled again, and named in their own streams.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <set>

#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "tools/autoheal/healer/healer.hpp"
#include "tools/host/change/settled_images.hpp"
#include "tools/host/change/staging_folder.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

asio::awaitable<std::map<std::string, std::string>> Healer::ended_heals_left(ConfigurationPtr configuration) {
  // Named first, judged then: a heal that began meanwhile is none of those that have ended.
  const auto names = [this, configuration, before = left_] {
    std::map<std::string, std::string> roots;  // by heal
    // Of those that had left something nothing may be there any more.
    for (const auto& [heal, root] : before) {
      std::error_code gone;
      if (std::filesystem::is_directory(root + "/" + std::string(host::staging_name), gone)) roots.emplace(heal, root);
    }
    std::set<std::string> looked_at;
    for (const auto& spec : configuration->settings.engines) {
      if (!looked_at.insert(spec.root).second) continue;
      for (const std::string& heal : host_->heals_left(spec.root, ledger_->id())) roots.emplace(heal, spec.root);
    }
    return roots;
  };
  auto left = co_await on_pool(names);
  const auto open = ledger_->open_streams();
  if (!open) left.clear();
  std::erase_if(left, [&](const auto& one) {
    return std::ranges::find(*open, one.first) != open->end() ||
           runtime_->runner().state<workflows::Heal>(one.first) != nullptr;
  });
  co_return left;
}

asio::awaitable<std::vector<std::string>> Healer::settle_heal(std::string root, std::string heal) {
  const auto timeline = replay::timeline_of(heal, *ledger_, *vault_);
  const unsigned start = timeline ? timeline->state.starts : 0;
  const auto plan = timeline ? timeline->state.plan : nullptr;
  const auto job = [this, root = std::move(root), heal, start, plan] {
    workflows::EngineSpec spec;
    spec.root = root;
    workflows::SettleRequest request{ledger_->id() + "/" + heal + "/", start, {}};
    if (plan) request.changes = plan->changes;
    return host_->settle(spec, request);
  };
  co_return co_await on_pool(job);
}

asio::awaitable<std::vector<Healer::LeftByHeal>> Healer::settle_left() {
  co_await until_settled();
  if (!ledger_->place().problem().empty()) co_return std::vector<LeftByHeal>();
  ++settling_;
  const auto configuration = this->configuration();
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

void Healer::settled(const std::string& heal, std::vector<std::string> kept) {
  if (archiving) return one_is_settled();  // its entries may be on their way out; `doctor` names what stays
  for (std::string& one : kept) one = mask_(one);
  const auto before = replay::timeline_of(heal, *ledger_, *vault_);
  if (!before || std::ranges::equal(before->state.kept, kept, {}, host::without_names, host::without_names))
    return one_is_settled();  // that was told already
  runtime_->runner().revive<workflows::Heal>(heal, workflows::Settled{std::move(kept)}, [this](Result<std::string>) {
    asio::post(loop_, [this] { one_is_settled(); });
  });
}

void Healer::one_is_settled() {
  --settling_;
  settled_now_.cancel();
}

asio::awaitable<void> Healer::until_settled() {
  while (settling_ > 0) (void)co_await settled_now_.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace autoheal::cli
