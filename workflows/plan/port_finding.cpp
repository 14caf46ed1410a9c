#include "autoheal/workflows/plan/port_finding.hpp"

namespace autoheal::workflows {

std::string_view name_of(PortHolder holder) {
  switch (holder) {
    case PortHolder::unknown:
      return "unknown";
    case PortHolder::service:
      return "service";
    case PortHolder::stranger:
      return "stranger";
  }
  return {};
}

PortHolder port_holder_of(std::string_view name) {
  for (const PortHolder holder : {PortHolder::service, PortHolder::stranger}) {
    if (name == name_of(holder)) return holder;
  }
  return PortHolder::unknown;
}

std::string sentence_of_stranger(const PortFinding& finding) {
  std::string sentence = finding.place + " is not held by the service but by ";
  sentence += finding.process > 0 ? "process " + std::to_string(finding.process) : std::string("another process");
  if (!finding.program.empty()) sentence += " (" + finding.program + ")";
  if (!finding.why.empty()) sentence += ", " + finding.why;
  return sentence + ": end that one, or probe a place of the service's own";
}

}  // namespace autoheal::workflows
