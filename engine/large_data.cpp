#include "autoheal/engine/large_data.hpp"

#include <utility>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

namespace {
constexpr std::string_view opening = R"({"blob":")";
constexpr std::string_view closing = R"("})";
constexpr std::size_t name_bytes = 7 + 64;  // "sha256:" and the digits
}  // namespace

Result<std::string> shorten(BlobStore& blobs, std::string data) {
  if (data.size() <= largest_entry_data_bytes) return data;
  auto name = blobs.put(data, BlobNaming::plain);
  AUTOHEAL_TRY(name);
  AUTOHEAL_CHECK(name->size() == name_bytes);  // or lengthen() would take the name for the data itself
  return std::string(opening) + *name + std::string(closing);
}

Result<std::string_view> lengthen(const BlobStore& blobs, std::string_view data, std::string& from_blob) {
  const bool named = data.size() == opening.size() + name_bytes + closing.size() && data.starts_with(opening) &&
                     data.ends_with(closing);
  if (!named) return data;
  auto content = blobs.get(BlobName(data.substr(opening.size(), name_bytes)));
  AUTOHEAL_TRY(content);
  from_blob = std::move(*content);
  return from_blob;
}

Result<std::string> lengthen(const BlobStore& blobs, const std::string& data) {
  std::string from_blob;
  const auto whole = lengthen(blobs, data, from_blob);
  AUTOHEAL_TRY(whole);
  return std::string(*whole);
}

}  // namespace autoheal::engine
