#include "autoheal/engine/system_ports.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <ctime>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

namespace {

constexpr std::uint32_t counter_end = 0x1000;

Duration read_clock(clockid_t which) {
  timespec time{};
  AUTOHEAL_CHECK(clock_gettime(which, &time) == 0);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

Timestamp SystemClock::now() const { return Timestamp(read_clock(CLOCK_REALTIME)); }

Duration SystemClock::since_boot() const { return read_clock(CLOCK_BOOTTIME); }

void SystemRandomness::fill(std::span<std::uint8_t> bytes) {
  AUTOHEAL_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

Uuid UuidV7Source::next() {
  // No id has room for a moment before 1970: there the counter alone goes on.
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch()).count(), 0));
  Uuid id;
  randomness_.fill(id.bytes);
  const std::lock_guard lock(mutex_);
  if (now > millisecond_) {
    millisecond_ = now;
    counter_ = static_cast<std::uint32_t>((id.bytes[6] & 0x07U) << 8U) | id.bytes[7];  // leaves the upper half free
  } else if (++counter_ == counter_end) {
    ++millisecond_;
    counter_ = 0;
  }
  AUTOHEAL_CHECK(millisecond_ >= now && counter_ < counter_end);  // ids only grow, also where the clock is set back
  for (std::size_t byte = 0; byte < 6; ++byte) {
    id.bytes[byte] = static_cast<std::uint8_t>(millisecond_ >> (8 * (5 - byte)));
  }
  id.bytes[6] = static_cast<std::uint8_t>(0x70U | (counter_ >> 8U));
  id.bytes[7] = static_cast<std::uint8_t>(counter_);
  id.bytes[8] = static_cast<std::uint8_t>(0x80U | (id.bytes[8] & 0x3fU));
  return id;
}

}  // namespace autoheal::engine
