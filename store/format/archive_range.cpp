#include "autoheal/store/format/archive_range.hpp"

#include <algorithm>

namespace autoheal::store {

// From the stream that begins last to the one that begins first: once the prefix ends before a stream, only streams
// that begin earlier can cross that new end.
ArchivePrefix longest_prefix(ArchiveBounds bounds) {
  std::ranges::sort(bounds.spans, std::ranges::greater(), &StreamSpan::first);
  ArchivePrefix prefix{std::min(bounds.limit, bounds.unread), {}};
  for (StreamSpan& span : bounds.spans) {
    const bool crosses = span.first <= prefix.last && (span.open || span.last > prefix.last);
    if (!crosses) continue;
    prefix.last = engine::Position{span.first.value - 1};
    prefix.ended_before.push_back(std::move(span.stream));
  }
  prefix.last = std::max(prefix.last, bounds.archived);
  return prefix;
}

}  // namespace autoheal::store
