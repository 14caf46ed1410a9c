// When the ledger's head is signed, and where the checkpoint goes: soon after anything was committed, never on the way
// of a heal; out of the host where the configuration says how.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "autoheal/engine/boot_timer.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/workflows/effects/host.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {

// The needs of checkpoints from the process around them; all of it outlives the checkpoints.
struct CheckpointPorts {
  boost::asio::any_io_executor loop;
  boost::asio::any_io_executor pool;
  const engine::Clock& clock;
  engine::Randomness& randomness;
  store::SqliteLedger& ledger;
  workflows::Host& host;
  std::function<config::CheckpointsSpec()> settings;  // thread-safe
  std::function<void(const std::string& sentence)> tell;
};

// On the loop's thread, but for what it performs on the pool.
class Checkpoints {
 public:
  // Makes the signing key where there never was one. refused: others could read it. A key that is gone, or a ledger
  // that is behind what was signed, is told and leaves everything unsigned.
  [[nodiscard]] static Result<std::unique_ptr<Checkpoints>> create(const std::string& ledger_path,
                                                                   CheckpointPorts ports);

  // Something was committed: it is signed within `sign_after`, all that came meanwhile with it.
  void committed();
  // Signs the head now, unless it is signed; behind the signature that is under way, which may cover less. An obstacle
  // is the answer's error, busy while the key changes.
  boost::asio::awaitable<Result<void>> sign();
  // The same at the end of the process, when nothing else goes on; blocks.
  void sign_last();

  // An Admiral said that the restored ledger is the one that counts; the entry that says so is committed.
  void accept_rollback() { signer_->accept_rollback(); }
  // Both null where nothing can be signed: see `why_not`.
  [[nodiscard]] store::CheckpointSigner* signer() { return signer_.get(); }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  // Nothing is signed between the end of `pause` and `resume`: the key changes. busy: somebody else changes it.
  boost::asio::awaitable<Result<void>> pause();
  void resume() { paused_ = false; }

  std::function<void()> kept;  // called when there is a new checkpoint in the ledger; optional

 private:
  explicit Checkpoints(CheckpointPorts ports)
      : ports_(std::move(ports)), signed_(ports_.loop, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::awaitable<void> sign_in_time();
  boost::asio::awaitable<void> nobody_signs();
  void tell_once(const Error& error);
  [[nodiscard]] Result<void> publish(const store::StoredCheckpoint& checkpoint) const;

  CheckpointPorts ports_;
  std::unique_ptr<store::CheckpointSigner> signer_;
  std::string why_not_;
  std::unique_ptr<engine::BootTimer> timer_;
  bool waits_ = false;                // the timer is set
  bool signing_ = false;              // one at a time
  boost::asio::steady_timer signed_;  // its waiters are woken when `signing_` ends
  bool paused_ = false;
  std::string told_;
};

}  // namespace autoheal::cli
