// Golden lines: a leaf that changes by one byte makes every ledger ever written fail its proofs.
#include "autoheal/store/format/leaf.hpp"

#include <gtest/gtest.h>

namespace autoheal::store {
namespace {

engine::Entry entry() {
  engine::Entry made;
  made.position = {42};
  made.stream = "01930000-0000-7000-8000-0000000000aa";
  made.version = 3;
  made.type = "heal.repair_finished";
  made.dataversion = 1;
  made.time = *parse_timestamp("2026-11-23T12:34:56.123456Z");
  made.actor = "ops";
  made.subject = "EnvRecon";
  made.data = R"({"strategy":"arie","action":"config_repaired"})";
  return made;
}

TEST(Leaf, WholeLine) {
  EXPECT_EQ(leaf_line("0190a000-0000-7000-8000-000000000001", entry()),
            R"({"specversion":"1.0","id":"42","source":"/autoheal/0190a000-0000-7000-8000-000000000001",)"
            R"("type":"heal.repair_finished","time":"2026-11-23T12:34:56.123456Z",)"
            R"("stream":"01930000-0000-7000-8000-0000000000aa","version":3,"dataversion":1,"actor":"ops",)"
            R"("engine":"EnvRecon","data":{"strategy":"arie","action":"config_repaired"}})");
}

TEST(Leaf, AbsentActorAndEngineAreLeftOut) {
  auto bare = entry();
  bare.stream = "ledger";
  bare.type = "node.started";
  bare.actor.clear();
  bare.subject.clear();
  bare.dataversion = 12;
  bare.time = Timestamp();
  bare.data = "{}";
  EXPECT_EQ(leaf_line("x", bare),
            R"({"specversion":"1.0","id":"42","source":"/autoheal/x","type":"node.started",)"
            R"("time":"1970-01-01T00:00:00.000000Z","stream":"ledger","version":3,"dataversion":12,"data":{}})");
}

TEST(Leaf, TextIsQuotedWithTheFewEscapesAndDataIsVerbatim) {
  auto odd = entry();
  odd.actor = "a\"b\\c\n\x01/\xff☂";
  odd.subject = "Ü";
  odd.data = R"({"kept":"as it is \u0041"})";
  const auto line = leaf_line("x", odd);
  EXPECT_NE(line.find(R"("actor":"a\"b\\c\u000a\u0001/)"
                      "\xEF\xBF\xBD"
                      R"(☂","engine":"Ü","data":{"kept":"as it is \u0041"}})"),
            std::string::npos)
      << line;
}

}  // namespace
}  // namespace autoheal::store
