#include "autoheal/engine/instance.hpp"

#include <fmt/core.h>

namespace autoheal::engine {

std::unexpected<Error> Instance::cannot_follow(const Entry& entry, const char* why) const {
  return failure(ErrorKind::corrupt,
                 fmt::format("entry {} of stream {} ({}) cannot follow: {}", entry.version, stream_, entry.type, why));
}

}  // namespace autoheal::engine
