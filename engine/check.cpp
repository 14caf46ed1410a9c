#include "engine/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace autoheal {

void check_failed(const char* condition, std::source_location where) noexcept {
  std::fprintf(stderr, "autoheal: internal error: %s does not hold (%s:%u)\n", condition, where.file_name(),
               static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace autoheal
