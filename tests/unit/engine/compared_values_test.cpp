// Values that are compared: equal only where all of them is. And texts that are nearly UTF-8.
#include <gtest/gtest.h>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/engine/wake_queue.hpp"
#include "autoheal/engine/watchdog.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"

namespace autoheal::engine {
namespace {

// Each change makes one field another one.
template <class Value>
void expect_each_field_counts(const Value& value, const std::vector<void (*)(Value&)>& changes) {
  Value same = value;  // NOLINT(performance-unnecessary-copy-initialization): that a copy is equal is the point
  EXPECT_TRUE(same == value);
  for (std::size_t field = 0; field < changes.size(); ++field) {
    Value other = value;
    changes[field](other);
    EXPECT_FALSE(other == value) << "field " << field;
  }
}

TEST(ComparedValues, AreEqualOnlyWhereEachFieldIs) {
  const Timestamp time = *parse_timestamp("2026-11-23T12:34:56Z");
  expect_each_field_counts(NewEntry{"a.b", 1, time, "ops", "nginx", "{}"},
                           {[](NewEntry& e) { e.type = "a.c"; }, [](NewEntry& e) { e.dataversion = 2; },
                            [](NewEntry& e) { e.time += Duration(1); }, [](NewEntry& e) { e.actor.clear(); },
                            [](NewEntry& e) { e.subject = "db"; }, [](NewEntry& e) { e.data = "[]"; }});
  Entry entry;
  entry.position = {3};
  entry.stream = "s";
  entry.version = 2;
  entry.type = "a.b";
  entry.time = time;
  entry.actor = "ops";
  entry.subject = "nginx";
  entry.data = "{}";
  expect_each_field_counts(
      entry,
      {[](Entry& e) { e.position = {4}; }, [](Entry& e) { e.stream = "t"; }, [](Entry& e) { e.version = 3; },
       [](Entry& e) { e.type = "a.c"; }, [](Entry& e) { e.dataversion = 2; }, [](Entry& e) { e.time += Duration(1); },
       [](Entry& e) { e.actor.clear(); }, [](Entry& e) { e.subject = "db"; }, [](Entry& e) { e.data = "[]"; }});
  expect_each_field_counts(Error{ErrorKind::busy, "words", "hint"},
                           {[](Error& e) { e.kind = ErrorKind::fatal; }, [](Error& e) { e.message.clear(); },
                            [](Error& e) { e.hint.clear(); }});
}

TEST(ComparedValues, AreOrderedByTheFirstThatDiffers) {
  EXPECT_TRUE(Position{1} < Position{2});
  EXPECT_FALSE(Position{2} < Position{2});
  EXPECT_TRUE(Position{2} >= Position{2} && Position{2} == Position{2} && Position{3} > Position{2});
  Uuid low, high;
  high.bytes[15] = 1;
  EXPECT_TRUE(low < high && !(high < low) && low <= low);
  EXPECT_FALSE(low == high);
  high.bytes[15] = 0;
  low.bytes[0] = 1;
  EXPECT_TRUE(high < low && low >= high);
}

// One that was renamed on its way stands for itself.
TEST(LargeData, OnlyTheWholeFormNamesABlob) {
  store::MemoryBlobs blobs;
  const std::string name = *blobs.put("content", BlobNaming::plain);
  const std::string data = R"({"blob":")" + name + R"("})";
  EXPECT_EQ(*lengthen(blobs, data), "content");
  for (const std::string& other : {data.substr(0, data.size() - 1) + "]", "[" + data.substr(1), data + " "})
    EXPECT_EQ(*lengthen(blobs, other), other);
}

TEST(NearlyText, IsReplacedByteByByteWhereItIsNoUtf8) {
  const std::string valid[] = {
      "\xC2\x80",     "\xDF\xBF",         "\xE0\xA0\x80",     "\xED\x9F\xBF",     "\xEF\xBF\xBF",
      "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xF1\x80\x80\x80", "long enough \xC3\xBC"};
  for (const std::string& text : valid) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
    EXPECT_EQ(valid_utf8(text), text);
    std::string quoted;
    append_quoted(quoted, text);
    EXPECT_EQ(quoted, '"' + text + '"');
  }
  const std::string invalid[] = {"\x80",
                                 "\xC1\xBF",
                                 "\xC2",
                                 "\xC2x",
                                 "\xE0\x9F\xBF",
                                 "\xED\xA0\x80",
                                 "\xE1\x80",
                                 "\xE1x\x80",
                                 "\xE1\x80x",
                                 "\xF0\x8F\xBF\xBF",
                                 "\xF4\x90\x80\x80",
                                 "\xF1x\x80\x80",
                                 "\xF1\x80x\x80",
                                 "\xF1\x80\x80x",
                                 "\xF1\x80\x80",
                                 "\xF5\x80\x80\x80",
                                 "\xFF",
                                 "long enough \xC3",
                                 "\xF1",
                                 "\xE1"};
  for (const std::string& text : invalid) {
    EXPECT_FALSE(is_valid_utf8(text)) << text;
    EXPECT_FALSE(is_valid_utf8(text + "and more of it"));
    EXPECT_TRUE(is_valid_utf8(valid_utf8(text)));
    EXPECT_NE(valid_utf8(text).find("\xEF\xBF\xBD"), std::string::npos);
  }
}

TEST(Waits, ThatAreSetAnewCountFromThen) {
  WakeQueue queue;
  queue.set("a", Duration(10));
  queue.set("b", Duration(20));
  queue.set("a", Duration(30));
  EXPECT_EQ(queue.next(), Duration(20));
  queue.clear("b");
  EXPECT_EQ(queue.next(), Duration(30));
  EXPECT_EQ(queue.take_due(Duration(29)), std::nullopt);
  EXPECT_EQ(queue.take_due(Duration(30)), "a");
  EXPECT_EQ(queue.next(), std::nullopt);
}

// It answered and had work left when the host fell asleep: that time is nobody's.
TEST(WatchedLoops, Case116_ThatHadAnsweredBeforeTheyWereFrozenAreGivenTheirWholeLimit) {
  Watchdog dog{std::chrono::seconds(10)};
  Duration now = std::chrono::hours(1);
  const Pulse standing{7, true};
  EXPECT_TRUE(dog.ask(now));
  EXPECT_TRUE(dog.answered(standing, now));  // it turned since nobody asked
  EXPECT_TRUE(dog.ask(now));
  EXPECT_TRUE(dog.answered(standing, now));
  EXPECT_EQ(dog.look(now), std::nullopt);
  now += std::chrono::minutes(10);
  EXPECT_EQ(dog.look(now), std::nullopt);
  EXPECT_TRUE(dog.answered(standing, now)) << "the time in the ice is not counted";
  for (int second = 0; second < 10; second += 2) EXPECT_EQ(dog.look(now += std::chrono::seconds(2)), std::nullopt);
  const auto finding = dog.look(now += std::chrono::seconds(2));
  ASSERT_TRUE(finding.has_value());
  EXPECT_LT(finding->time, std::chrono::minutes(1));
}

}  // namespace
}  // namespace autoheal::engine
