// How often one token may ask.
#include "tools/autoheal/access/request_rates.hpp"

#include <gtest/gtest.h>

namespace autoheal::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned per_second = 100, at_once = per_second * seconds_at_once;

unsigned taken(RequestRates& rates, const std::string& name, Duration at, unsigned asked) {
  unsigned count = 0;
  for (unsigned one = 0; one < asked; ++one) count += rates.take(name, per_second, at) ? 1 : 0;
  return count;
}

TEST(RequestRates, LetABurstPassAndThenSoManyASecond) {
  RequestRates rates;
  EXPECT_EQ(taken(rates, "a", seconds(100), 1'000), at_once);
  EXPECT_EQ(taken(rates, "a", seconds(101), 1'000), per_second);
  EXPECT_EQ(taken(rates, "a", seconds(101) + milliseconds(10), 1'000), 1U);
  EXPECT_EQ(taken(rates, "a", seconds(1'000), 1'000), at_once) << "who was silent has all of it again";
}

TEST(RequestRates, WhoAsksEvenlyIsNeverRefused) {
  RequestRates rates;
  for (int one = 0; one < 1'000; ++one)
    EXPECT_TRUE(rates.take("a", per_second, seconds(5) + milliseconds(1'000 / per_second) * one));
}

TEST(RequestRates, OneDoesNotTakeFromAnother) {
  RequestRates rates;
  EXPECT_EQ(taken(rates, "a", seconds(1), 1'000), at_once);
  EXPECT_TRUE(rates.take("b", per_second, seconds(1)));
}

TEST(RequestRates, WhoIsSilentIsForgotten) {
  RequestRates rates;
  for (int one = 0; one < 1'000; ++one) EXPECT_TRUE(rates.take(std::to_string(one), per_second, seconds(1)));
  EXPECT_EQ(rates.names(), 1'000U);
  EXPECT_TRUE(rates.take("last", per_second, seconds(60)));
  EXPECT_EQ(rates.names(), 1U);
}

}  // namespace
}  // namespace autoheal::cli
