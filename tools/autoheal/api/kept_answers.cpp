#include "tools/autoheal/api/kept_answers.hpp"

namespace autoheal::cli {

KeptAnswers::Claim::~Claim() {
  if (!is_kept_) kept_->by_scope_.erase(scope_);
}

void KeptAnswers::Claim::keep(const std::string& answer) {
  kept_->by_scope_.at(scope_).answer = answer;
  kept_->answered_.push_back(scope_);
  is_kept_ = true;
}

KeptAnswers::Found KeptAnswers::look(const std::string& scope, const std::string& digest, Timestamp now) {
  forget(now);
  Found found;
  const auto known = by_scope_.find(scope);
  if (known == by_scope_.end()) {
    by_scope_[scope] = {digest, now, {}};
    found.claim = std::make_shared<Claim>(shared_from_this(), scope);
  } else if (known->second.digest != digest) {
    found.is_other = true;
  } else {
    found.answer = known->second.answer;
    found.is_under_way = !found.answer;
  }
  return found;
}

void KeptAnswers::forget(Timestamp now) {
  while (!answered_.empty()) {
    const auto oldest = by_scope_.find(answered_.front());
    if (answered_.size() < most_kept && now - oldest->second.at < kept_for) return;
    by_scope_.erase(oldest);
    answered_.pop_front();
  }
}

}  // namespace autoheal::cli
