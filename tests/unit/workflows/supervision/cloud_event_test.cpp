// CloudEvents to the letter: what others store and compare.
#include "autoheal/workflows/supervision/cloud_event.hpp"

#include <gtest/gtest.h>

#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/workflows/steward/heal_trace.hpp"

namespace autoheal::workflows {
namespace {

engine::Entry entry_of(const std::string& stream, const std::string& subject) {
  engine::Entry entry;
  entry.type = "heal.completed";
  entry.time = *parse_timestamp("2026-11-23T12:34:56.123456Z");
  entry.subject = subject;
  entry.stream = stream;
  entry.position.value = 42;
  return entry;
}

TEST(CloudEvent, IsOneLineWithTheBusPayloadAsItsData) {
  const BusEvent event{"selftest.autoheal.complete", R"({"engine":"EnvRecon","certified":true})", {42}};
  EXPECT_EQ(cloud_event(event, entry_of("0193-heal", "EnvRecon"), "0193-ledger"),
            R"({"specversion":"1.0","id":"42-complete","source":"/autoheal/0193-ledger",)"
            R"("type":"selftest.autoheal.complete","time":"2026-11-23T12:34:56.123456Z",)"
            R"("subject":"engine/EnvRecon/heal/0193-heal","datacontenttype":"application/json","ledgerpos":"42",)"
            R"("data":{"engine":"EnvRecon","certified":true}})");
}

// Each of them, also for a subscription that begins in the middle of the heal.
TEST(CloudEvent, OfAHealNamesTheTraceInWhichItWasAskedFor) {
  const std::string heal = "01930000-0000-7000-8000-0000000000aa";
  const std::string asked = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  store::MemoryLedger ledger("0193-ledger");
  const auto add = [&](std::uint64_t before, const std::string& type, const std::string& data) {
    engine::Batch batch;
    engine::StreamAppend append;
    append.stream = heal;
    append.expected_version = before;
    append.entries = {{type, 1, Timestamp{}, "", "EnvRecon", data}};
    batch.streams.push_back(std::move(append));
    EXPECT_EQ(ledger.append(batch).status, engine::AppendStatus::ok);
  };
  add(0, "heal.triggered", R"({"error":"x","by":{"principal":"ann","traceparent":")" + asked + "\"}}");
  add(1, "heal.repair_started", R"({"attempt":1})");
  add(2, "heal.exhausted", R"({"attempts":1,"reason":"cancelled"})");
  const auto stream = *ledger.read_stream(heal, 1);
  const std::string expected = traceparent_of(heal, asked);
  EXPECT_TRUE(expected.starts_with("00-0af7651916cd43dd8448eb211c80319c-")) << expected;
  PhaseMemory from_the_beginning;
  for (const engine::Entry& entry : stream) {
    PhaseMemory in_the_middle;
    for (PhaseMemory* memory : {&from_the_beginning, &in_the_middle}) {
      const auto events = events_of(entry, entry.data, ledger, *memory);
      EXPECT_FALSE(events.empty()) << entry.type;
      for (const BusEvent& event : events) {
        EXPECT_EQ(event.traceparent, expected) << entry.type;
        EXPECT_TRUE(cloud_event(event, entry, "l").contains("\"traceparent\":\"" + expected + '"'));
      }
    }
  }
}

TEST(CloudEvent, TwoEventsOfOneEntryHaveTwoIds) {
  const engine::Entry entry = entry_of("0193-heal", "EnvRecon");
  EXPECT_NE(cloud_event({"selftest.autoheal.complete", "{}", {42}}, entry, "l"),
            cloud_event({"selftest.autoheal.transition", "{}", {42}}, entry, "l"));
}

TEST(CloudEvent, TheSubjectSaysWhatItIsAbout) {
  EXPECT_EQ(subject_of(entry_of("0193-heal", "Env\"Recon")), "engine/Env\"Recon/heal/0193-heal");
  EXPECT_EQ(subject_of(entry_of("selftest/0193-run", "")), "selftest/0193-run");
  EXPECT_EQ(subject_of(entry_of("ledger", "EnvRecon")), "engine/EnvRecon");
  engine::Entry published = entry_of("ledger", "");
  published.type = "bus.published";
  published.actor = "deployer";
  EXPECT_EQ(subject_of(published), "principal/deployer");
}

}  // namespace
}  // namespace autoheal::workflows
