#include "tools/autoheal/commands/baseline/adopted_digests.hpp"

namespace autoheal::cli {

Result<workflows::Adopted> adopted_of(const Session& session, const workflows::EngineSpec& spec) {
  const auto past = open_past(session.configuration);
  AUTOHEAL_TRY(past);
  const auto all = workflows::adopted_baselines(*past->ledger, *past->vault);
  AUTOHEAL_TRY(all);
  if (const auto found = all->find(spec.name); found != all->end()) return found->second;
  return failure(ErrorKind::not_found, "nothing was adopted for " + spec.name,
                 "`autoheal baseline adopt " + spec.name + "` records what is there now as right");
}

}  // namespace autoheal::cli
