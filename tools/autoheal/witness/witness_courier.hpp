// Asks one witness to cosign the newest checkpoint, again and again (C2SP tlog-witness, add-checkpoint), and hands home
// what verifies.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>

#include "autoheal/engine/ports.hpp"
#include "autoheal/store/tlog/add_checkpoint.hpp"
#include "tools/autoheal/witness/witness_course.hpp"
#include "tools/outward/client.hpp"

namespace autoheal::cli {

// The newest checkpoint as a question.
struct WitnessQuestion {
  store::AddCheckpoint request;
  std::uint64_t size = 0;  // of the checkpoint
};

// All are called on the courier's executor, and outlive it.
struct WitnessPorts {
  const engine::Clock& clock;
  engine::Randomness& randomness;
  // For a witness that saw so many entries; empty: as the ledger remembers it. Empty if nothing is signed yet. Blocks
  // on the disk. changed: the ledger does not name this witness. corrupt: the witness saw more than the ledger has.
  // failed: anything else.
  std::function<Result<std::optional<WitnessQuestion>>(std::optional<std::uint64_t> old_size)> question;
  std::function<boost::asio::awaitable<Result<outward::Answer>>(std::string body)> post;
  // Puts its cosignature into the ledger; kept() is called on the courier's executor once that is done or has failed.
  std::function<void(std::string note)> keep;
  std::function<void(const std::string& sentence)> tell;
  // The end of each question that was put: what came of it, for those who look how a witness stands.
  std::function<void(const std::string& outcome)> ended;
};

// On one executor that runs one thing at a time, all of it.
class WitnessCourier {
 public:
  WitnessCourier(store::VerifierKey key, WitnessPorts ports, WitnessRules rules)
      : key_(std::move(key)), ports_(std::move(ports)), course_(rules) {}

  // Goes on until stop(), after the question that is under way then. The first one comes soon, whatever the ledger
  // remembers: a ledger that was put back is noticed before more is signed. The courier outlives it.
  boost::asio::awaitable<void> run();
  [[nodiscard]] bool ended() const { return ended_; }

  // There may be a new checkpoint.
  void look();
  void kept(const Result<void>& done);
  void stop();

 private:
  boost::asio::awaitable<void> rest(std::optional<Duration> until);
  boost::asio::awaitable<void> ask();
  boost::asio::awaitable<Result<store::WitnessAnswer>> put(std::string body);
  void take(const WitnessQuestion& question, const store::WitnessAnswer& answer);
  void done(std::uint64_t size);
  void troubled(const Error& error);
  void tell_of(const Error& error);

  store::VerifierKey key_;
  WitnessPorts ports_;
  WitnessCourse course_;
  WitnessTold told_;
  std::optional<std::uint64_t> keeping_;  // the size of the checkpoint whose cosignature is on its way to the ledger
  std::optional<boost::asio::steady_timer> wake_;
  bool stopped_ = false, ended_ = false;
};

}  // namespace autoheal::cli
