#include "tools/autoheal/access/failed_authentications.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace autoheal::cli {

namespace {

constexpr std::size_t most_peers = 1'000;
constexpr Duration window = std::chrono::minutes(1);
constexpr unsigned free_in_window = 10;
constexpr Duration between_answers = std::chrono::milliseconds(100);

}  // namespace

FailedAuthentications::Peer& FailedAuthentications::peer_of(const std::string& address, Duration since_boot) {
  const auto known = peers_.find(address);
  if (known != peers_.end()) return known->second;
  if (peers_.size() >= most_peers)
    std::erase_if(peers_, [&](const auto& one) {
      return one.second.untold == 0 && one.second.window_began + window < since_boot;
    });
  return peers_[peers_.size() < most_peers ? address : std::string()];
}

Duration FailedAuthentications::note(const std::string& address, Duration since_boot) {
  Peer& peer = peer_of(address, since_boot);
  if (peer.in_window == 0 || peer.window_began + window <= since_boot) {
    peer.window_began = since_boot;
    peer.in_window = 0;
  }
  ++peer.in_window;
  ++peer.untold;
  if (peer.in_window <= free_in_window) return {};
  peer.next = std::max(peer.next, since_boot) + between_answers;
  return peer.next - since_boot;
}

std::optional<FailedSummary> FailedAuthentications::take_summary() {
  FailedSummary summary;
  for (auto& [address, peer] : peers_) {
    if (peer.untold == 0) continue;
    summary.failed += peer.untold;
    summary.peers.push_back({address, std::exchange(peer.untold, 0)});
  }
  if (summary.failed == 0) return std::nullopt;
  std::ranges::sort(summary.peers, [](const FailedOfPeer& one, const FailedOfPeer& other) {
    return std::tie(other.failed, one.address) < std::tie(one.failed, other.address);
  });
  if (summary.peers.size() > most_told_peers) summary.peers.resize(most_told_peers);
  return summary;
}

}  // namespace autoheal::cli
