#include "tools/host/system/own_delay.hpp"

#include <algorithm>
#include <fstream>

namespace autoheal::host {

namespace {

constexpr Duration usual = std::chrono::milliseconds(500);  // what a busy machine takes now and then
constexpr const char* this_thread = "thread-self";

}  // namespace

Duration waited_for_processor(const std::string& process_or_thread) {
  std::ifstream file("/proc/" + process_or_thread + "/schedstat");
  unsigned long long ran = 0, waited = 0;
  if (!(file >> ran >> waited)) return Duration{0};
  return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(waited));
}

bool is_good_part(Duration time, Duration limit) { return time >= std::max(limit / 4, usual); }

LimitWatch::LimitWatch(Duration limit)
    : limit_(limit), until_(since_boot() + limit), waited_before_(waited_for_processor(this_thread)) {}

bool LimitWatch::kept_waiting() const {
  return is_good_part(since_boot() - until_, limit_) ||
         is_good_part(waited_for_processor(this_thread) - waited_before_, limit_);
}

}  // namespace autoheal::host
