// Answers that an Idempotency-Key brings again, as long as the daemon runs. A key that began a heal stands in the
// ledger, too.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

// On the server's thread.
class KeptAnswers : public std::enable_shared_from_this<KeptAnswers> {
 public:
  static constexpr Duration kept_for = std::chrono::hours(24);
  static constexpr std::size_t most_kept = 10'000;

  // The right to answer for a key. Given back without an answer, the key is free again.
  class Claim {
   public:
    Claim(std::shared_ptr<KeptAnswers> kept, std::string scope) : kept_(std::move(kept)), scope_(std::move(scope)) {}
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    void keep(const std::string& answer);

   private:
    std::shared_ptr<KeptAnswers> kept_;
    std::string scope_;
    bool is_kept_ = false;
  };

  struct Found {
    std::shared_ptr<Claim> claim;       // set: nobody used the key yet
    std::optional<std::string> answer;  // of the same request
    bool is_under_way = false;          // the same request is being answered
    bool is_other = false;              // another request used it
  };
  // `scope` stands for principal, operation and key, `digest` for the request's body.
  [[nodiscard]] Found look(const std::string& scope, const std::string& digest, Timestamp now);

 private:
  struct Kept {
    std::string digest;
    Timestamp at{};
    std::optional<std::string> answer;
  };
  void forget(Timestamp now);

  std::map<std::string, Kept> by_scope_;
  std::list<std::string> answered_;  // scopes, the oldest first
};

}  // namespace autoheal::cli
