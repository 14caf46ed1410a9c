#include "tools/autoheal/healer/adopt_baseline.hpp"

#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

using namespace workflows;

Result<AdoptedBaseline> baseline_as_it_is(Host& host, const EngineSpec& spec) {
  const auto hashes = host.hash(spec, {spec.certify.hashes, {}});
  AUTOHEAL_TRY(hashes);
  AdoptedBaseline now;
  for (const HashFinding& found : *hashes) {
    if (!found.digest.empty()) now.files[found.path] = found.digest;
  }
  for (const FileRepair& file : spec.repair.files) now.baselines[file.baseline_path] = file.baseline;
  for (const Probe& probe : spec.self_test) {
    const auto* file = std::get_if<FileProbe>(&probe.what);
    if (file != nullptr && !file->baseline.empty()) now.baselines[file->baseline_path] = file->baseline;
  }
  return now;
}

Table table_of(const AdoptedBaseline& baseline) {
  Table table{{adopted_columns.begin(), adopted_columns.end()}, {}};
  for (const auto& [path, digest] : baseline.files) table.rows.push_back({"file", path, digest});
  for (const auto& [path, digest] : baseline.baselines) table.rows.push_back({"baseline", path, digest});
  return table;
}

}  // namespace autoheal::cli
