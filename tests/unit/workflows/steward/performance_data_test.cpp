// Performance data as plugins print it, as the guidelines allow it, and as nobody should.
#include "autoheal/workflows/steward/performance_data.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PluginValue value(std::string label, double number, PluginUnit unit = PluginUnit::none) {
  return {std::move(label), number, unit};
}

// Captured from monitoring-plugins 2.3.3.
TEST(PerformanceData, OfKnownPluginsIsRead) {
  EXPECT_THAT(performance_data("PROCS OK: 102 processes | procs=102;;1:100000;0;\n"), ElementsAre(value("procs", 102)));
  EXPECT_THAT(performance_data("DISK OK - free space: / 24 GiB (9%)| /=21641560064B;267847005634;297607784038;0;1\n"),
              ElementsAre(value("/", 21641560064, PluginUnit::bytes)));
  EXPECT_THAT(performance_data("PING OK - loss = 0%, RTA = 0.05 ms|rta=0.051000ms;100.000000;200.000000;0.000000 "
                               "pl=50%;20;60;0\n"),
              ElementsAre(value("rta", 0.051 * 1e-3, PluginUnit::seconds), value("pl", 0.5, PluginUnit::ratio)));
}

TEST(PerformanceData, LabelsMayBeQuotedWithBlanksEqualsSignsAndQuotes) {
  EXPECT_THAT(performance_data("OK|'C:\\ used'=1MB;; 'it''s'=2 'a=b'=3 plain=4"),
              ElementsAre(value("C:\\ used", 1024 * 1024, PluginUnit::bytes), value("it's", 2), value("a=b", 3),
                          value("plain", 4)));
}

TEST(PerformanceData, StandsBelowLongOutputToo) {
  EXPECT_THAT(
      performance_data("OK | a=1\nlong text\nmore | b=2\nc=3s d=4c\n"),
      ElementsAre(value("a", 1), value("b", 2), value("c", 3, PluginUnit::seconds), value("d", 4, PluginUnit::count)));
  EXPECT_THAT(performance_data("OK\nlong | b=2"), ElementsAre(value("b", 2)));
}

TEST(PerformanceData, EmptyFieldsAndRangesAreNoFault) {
  EXPECT_THAT(
      performance_data("OK|a=-1.5;;;; b=2;10:;~:10;0;9 c=3;@10:20 d=4W e=.5"),
      ElementsAre(value("a", -1.5), value("b", 2), value("c", 3), value("d", 4, PluginUnit::other), value("e", 0.5)));
}

TEST(PerformanceData, WithoutAValueIsLeftOut) {
  EXPECT_THAT(performance_data("OK|a=U b=1 c= d=;1;2 e=U;;"), ElementsAre(value("b", 1)));
  for (const char* none : {"", "OK", "OK|", "OK|\n", "|", "OK| \t \r\n"})
    EXPECT_THAT(performance_data(none), IsEmpty());
}

TEST(PerformanceData, OfALabelThatComesTwiceTheLastCounts) {
  EXPECT_THAT(performance_data("OK|a=1 b=2 a=3"), ElementsAre(value("a", 3), value("b", 2)));
}

TEST(PerformanceData, HostileTextIsLeftOutAndBounded) {
  EXPECT_THAT(
      performance_data("OK|a=nan b=inf c=-inf d=1e308 e=0x10 f=+1 g=1;2;3;4;5;6 h=1;x i=1'2 j==1 k=1,5 =1 l l= 1"),
      IsEmpty());
  EXPECT_THAT(performance_data("OK|'open=1 b=2"), ElementsAre(value("b", 2)));
  EXPECT_THAT(performance_data("OK|'a'b=1 c=2"), ElementsAre(value("c", 2)));
  EXPECT_THAT(performance_data("OK|'a\tb'=1 '\x1b[2J'=2 '\xff'=3 ''=4 c=5"), ElementsAre(value("c", 5)));
  EXPECT_THAT(performance_data("OK|" + std::string(65, 'x') + "=1 " + std::string(64, 'y') + "=2"),
              ElementsAre(value(std::string(64, 'y'), 2)));
  EXPECT_THAT(performance_data("OK|big=" + std::string(400, '9') + "TB"), IsEmpty());
  std::string many = "OK|";
  for (int count = 0; count < 10'000; ++count) many += "l" + std::to_string(count) + "=1 ";
  EXPECT_EQ(performance_data(many).size(), most_values_of_a_probe);
  EXPECT_THAT(performance_data("OK|" + std::string(1U << 20U, '\'')), IsEmpty());
}

}  // namespace
}  // namespace autoheal::workflows
