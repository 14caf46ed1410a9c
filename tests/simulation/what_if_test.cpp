// Compares what-if answers with the truth: a thousand incidents, each also run for real under the setting that was
// asked about. Wherever the answer claims to know, it must be right; and it must know often enough to be of use.
#include <gtest/gtest.h>

#include <random>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/replay/what_if/settings_text.hpp"
#include "tests/support/examples/heal_examples.hpp"
#include "tests/support/worlds/program.hpp"

namespace autoheal::simulation {
namespace {

using namespace autoheal::testing;
using namespace workflows;

// One incident, made of a seed alone: what is broken, how the world answers, what people do meanwhile.
class Incident {
 public:
  explicit Incident(unsigned seed) : random_(seed) {
    example_ = &heal_examples()[random_() % heal_examples().size()];
    max_retries_ = 1 + random_() % 4;
    retry_delay_ = std::chrono::seconds(random_() % 3 == 0 ? 30 : 0);
    for (bool& passes : smoke_passes_) passes = random_() % 3 == 0;
    for (bool& passes : second_passes_) passes = random_() % 3 != 0;
    works_from_ = std::chrono::seconds(random_() % 4 == 0 ? 45 : 0);
    const unsigned modes[] = {0, 0600, 0640, 0755};
    max_mode_ = modes[random_() % 4];
    edits_in_attempt_ = random_() % 5 == 0 ? 1 + random_() % 3 : 0;
    cut_after_ = random_() % 4 == 0 ? 1 + random_() % 12 : 0;
    cancel_after_ = random_() % 6 == 0 ? 1 + random_() % 8 : 0;
    may_change_ = random_() % 12 != 0;
  }

  // A setting to ask about.
  std::string question() {
    const auto number = [this](unsigned most) { return std::to_string(1 + random_() % most); };
    switch (random_() % 9) {
      case 0:
      case 1:
        return "max_retries=" + number(4);
      case 2:
        return "retry_delay=" + number(40);
      case 3:
        return "certify.tests=none";
      case 4:
        return random_() % 2 == 0 ? "certify.tests=smoke" : "certify.tests=second";
      case 5:
        return "certify.security=none";
      case 6:
        return random_() % 2 == 0 ? "certify.security.max_mode=0600" : "certify.security.max_mode=0777";
      case 7:
        return "strategy=chimera";
      default:
        return "certify.within=" + number(3);
    }
  }

  // Runs it to its end; under `settings` if there are any.
  std::shared_ptr<HealWorld> run(const std::vector<std::string>& settings) {
    auto world = make_world(*example_);
    world->host.install("/tests/smoke", verdict(*world, smoke_passes_));
    world->host.install("/tests/second", verdict(*world, second_passes_));
    TestSpec second;
    second.name = "second";
    second.command = runs({"/tests/second"});
    world->spec.certify.tests.push_back(second);
    world->spec.healing.max_retries = static_cast<unsigned>(max_retries_);
    world->spec.healing.retry_delay = retry_delay_;
    if (max_mode_ != 0) world->spec.certify.security.max_mode = max_mode_;
    world->policy.role = may_change_ ? "admiral" : "observer";
    if (!settings.empty()) world->spec = *replay::with_settings(world->spec, settings)->spec;
    unsigned applied = 0;
    world->host.hooks.before_apply = [&, this] {
      if (++applied == edits_in_attempt_) world->host.write("etc/app.conf", "mine\n");
    };
    turn(*world);
    world->host.hooks.before_apply = {};
    return world;
  }

 private:
  // By the attempt that its mark names, and by the clock.
  workflows::testing::SimulatedHost::Program verdict(HealWorld& world, const std::array<bool, 8>& passes) {
    return [&world, &passes, this](const RunRequest& request) {
      const std::size_t end = request.mark.rfind('/');
      const std::size_t begin = request.mark.rfind('/', end - 1) + 1;
      const auto attempt = std::stoul(request.mark.substr(begin, end - begin));
      return ended(passes[attempt % passes.size()] && world.clock.since_boot() >= works_from_ ? 0 : 1);
    };
  }

