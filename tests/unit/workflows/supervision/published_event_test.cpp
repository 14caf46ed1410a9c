// Events that principals publish: what may be said, and what those who follow get of it.
#include "autoheal/workflows/supervision/published_event.hpp"

#include <gmock/gmock.h>

#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/workflows/supervision/bus_topics.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

By deployer() {
  By by;
  by.principal = "deployer";
  by.role = "captain";
  return by;
}

TEST(PublishedEvents, HaveTopicsOfTheirOwn) {
  for (const char* topic : {"bridge", "bridge.ready", "a-b.c_d.0", "selftests.x", "healing.done"})
    EXPECT_TRUE(is_own_topic(topic)) << topic;
  for (const char* topic : {"", ".", "a.", ".a", "a..b", "A.b", "a b", "a\nb", "a*", "a,b", "é", "selftest",
                            "selftest.autoheal.complete", "heal.completed", "heal", "autoheal.cut_off"})
    EXPECT_FALSE(is_own_topic(topic)) << topic;
  EXPECT_TRUE(is_own_topic(std::string(longest_own_topic_bytes, 'a')));
  EXPECT_FALSE(is_own_topic(std::string(longest_own_topic_bytes + 1, 'a')));
}

TEST(PublishedEvents, AreRefusedWithAReason) {
  const auto why = [](const std::string& topic, const std::string& payload) {
    const auto entry = bus_published(topic, payload, deployer(), Timestamp{});
    return entry ? std::string() : entry.error().message;
  };
  EXPECT_EQ(why("bridge.ready", "{}"), "");
  EXPECT_THAT(why("heal.completed", "{}"), HasSubstr("Autoheal's own"));
  EXPECT_THAT(why("bridge.ready", "{"), HasSubstr("not JSON"));
  EXPECT_THAT(why("bridge.ready", '"' + std::string(largest_payload_bytes, 'x') + '"'), HasSubstr("larger than"));
}

TEST(PublishedEvents, AreToldAsTheyWereGiven) {
  const auto made = bus_published("bridge.ready", R"({"load":1.5,"name":"a\"b"})", deployer(), Timestamp{});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->data, R"({"topic":"bridge.ready","payload":"{\"load\":1.5,\"name\":\"a\\\"b\"}",)"
                        R"("by":{"principal":"deployer","role":"captain","uid":0,"via":""}})");
  engine::Entry entry;
  entry.type = made->type;
  entry.data = made->data;
  entry.position.value = 7;
  store::MemoryLedger ledger("0193-ledger");
  PhaseMemory phases;
  const BusEvent expected{"bridge.ready", R"({"load":1.5,"name":"a\"b"})", {7}};
  EXPECT_THAT(events_of(entry, std::string_view(entry.data), ledger, phases), ElementsAre(expected));
}

TEST(PublishedEvents, CannotPassForEventsOfAHeal) {
  engine::Entry entry;
  entry.type = "bus.published";
  store::MemoryLedger ledger("0193-ledger");
  PhaseMemory phases;
  for (const char* data : {R"({"topic":"selftest.autoheal.complete","payload":"{}"})", R"({"topic":"a","payload":"{"})",
                           R"({"topic":"a"})", R"({"topic":"a\nb","payload":"{}"})"})
    EXPECT_THAT(events_of(entry, data, ledger, phases), IsEmpty()) << data;
}

}  // namespace
}  // namespace autoheal::workflows
