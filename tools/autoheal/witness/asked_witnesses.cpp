#include "tools/autoheal/witness/asked_witnesses.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <system_error>
#include <vector>

#include "tools/autoheal/healer/keep_cosignatures.hpp"
#include "tools/autoheal/threads/outward_thread.hpp"
#include "tools/autoheal/witness/witness_question.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

class AskedWitnesses::Thread : public OutwardThread {
 public:
  ~Thread() { halt(); }
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  std::vector<std::shared_ptr<WitnessCourier>> all;  // on the thread
};

// The loop's part: all that couriers ask of it is posted there.
class AskedWitnesses::LoopSide {
 public:
  LoopSide(HealerServices& healer, std::function<void(const std::string&)> tell)
      : healer_(healer), tell_(std::move(tell)) {}

  // As the operation `cosign` does it for a person.
  [[nodiscard]] Result<void> keep(const std::string& note) {
    healer_.recording.look_at_place();
    if (const std::string& elsewhere = healer_.recording.ledger_elsewhere(); !elsewhere.empty())
      return failure(ErrorKind::unavailable, elsewhere);
    AUTOHEAL_TRY(keep_cosignatures(*healer_.parts.ledger, note, healer_.parts.clock.now()));
    return {};
  }
  void tell(const std::string& sentence) { tell_(sentence); }
  void ended(const std::string& key, const std::string& outcome) {
    outcomes[key] = {healer_.parts.clock.now(), healer_.parts.secrets.mask(outcome)};
  }

  struct Outcome {
    Timestamp time;
    std::string text;
  };
  std::map<std::string, Outcome> outcomes;  // by key

 private:
  HealerServices& healer_;
  std::function<void(const std::string&)> tell_;
};

namespace {

// Everything but the body; the configuration was checked when it was read.
Result<outward::Request> request_to(const config::WitnessSpec& spec) {
  outward::Request request;
  auto url = outward::read_url(spec.url);
  AUTOHEAL_TRY(url);
  auto allow = outward::AllowList::of(spec.allow);
  AUTOHEAL_TRY(allow);
  request.url = std::move(*url);
  request.url.target.append(request.url.target.ends_with('/') ? "add-checkpoint" : "/add-checkpoint");
  request.allow = std::move(*allow);
  request.authorities = spec.ca_file;
  return request;
}

WitnessRules rules_of(const config::WitnessSpec& spec) {
  WitnessRules rules{.every = spec.every};
  rules.settles = std::min(rules.settles, rules.every);
  return rules;
}

}  // namespace

AskedWitnesses::AskedWitnesses(HealerServices& healer, std::function<void(const std::string&)> tell)
    : healer_(healer), loop_side_(std::make_shared<LoopSide>(healer, std::move(tell))) {
  healer_.checkpoints->kept = [this] { signed_one(); };
}

AskedWitnesses::~AskedWitnesses() {
  stop();
  healer_.checkpoints->kept = {};
}

void AskedWitnesses::stop() {
  asked_.clear();
  if (thread_) thread_->halt();
  thread_.reset();
}

void AskedWitnesses::write_outcomes(JsonWriter& out) const {
  out.begin_array();
  for (const auto& [key, outcome] : loop_side_->outcomes) {
    out.begin_object().field("key", key).field("asked", format_timestamp(outcome.time));
    out.field("said", outcome.text).end_object();
  }
  out.end_array();
}

void AskedWitnesses::signed_one() {
  if (!thread_) return;
  asio::post(thread_->executor(), [thread = thread_.get()] {
    for (const auto& courier : thread->all) courier->look();
  });
}

void AskedWitnesses::configure() {
  const auto configuration = healer_.in_force.configuration();
  const auto& specs = configuration->settings.witnesses;
  if (!thread_ && specs.empty()) return;
  try {
    if (!thread_) thread_ = std::make_shared<Thread>();
    take(specs);
  } catch (const std::system_error& problem) {  // no thread was to be had
    loop_side_->tell(fmt::format("warning: witnesses are not asked: {}", problem.what()));
  }
}

void AskedWitnesses::take(const std::vector<config::WitnessSpec>& specs) {
  std::vector<std::string> gone;
  for (const auto& [key, asked] : asked_) {
    if (std::ranges::find(specs, asked.spec) == specs.end()) gone.push_back(key);
  }
  for (const std::string& key : gone) retire(key);
  for (const config::WitnessSpec& spec : specs) {
    if (!asked_.contains(spec.key)) start(spec);
  }
}

void AskedWitnesses::retire(const std::string& key) {
  asio::post(thread_->executor(), [courier = asked_.at(key).courier] { courier->stop(); });
  asked_.erase(key);
  loop_side_->outcomes.erase(key);
}

void AskedWitnesses::start(const config::WitnessSpec& spec) {
  const auto key = store::VerifierKey::parse(spec.key);
  const auto request = request_to(spec);
  if (!key || !request) {
    const std::string& why = !key ? key.error().message : request.error().message;
    return loop_side_->tell(fmt::format("warning: witness {} is not asked: {}", spec.key, why));
  }
  const auto box = std::make_shared<std::weak_ptr<WitnessCourier>>();
  auto made = std::make_shared<WitnessCourier>(*key, ports_for(spec, *key, box), rules_of(spec));
  *box = made;
  asked_[spec.key] = {spec, made};
  asio::post(thread_->executor(), [made, thread = thread_.get()] {
    std::erase_if(thread->all, [](const auto& one) { return one->ended(); });
    thread->all.push_back(made);
    asio::co_spawn(
        thread->executor(),
        [](std::shared_ptr<WitnessCourier> one) -> asio::awaitable<void> { co_await one->run(); }(made),
        asio::detached);
  });
}

WitnessPorts AskedWitnesses::ports_for(const config::WitnessSpec& spec, const store::VerifierKey& key,
                                       const std::shared_ptr<std::weak_ptr<WitnessCourier>>& box) {
  const auto loop = healer_.parts.loop.get_executor();
  return {
      .clock = healer_.parts.clock,
      .randomness = healer_.parts.randomness,
      .question = [key, path = healer_.in_force.configuration()->settings.ledger](
                      std::optional<std::uint64_t> old_size) { return question_for(path, key, old_size); },
      .post =
          [request = *request_to(spec),
           client = std::make_shared<outward::Client>(thread_->resolver)](std::string body) {
            outward::Request filled = request;
            filled.body = std::move(body);
            return client->send(std::move(filled));
          },
      .keep =
          [loop, side = loop_side_, box, thread = std::weak_ptr(thread_)](const std::string& note) {
            asio::post(loop, [side, box, thread, note] {
              const auto alive = thread.lock();
              if (!alive) return;
              asio::post(alive->executor(), [box, done = side->keep(note)] {
                if (const auto courier = box->lock()) courier->kept(done);
              });
            });
          },
      .tell = [loop, side = loop_side_](
                  const std::string& sentence) { asio::post(loop, [side, sentence] { side->tell(sentence); }); },
      .ended =
          [loop, side = loop_side_, name = spec.key](const std::string& outcome) {
            asio::post(loop, [side, name, outcome] { side->ended(name, outcome); });
          },
  };
}

}  // namespace autoheal::cli
