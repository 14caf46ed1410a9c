#include "autoheal/store/file/leaves_file.hpp"

#include <fmt/core.h>

#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

std::string leaf_to_hex_line(std::string_view leaf) { return bytes_to_hex(leaf) + '\n'; }

Result<std::uint64_t> each_leaf(std::string_view text, const std::function<void(std::string_view leaf)>& take) {
  std::uint64_t count = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const auto leaf = end == std::string_view::npos ? std::nullopt : bytes_from_hex(text.substr(0, end));
    if (!leaf) {
      return failure(ErrorKind::invalid,
                     fmt::format("leaves: line {} is not a whole line of lower-case hex", count + 1),
                     "expected one leaf a line, as `autoheal ledger export --leaves-hex` writes it");
    }
    take(*leaf);
    ++count;
    text.remove_prefix(end + 1);
  }
  return count;
}

}  // namespace autoheal::store
