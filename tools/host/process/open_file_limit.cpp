#include "tools/host/process/open_file_limit.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>

namespace autoheal::host {

namespace {
constexpr std::uint64_t not_raised = ~std::uint64_t{0};
std::atomic<std::uint64_t> before{not_raised};
}  // namespace

std::uint64_t raise_open_file_limit(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t now = limit.rlim_cur;
  limit.rlim_cur = std::min<rlim_t>(std::max<rlim_t>(now, wanted), limit.rlim_max);
  if (limit.rlim_cur <= now || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) return now;
  std::uint64_t expected = not_raised;
  before.compare_exchange_strong(expected, now);
  return limit.rlim_cur;
}

std::optional<std::uint64_t> open_file_limit_before() {
  const std::uint64_t value = before;
  return value == not_raised ? std::nullopt : std::optional(value);
}

}  // namespace autoheal::host
