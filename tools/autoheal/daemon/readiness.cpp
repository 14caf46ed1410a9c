#include "tools/autoheal/daemon/readiness.hpp"

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::cli {

bool is_ready(const std::vector<ReadinessCheck>& checks) {
  return std::ranges::all_of(checks, [](const ReadinessCheck& one) { return one.problem.empty(); });
}

std::string readiness_json(const std::vector<ReadinessCheck>& checks, bool verbose) {
  JsonWriter out;
  out.begin_object().field("ready", is_ready(checks));
  if (!verbose) return out.end_object().take();
  out.key("checks").begin_array();
  for (const ReadinessCheck& one : checks) {
    out.begin_object().field("check", one.name).field("ok", one.problem.empty());
    out.optional_field("problem", one.problem).end_object();
  }
  return out.end_array().end_object().take();
}

}  // namespace autoheal::cli
