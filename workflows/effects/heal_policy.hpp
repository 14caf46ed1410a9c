// A port of heals to what holds today: whether an engine may be healed, by whom, and against which baseline.
#pragma once

#include <optional>
#include <string>

#include "autoheal/workflows/heal/heal_messages.hpp"

namespace autoheal::workflows {

struct Adopted {
  AdoptedBaseline baseline;
  std::string digest;
};

// Every operation may be called on any thread, answers from memory without blocking for long, and cannot fail: an
// engine or a principal that nobody knows is an answer.
class HealPolicy {
 public:
  virtual ~HealPolicy() = default;
  // Why a heal of this engine has to end now, and whether its principal may change anything. An engine that is no
  // longer configured has to end.
  [[nodiscard]] virtual CurrentPolicy current(const std::string& engine, const std::string& principal) const = 0;
  // Today's role as a word; "none" for a principal that is not listed.
  [[nodiscard]] virtual std::string role_of(const std::string& principal) const = 0;
  // Asked right before each change; false for a principal that is not listed.
  [[nodiscard]] virtual bool may_change(const std::string& principal) const = 0;
  // The newest baseline that was adopted for the engine; nothing where none was.
  [[nodiscard]] virtual std::optional<Adopted> adopted(const std::string& engine) const = 0;
};

// The same for every engine and principal, until somebody sets it: for a heal that is done again, and for simulations.
struct FixedPolicy : HealPolicy {
  std::optional<EndReason> must_end;
  std::string role = "admiral";
  std::optional<Adopted> baseline;

  [[nodiscard]] CurrentPolicy current(const std::string&, const std::string& principal) const override {
    return {must_end, may_change(principal)};
  }
  [[nodiscard]] std::string role_of(const std::string&) const override { return role; }
  [[nodiscard]] bool may_change(const std::string&) const override { return role == "admiral"; }
  [[nodiscard]] std::optional<Adopted> adopted(const std::string&) const override { return baseline; }
};

}  // namespace autoheal::workflows
