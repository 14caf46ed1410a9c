#include "tools/autoheal/events/webhooks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <system_error>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "tools/autoheal/events/sink_of_target.hpp"
#include "tools/autoheal/threads/outward_thread.hpp"
#include "tools/host/process/marked_processes.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {
constexpr std::chrono::seconds places_wait_for_a_commit{1};
constexpr std::size_t entries_at_once = 1'000;
}  // namespace

std::string place_name_of(const std::string& webhook) { return "webhook/" + webhook; }

class Webhooks::Thread : public OutwardThread {
 public:
  Thread() = default;
  ~Thread() {
    halt();
    close();
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  void close() {
    for (const auto& courier : all) courier->close();
    all.clear();
  }

  std::atomic<bool> looks = false;            // a look is on its way
  std::vector<std::shared_ptr<Courier>> all;  // on the thread
};

// The loop's part: all that couriers ask of it is posted there.
class Webhooks::LoopSide : public std::enable_shared_from_this<Webhooks::LoopSide> {
 public:
  LoopSide(HealerServices& healer, std::function<void(const std::string&)> tell)
      : healer_(healer), tell_(std::move(tell)), due_(healer.parts.loop) {}

  void save(const std::string& name, engine::Position place, bool soon) {
    places_[name] = std::max(places_[name], place);
    healer_.parts.runtime->runner().save_place(place_name_of(name), places_[name]);
    if (!soon || std::exchange(waits_, true)) return;
    due_.expires_after(places_wait_for_a_commit);
    due_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      self->waits_ = false;
      if (!cancelled) self->healer_.parts.runtime->runner().commit_places();
    });
  }

  asio::awaitable<void> bury(DeadLetter letter, std::function<void(bool durable)> done) {
    letter.error = healer_.parts.secrets.mask(letter.error);
    const auto configuration = healer_.in_force.configuration();
    auto entry = entry_of(letter, configuration->settings.principals.actor, healer_.parts.clock.now());
    const auto recorded = co_await healer_.recording.record(std::move(entry));
    done(recorded.has_value());
  }

  void tell(const std::string& sentence) { tell_(sentence); }
  void cancel() { due_.cancel(); }

  // Where a target goes on: as saved last, by this process or an earlier one. Empty: it is new.
  [[nodiscard]] Result<std::optional<engine::Position>> place_of(const std::string& name) const {
    if (const auto known = places_.find(name); known != places_.end()) return known->second;
    return healer_.parts.ledger->place_of(place_name_of(name));
  }

 private:
  HealerServices& healer_;
  std::function<void(const std::string&)> tell_;
  std::map<std::string, engine::Position> places_;
  asio::steady_timer due_;
  bool waits_ = false;
};

Webhooks::Webhooks(HealerServices& healer, std::function<void(const std::string&)> tell)
    : healer_(healer),
      after_turn_(healer.parts.runtime->after_turn),
      loop_side_(std::make_shared<LoopSide>(healer, std::move(tell))) {
  healer_.parts.runtime->after_turn = [this] {
    if (after_turn_) after_turn_();
    committed();
  };
}

Webhooks::~Webhooks() {
  stop();
  healer_.parts.runtime->after_turn = std::move(after_turn_);
}

void Webhooks::stop() {
  loop_side_->cancel();
  const bool has_commands =
      std::ranges::any_of(targets_, [](const auto& one) { return one.second.spec.command.has_value(); });
  targets_.clear();
  if (thread_) thread_->halt();
  if (thread_ && has_commands) host::end_marked(mark_of_programs());
  if (thread_) thread_->close();
  thread_.reset();
}

std::string Webhooks::mark_of_programs() const { return healer_.parts.ledger->id() + "/webhook/"; }

void Webhooks::committed() {
  if (!thread_ || thread_->looks.exchange(true)) return;
  asio::post(thread_->executor(), [thread = thread_.get()] {
    thread->looks = false;
    for (const auto& courier : thread->all) courier->look();
  });
}

void Webhooks::configure() {
  const auto configuration = healer_.in_force.configuration();
  const auto& specs = configuration->settings.webhooks;
  if (!thread_ && specs.empty()) return;
  try {
    if (!thread_) begin();
    take(specs);
  } catch (const std::system_error& problem) {  // no thread was to be had
    loop_side_->tell(fmt::format("warning: webhooks do not begin: {}", problem.what()));
  }
}

void Webhooks::begin() {
  thread_ = std::make_shared<Thread>();
  // Programs of a daemon that was killed would go on beside ours.
  asio::post(thread_->executor(), [mark = mark_of_programs()] { host::end_marked(mark); });
}

