#include "tools/autoheal/reproduce/recorded_names.hpp"

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/placeholders.hpp"

namespace autoheal::cli {

namespace {

class Renaming {
 public:
  explicit Renaming(const RebuiltPlace& place) : place_(place), digests_(place.trees) {}

  void rename(replay::Attempt& attempt) {
    if (attempt.plan) {
      for (workflows::Change& change : attempt.plan->changes) {
        digest(change.before.digest);
        digest(change.after.content);
        link(change.before);
        link(change.before.path, change.after.link_target);
      }
    }
    for (auto& [number, outcome] : attempt.outcomes) {
      digest(outcome.left.digest);
      link(outcome.left);
    }
    if (attempt.evidence) {
      for (workflows::HashFinding& hash : attempt.evidence->hashes) digest(hash.digest);
    }
    for (std::string& why : attempt.why) text(why);
  }

 private:
  void digest(std::string& name) const {
    if (const auto then = digests_.find(name); then != digests_.end()) name = then->second;
  }
  void link(workflows::TargetFacts& facts) {
    const std::size_t size = facts.link_target.size();
    link(facts.path, facts.link_target);
    facts.size = facts.size - size + facts.link_target.size();
  }
  // A link is hashed by where it leads.
  void link(const std::string& path, std::string& target) {
    const auto begins = place_.links.find(path);
    if (begins == place_.links.end()) return;
    const auto& [here, then] = begins->second;
    if (!target.starts_with(here)) return;
    const std::string old = then + target.substr(here.size());
    digests_[sha256_name("link:" + target)] = sha256_name("link:" + old);
    target = old;
  }
  void text(std::string& words) const {
    for (const auto& [here, then] : place_.texts) fill_in(words, here, then);
  }

  const RebuiltPlace& place_;
  std::map<std::string, std::string> digests_;
};

}  // namespace

replay::Course as_called_then(replay::Course here, const RebuiltPlace& place) {
  Renaming renaming(place);
  for (auto& [number, attempt] : here.attempts) renaming.rename(attempt);
  return here;
}

}  // namespace autoheal::cli
