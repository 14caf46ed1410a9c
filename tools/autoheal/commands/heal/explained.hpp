// Everything that decides whether and how one engine is healed, gathered at this moment: what `autoheal explain`
// prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/effects/plan_preview.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/host/system/open_files.hpp"

namespace autoheal::cli {

struct ExplainedTarget {
  std::string path;  // below the root
  std::optional<workflows::TargetFacts> facts;
  std::string problem;                // why it could not be looked at
  std::string owner;                  // "user:group", names where there are any
  bool keyed = false;                 // its digest would confirm guesses: it is not told
  std::vector<std::string> declared;  // by each repair and probe that names it
  std::string reader;                 // how its content is understood
  std::vector<host::OpenBy> open;
  std::vector<std::string> repair;  // what the plan would do with it
};

struct Explained {
  std::vector<ExplainedTarget> targets;
  std::size_t unseen_processes = 0;
  std::vector<workflows::Probe> declared_probes;
  std::vector<workflows::ProbeResult> probes;  // of each of them
  std::optional<workflows::Plan> plan;         // unset: none can be made
  std::string plan_problem;                    // why not
  std::vector<workflows::Refusal> refusals;    // of the plan
  std::vector<std::string> acts;               // what it would run, beside its changes
  std::vector<std::string> asked_afterwards;   // what a certificate would need beyond the plan
  std::vector<std::string> standing;           // what lets it be healed by itself, or not
};

// Nothing is changed or recorded; texts are without secrets.
[[nodiscard]] Explained explain(const Session& session, const workflows::EngineSpec& spec);

}  // namespace autoheal::cli
