#include "tools/autoheal/commands/baseline/adopted_digests.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

Result<workflows::Adopted> adopted_of(const Session& session, const workflows::EngineSpec& spec) {
  const auto past = open_past(session.configuration);
  AUTOHEAL_TRY(past);
  const auto all = workflows::adopted_baselines(*past->ledger, *past->vault);
  AUTOHEAL_TRY(all);
  if (const auto found = all->find(spec.name); found != all->end()) return found->second;
  return failure(ErrorKind::not_found, "nothing was adopted for " + spec.name,
                 fmt::format("`autoheal baseline adopt {}` records what is there now as right", spec.name));
}

}  // namespace autoheal::cli
