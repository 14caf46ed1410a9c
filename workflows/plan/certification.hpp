// Truth: evidence in, certificate or reasons for refusal out. A pure function; the executor of a repair has no part in
// it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/plan/evidence.hpp"
#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::workflows {

// The manifest that `baseline adopt` recorded: path -> digest of every file that `hashes` matched, and the digests of
// the declared baselines.
struct AdoptedBaseline {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> baselines;
  friend bool operator==(const AdoptedBaseline&, const AdoptedBaseline&) = default;
};

struct Refusal {
  std::string criterion;  // module_hashes, test_matrix, security, rbac
  std::string reason;     // a sentence
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// Whether edited documents are judged by a second reader (document_judge.hpp): heals that began before there was one
// are decided as they were then, and where nothing was left to repair nothing is declared of a document.
enum class Documents { judged, not_judged };

// A plan as it is recorded, and the digest of that text ("sha256:..."), which a certificate names.
[[nodiscard]] std::string to_json(const Plan& plan);
[[nodiscard]] std::string plan_digest(const Plan& plan);

// Preflight: what is not certified is not applied. Empty: certified.
[[nodiscard]] std::vector<Refusal> certify_plan(const EngineSpec& spec, const Plan& plan,
                                                const Observation& observation, const Contents& contents,
                                                const Contents& new_contents,
                                                const std::optional<AdoptedBaseline>& adopted,
                                                bool principal_may_change, Documents documents = Documents::judged);

// The verdict over the real outcome, all four criteria. Empty: certified. A missing, skipped, timed-out or empty test
// refuses; so does any target that no longer is as it was left.
[[nodiscard]] std::vector<Refusal> certify_outcome(const EngineSpec& spec, const Plan& plan,
                                                   const std::vector<ChangeOutcome>& outcomes, const Evidence& evidence,
                                                   const std::optional<AdoptedBaseline>& adopted,
                                                   Documents documents = Documents::judged);

// Every cell of a test's matrix, in order: names ("smoke[mode=fast]") and the variables' values.
struct TestCell {
  std::string name;
  std::map<std::string, std::string> variables;
};
[[nodiscard]] std::vector<TestCell> cells_of(const TestSpec& test);

}  // namespace autoheal::workflows