  void turn(HealWorld& world) {
    if (cut_after_ > 0) {
      engine::testing::CutLedger cut(world.ledger, cut_after_, engine::testing::CutMoment::before_effects);
      HealProcess first(world, cut);
      first.start();
      first.run();
      if (first.last) return;
      HealProcess second(world, world.ledger);
      second.recover();
      second.run();
      return;
    }
    HealProcess process(world, world.ledger);
    process.start();
    if (cancel_after_ > 0) {
      for (std::size_t turn = 0; turn < cancel_after_; ++turn) process.turn();
      process.runner().submit<Heal>(world.heal, Cancel{EndReason::cancelled, {"ops", "admiral", 1000, {}, "cli", {}}});
    }
    process.run();
  }

  std::mt19937 random_;
  const HealExample* example_ = nullptr;
  std::size_t max_retries_ = 1, edits_in_attempt_ = 0, cut_after_ = 0, cancel_after_ = 0;
  Duration retry_delay_{0}, works_from_{0};
  std::array<bool, 8> smoke_passes_{}, second_passes_{};
  FileMode max_mode_ = 0;
  bool may_change_ = true;
};

HealState end_of(const HealWorld& world) {
  HealState state;
  const auto entries = world.ledger.read_all({}, 10'000);
  for (const auto& entry : entries->entries)
    state = Heal::apply(std::move(state),
                        *Heal::decode(entry.type, entry.dataversion, *engine::lengthen(world.blobs, entry.data)));
  return state;
}

replay::WhatIf answer_to(const HealWorld& world, const std::string& question) {
  replay::Adoptions adoptions;
  const replay::PastWorld past(world.blobs, adoptions);
  replay::RecordedHeal heal(world.ledger.read_all({}, 10'000)->entries, past.blobs());
  return replay::what_if(heal, past, *replay::with_settings(world.spec, {question}));
}

TEST(WhatIf, IsRightWhereverItClaimsToKnowOverAThousandIncidents) {
  unsigned known = 0, unknown = 0, otherwise = 0;
  const unsigned incidents = long_runs() ? 20'000 : 1'000;
  for (unsigned seed = 1; seed <= incidents; ++seed) {
    Incident incident(seed);
    const std::string question = incident.question();
    const auto recorded = incident.run({});
    const replay::WhatIf answer = answer_to(*recorded, question);
    ASSERT_EQ(answer.replayed.verdict, replay::Verdict::same) << "seed " << seed;
    if (answer.other.ending == replay::Ending::unknown) {
      ++unknown;
      continue;
    }
    ++known;
    const HealState truth = end_of(*incident.run({question}));
    const auto ending = truth.phase() == Phase::complete ? replay::Ending::certified : replay::Ending::exhausted;
    const std::string told = "seed " + std::to_string(seed) + ", " + question;
    EXPECT_EQ(answer.other.ending, ending) << told << ": " << answer.other.why << " / " << truth.so_far.last_problem;
    EXPECT_EQ(answer.other.attempts, truth.attempt_number()) << told;
    EXPECT_EQ(answer.other.state.so_far.last_problem, truth.so_far.last_problem) << told;
    EXPECT_EQ(end_reason(answer.other.state), end_reason(truth)) << told;
    if (answer.other.parted_index) ++otherwise;
  }
  RecordProperty("known", static_cast<int>(known));
  RecordProperty("unknown", static_cast<int>(unknown));
  RecordProperty("otherwise", static_cast<int>(otherwise));
  EXPECT_GT(known, incidents / 2) << "of " << incidents << ", " << unknown << " unknown";
  EXPECT_GT(otherwise, incidents / 20) << "answers that are not just what happened";
}

TEST(WhatIf, AQuestionThatKeepsTheHealFromBeginningSaysWhy) {
  const auto world = Incident(1).run({});
  EXPECT_EQ(answer_to(*world, "enabled=false").other.why, "disabled");
  EXPECT_EQ(answer_to(*world, "role=captain").other.why, "ops (captain) may not heal");
  EXPECT_EQ(answer_to(*world, "role=captain").other.ending, replay::Ending::not_begun);
}

TEST(WhatIf, AnAttemptThatNeverHappenedIsNotGuessed) {
  const auto world = make_world(heal_examples().front(), 1);
  (void)heal(*world);
  const replay::WhatIf answer = answer_to(*world, "max_retries=3");
  EXPECT_EQ(answer.other.ending, replay::Ending::unknown);
  EXPECT_EQ(answer.other.why, "attempt 3 would begin");
  ASSERT_TRUE(answer.other.parted_index);
  EXPECT_EQ(answer.other.instead.front().type, "heal.retry_scheduled");
}

}  // namespace
}  // namespace autoheal::simulation
