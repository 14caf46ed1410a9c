// A port of heals to the secrets of the process: no text reaches an entry or a person with one in it.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

// Every operation may be called on any thread, and none fails.
class HealSecrets {
 public:
  virtual ~HealSecrets() = default;
  // `text` without the secrets that are known by now. Does not block.
  [[nodiscard]] virtual std::string mask(std::string_view text) const = 0;
  // mask() takes this out from now on. Does not block.
  virtual void learn(std::string_view secret) = 0;
  // Learns what the engine's own files hold now. Called before each look at the engine; blocks while it reads them. A
  // file that cannot be read teaches nothing: what needs the file tells why.
  virtual void learn_from_files(const EngineSpec& spec) = 0;
};

}  // namespace autoheal::workflows
