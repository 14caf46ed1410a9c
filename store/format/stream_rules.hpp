// The port to the meaning of entries, for verification: may this entry come next in its stream? The store itself does
// not know; replay has the rules of heals.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/store/format/json_check.hpp"

namespace autoheal::store {

// An entry as it was read; valid during the call.
struct SeenEntry {
  unsigned kind = 0;  // what kind_of said of its type
  std::string_view type;
  const std::vector<JsonMember>& data;  // its outermost members
};

// One stream from its first entry on. Fed in order, by one thread at a time.
class StreamCheck {
 public:
  virtual ~StreamCheck() = default;
  // A sentence on why this entry may not follow what came before; empty if it may.
  [[nodiscard]] virtual std::optional<std::string> next(const SeenEntry& entry) = 0;
  // Nothing, or hardly anything, is expected to follow: it need not be remembered.
  [[nodiscard]] virtual bool ended() const = 0;
};

// Thread-safe; outlives its checks. No operation blocks or fails.
class StreamRules {
 public:
  virtual ~StreamRules() = default;
  // The number that stands for this type in SeenEntry::kind; empty: there are no rules for it.
  [[nodiscard]] virtual std::optional<unsigned> kind_of(std::string_view type) const = 0;
  [[nodiscard]] virtual std::unique_ptr<StreamCheck> begin() const = 0;
};

}  // namespace autoheal::store
