// CloudEvents to the letter: what others store and compare.
#include "autoheal/workflows/supervision/cloud_event.hpp"

#include <gtest/gtest.h>

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
