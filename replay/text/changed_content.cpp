#include "autoheal/replay/text/changed_content.hpp"

#include "autoheal/replay/text/content_diff.hpp"

namespace autoheal::replay {

using namespace workflows;  // every line below reads its values

std::vector<std::string> content_lines(const Change& change, const Observation& observation,
                                       const engine::BlobStore& blobs) {
  const TargetAfter& after = change.after;
  if (change.kind == ChangeKind::state || after.kind != TargetKind::file || after.content == change.before.digest)
    return {};
  if (after.content.starts_with("hmac-")) return {"its content is secret and is not shown"};
  std::string before_text;
  if (change.before.kind == TargetKind::file) {
    const auto kept = observation.contents.find(change.before.path);
    const auto before = blobs.get(kept == observation.contents.end() ? change.before.digest : kept->second);
    if (!before) return {"what it held before is not in the vault"};
    before_text = *before;
  }
  const auto after_text = blobs.get(after.content);
  if (!after_text) return {"what it was to hold is not in the vault"};
  return content_diff(before_text, *after_text);
}

}  // namespace autoheal::replay
