// Heals in a ledger that is not as we wrote it: entries taken out, there twice, swapped, cut off or with other numbers.
// A process that takes such a one up sets it aside or goes on; it never dies of it, and never touches what no plan
// names.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;

using Entries = std::vector<engine::Entry>;

// The stream as the ledger of a world that has not been healed, and is open.
void leave_open(HealWorld& world, const Entries& entries) {
  engine::Batch batch;
  batch.streams.push_back({entries.front().stream, 0, {entries.begin(), entries.end()}, {}, {}});
  ASSERT_EQ(world.ledger.append(batch).status, engine::AppendStatus::ok);
}

void take_up(const HealExample& example, int status, const Entries& entries) {
  if (entries.empty()) return;
  const auto world = make_world(example, status);
  world->replays = false;
  leave_open(*world, entries);
  HealProcess process(*world, world->ledger);
  process.recover();
  unsigned turns = 0;
  process.run([&] { return ++turns < 200; });
  EXPECT_LT(turns, 200U) << "it goes on for ever";
}

class ForeignLedger : public ::testing::TestWithParam<HealExample> {
 protected:
  static Entries recorded(int status) {
    const auto world = make_world(GetParam(), status);
    (void)heal(*world);
    return *world->ledger.read_stream(world->heal, 1);
  }
};
INSTANTIATE_TEST_SUITE_P(Heals, ForeignLedger, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(ForeignLedger, IsCutOffAnywhere) {
  for (const int status : {0, 1}) {
    const Entries whole = recorded(status);
    for (std::size_t size = 1; size <= whole.size(); ++size) {
      SCOPED_TRACE("after " + whole[size - 1].type + ", entry " + std::to_string(size));
      take_up(GetParam(), status, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    }
  }
}

// Entries after one that is missing, swapped or repeated need not be a heal's.
TEST_P(ForeignLedger, LacksAnEntryHasOneTwiceOrSwapped) {
  for (const int status : {0, 1}) {
    const Entries whole = recorded(status);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      const auto place = static_cast<std::ptrdiff_t>(at);
      Entries without = whole, twice = whole, swapped = whole;
      without.erase(without.begin() + place);
      twice.insert(twice.begin() + place, whole[at]);
      if (at + 1 < whole.size()) std::swap(swapped[at], swapped[at + 1]);
      for (const Entries& changed : {without, twice, swapped}) {
        for (std::size_t size = at + 1; size <= std::min(changed.size(), at + 3); ++size) {
          SCOPED_TRACE("at " + whole[at].type + ", entry " + std::to_string(at + 1) + ", cut off after " +
                       std::to_string(size));
          take_up(GetParam(), status, {changed.begin(), changed.begin() + static_cast<std::ptrdiff_t>(size)});
        }
      }
    }
  }
}

TEST_P(ForeignLedger, HasOtherNumbers) {
  for (const int status : {0, 1}) {
    const Entries whole = recorded(status);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const std::string name : {R"("number":)", R"("attempt":)", R"("next_attempt":)", R"("after_changes":)"}) {
        Entries changed(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        std::string& data = changed.back().data;
        const auto found = data.find(name);
        if (found == std::string::npos) continue;
        const auto digits = found + name.size();
        const auto end = data.find_first_not_of("0123456789", digits);
        for (const std::string number : {"0", "99", "4294967295"}) {
          SCOPED_TRACE(changed.back().type + ", entry " + std::to_string(at + 1) + ": " + name + number);
          Entries edited = changed;
          edited.back().data.replace(digits, end - digits, number);
          take_up(GetParam(), status, edited);
        }
      }
    }
  }
}

}  // namespace
}  // namespace autoheal
