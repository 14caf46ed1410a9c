// A process without secrets: text stays as it is.
#pragma once

#include "autoheal/workflows/effects/heal_secrets.hpp"

namespace autoheal::workflows::testing {

struct NoSecrets : HealSecrets {
  [[nodiscard]] std::string mask(std::string_view text) const override { return std::string(text); }
  void learn(std::string_view) override {}
  void learn_from_files(const EngineSpec&) override {}
};

}  // namespace autoheal::workflows::testing
