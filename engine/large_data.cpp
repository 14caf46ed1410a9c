#include "engine/large_data.hpp"

#include <string_view>
#include <utility>

namespace autoheal::engine {

namespace {
constexpr std::string_view opening = R"({"blob":")";
constexpr std::string_view closing = R"("})";
constexpr std::size_t name_bytes = 7 + 64;  // "sha256:" and the digits
}  // namespace

Result<std::string> shorten(BlobStore& blobs, std::string data) {
  if (data.size() <= largest_entry_data_bytes) return data;
  auto name = blobs.put(data, BlobNaming::plain);
  if (!name) return std::unexpected(std::move(name.error()));
  return std::string(opening) + *name + std::string(closing);
}

Result<std::string> lengthen(const BlobStore& blobs, const std::string& data) {
  const bool named = data.size() == opening.size() + name_bytes + closing.size() && data.starts_with(opening) &&
                     data.ends_with(closing);
  if (!named) return data;
  return blobs.get(data.substr(opening.size(), name_bytes));
}

}  // namespace autoheal::engine
