#include "autoheal/engine/base/check.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace autoheal {

namespace {

thread_local unsigned contained_depth = 0;

// "workflows/plan/plan.cpp:12", wherever it was built.
std::string place_of(std::source_location where) {
  std::string_view file = where.file_name();
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) {
    const auto room = file.rfind('/', slash - 1);
    file.remove_prefix(room == std::string_view::npos ? 0 : room + 1);
  }
  return fmt::format("{}:{}", file, where.line());
}

}  // namespace

ContainedChecks::ContainedChecks() noexcept { ++contained_depth; }
ContainedChecks::~ContainedChecks() { --contained_depth; }
bool checks_are_contained() noexcept { return contained_depth > 0; }

void check_failed(const char* condition, std::source_location where) {
  if (contained_depth > 0) throw FailedCheck(fmt::format("{} does not hold ({})", condition, place_of(where)));
  std::fprintf(stderr, "autoheal: internal error: %s does not hold (%s:%u)\n", condition, where.file_name(),
               static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace autoheal
