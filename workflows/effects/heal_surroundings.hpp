// What effects need of the process that they run in: the host, the vault, threads, time, and what holds today.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/heal/heal_messages.hpp"

namespace autoheal::workflows {

struct Adopted {
  AdoptedBaseline baseline;
  std::string digest;
};

// Whether something may be changed now, given that nothing could be told of it while the ledger is elsewhere.
enum class GoOn { at_once, after_a_wait, no_more };  // no_more: the process is told to end

// What the performer needs of its surroundings. Every function is thread-safe and outlives the performer.
struct HealSurroundings {
  Host& host;
  engine::BlobStore& blobs;
  std::string ledger_id;
  std::string program_version;
  std::string program_sha256;
  unsigned tests_at_once = 4;
  std::function<void(std::function<void()> job)> pool;  // runs a job soon, on a thread that may block
  std::function<Today(const std::string& engine, const std::string& principal)> today;
  std::function<std::string(const std::string& principal)> role_of;  // today's role, as a word
  std::function<bool(const std::string& principal)> may_change;      // asked right before each change
  std::function<std::optional<Adopted>(const std::string& engine)> adopted;
  std::function<std::string(std::string_view text)> mask;       // takes secrets out of text
  std::function<void(const std::string& secret)> learn_secret;  // mask() takes it out from now on
  // What the engine's own files hold that mask() has to take out; before each look at it. May be empty.
  std::function<void(const EngineSpec& spec)> learn_secrets_of = {};
  std::function<Duration()> since_boot;
  std::function<bool(Duration)> wait;  // false: the process is told to stop
  // Runs a job of a heal on the pool after that time, in which it holds neither thread nor slot; never once the process
  // is told to stop. Empty: `wait` is called instead.
  std::function<void(const std::string& heal, Duration, std::function<void()> job)> later = {};
  // Runs a job of a heal on the pool as soon as the heal has its slot again: at once where it did not give it back.
  std::function<void(const std::string& heal, std::function<void()> job)> in_turn = {};
  // Asked right before a change and after evidence was gathered; blocks while nothing can be recorded.
  std::function<GoOn()> until_recordable = [] { return GoOn::at_once; };
  // An ended heal's displaced files are looked after: begun (on the loop), and done, with those that stay and why.
  std::function<void()> settling = {};
  std::function<void(const std::string& heal, std::vector<std::string> kept)> settled = {};
};

}  // namespace autoheal::workflows
