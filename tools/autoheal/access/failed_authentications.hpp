// Requests that proved nothing: how long each answer waits, by the address that sent it, and one account of them all,
// so that nobody can try many, or fill log and ledger with them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

struct FailedOfPeer {
  std::string address;  // empty: all the others
  std::uint64_t failed = 0;
};
struct FailedSummary {
  std::uint64_t failed = 0;
  std::vector<FailedOfPeer> peers;  // those with the most, at most `most_told_peers`
};
inline constexpr std::size_t most_told_peers = 20;

class FailedAuthentications {
 public:
  // How long the answer to one more failure of this address waits, at `since_boot`: the first ten of a minute do not,
  // the next come one each 100 ms. Others wait for none of them.
  [[nodiscard]] Duration note(const std::string& address, Duration since_boot);
  // Those since the last summary; empty: none.
  [[nodiscard]] std::optional<FailedSummary> take_summary();

 private:
  struct Peer {
    Duration window_began{}, next{};
    unsigned in_window = 0;
    std::uint64_t untold = 0;
  };
  Peer& peer_of(const std::string& address, Duration since_boot);

  std::map<std::string, Peer> peers_;  // "": those for whom there is no more room
};

}  // namespace autoheal::cli
