// What verification asks of those who know what entries mean: may this one stand here in its stream? The store itself
// knows nothing of it; replay has the rules of heals.
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

// Thread-safe; outlives its checks.
class StreamRules {
 public:
  virtual ~StreamRules() = default;
  // What to call entries of this type; empty: there are no rules for them.
  [[nodiscard]] virtual std::optional<unsigned> kind_of(std::string_view type) const = 0;
  [[nodiscard]] virtual std::unique_ptr<StreamCheck> begin() const = 0;
};

}  // namespace autoheal::store
