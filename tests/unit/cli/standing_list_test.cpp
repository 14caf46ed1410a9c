// The list of all engines is made once for all who ask while nothing changes.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tools/autoheal/api/standing.hpp"
#include "tools/autoheal/api/validator.hpp"

namespace autoheal::cli {
namespace {

StandingPtr standing_of(std::vector<StandingOfEngine> engines) {
  Standing standing;
  standing.engines = std::move(engines);
  return std::make_shared<const Standing>(std::move(standing));
}

TEST(StandingList, IsThatOfTheValueThatIsAskedAbout) {
  boost::asio::io_context loop;
  StandingReader reader(loop.get_executor(), loop.get_executor(), [] { return Standing(); });
  const StandingPtr none = standing_of({}), two = standing_of({{"a", R"({"engine":"a"})"}, {"b", R"({"engine":"b"})"}});
  EXPECT_EQ(reader.list_of(none).json, R"({"items":[]})");
  const EngineList list = reader.list_of(two);
  EXPECT_EQ(list.json, R"({"items":[{"engine":"a"},{"engine":"b"}]})");
  EXPECT_EQ(list.validator, validator_of(list.json));
  const char* bytes = reader.list_of(two).json.data();
  EXPECT_EQ(reader.list_of(two).json.data(), bytes) << "not made again";
  EXPECT_EQ(reader.list_of(none).json, R"({"items":[]})");
}

}  // namespace
}  // namespace autoheal::cli