void Webhooks::take(const std::vector<config::WebhookSpec>& specs) {
  std::vector<std::string> gone;
  for (const auto& [name, target] : targets_) {
    if (std::ranges::find(specs, name, &config::WebhookSpec::name) == specs.end()) gone.push_back(name);
  }
  for (const std::string& name : gone) retire(name);
  for (const config::WebhookSpec& spec : specs) {
    const auto known = targets_.find(spec.name);
    if (known != targets_.end() && known->second.spec == spec) continue;
    const auto predecessor = known == targets_.end() ? nullptr : known->second.courier;
    if (predecessor) retire(spec.name);
    start(spec, predecessor);
  }
}

void Webhooks::retire(const std::string& name) {
  asio::post(thread_->executor(), [courier = targets_.at(name).courier] { courier->stop(); });
  targets_.erase(name);
  healer_.parts.figures.forget(name);
}

void Webhooks::start(const config::WebhookSpec& spec, std::shared_ptr<const Courier> predecessor) {
  auto place = loop_side_->place_of(spec.name);
  const auto newest = healer_.parts.ledger->read_all({}, 1);
  if (!place || !newest) {
    const std::string& why = !place ? place.error().message : newest.error().message;
    return loop_side_->tell(fmt::format("warning: webhook {} does not begin: {}", spec.name, why));
  }
  // Durable with the next commit: what comes after it is delivered, whenever this process ends.
  if (!*place) loop_side_->save(spec.name, newest->head, true);
  healer_.parts.figures.follow(spec.name, place->value_or(newest->head));
  const workflows::DeliveryRules rules{.most_attempts = spec.max_attempts};
  SinkPorts sink_ports{thread_->resolver, [this](std::string_view secret) { healer_.parts.secrets.learn(secret); },
                       mark_of_programs()};
  auto box = std::make_shared<std::weak_ptr<Courier>>();
  auto made = std::make_shared<Courier>(spec.name, sink_of(spec, std::move(sink_ports)), ports_for(spec, box), rules,
                                        place->value_or(newest->head));
  *box = made;
  targets_[spec.name] = {spec, made};
  asio::post(thread_->executor(), [made, predecessor = std::move(predecessor), thread = thread_.get()] {
    std::erase_if(thread->all, [](const auto& one) { return one->ended(); });
    thread->all.push_back(made);
    asio::co_spawn(
        thread->executor(),
        [](std::shared_ptr<Courier> one, std::shared_ptr<const Courier> before) -> asio::awaitable<void> {
          co_await one->run(std::move(before));
        }(made, predecessor),
        asio::detached);
  });
}

CourierPorts Webhooks::ports_for(const config::WebhookSpec& spec, const std::shared_ptr<std::weak_ptr<Courier>>& box) {
  const auto loop = healer_.parts.loop.get_executor();
  return {
      .clock = healer_.parts.clock,
      .randomness = healer_.parts.randomness,
      .read = [events = OutgoingEvents(spec.topics, spec.format, *healer_.parts.vault),
               path = healer_.in_force.configuration()->settings.ledger](
                  engine::Position after) mutable -> Result<OutgoingEvents::Read> {
        const auto ledger = store::LedgerReader::open(path);
        AUTOHEAL_TRY(ledger);
        return events.read(**ledger, after, entries_at_once);
      },
      .save_place =
          [loop, side = loop_side_, &figures = healer_.parts.figures, name = spec.name](engine::Position place,
                                                                                        bool soon) {
            figures.moved(name, place);  // not on the loop, which waits for nobody who reads metrics
            asio::post(loop, [side, name, place, soon] { side->save(name, place, soon); });
          },
      .bury =
          [loop, side = loop_side_, box, thread = std::weak_ptr(thread_)](const DeadLetter& letter) {
            asio::post(loop, [loop, side, box, thread, letter] {
              auto done = [box, thread](bool durable) {
                const auto alive = thread.lock();
                if (!alive) return;
                asio::post(alive->executor(), [box, durable] {
                  if (const auto courier = box->lock()) courier->buried(durable);
                });
              };
              asio::co_spawn(loop, side->bury(letter, std::move(done)), [side](const std::exception_ptr&) {});
            });
          },
      .tell = [loop, side = loop_side_](
                  const std::string& sentence) { asio::post(loop, [side, sentence] { side->tell(sentence); }); },
  };
}

}  // namespace autoheal::cli
