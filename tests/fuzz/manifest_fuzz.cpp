// Manifests of releases: what is read is written so that it reads the same, and every path stays below its folder.
#include <filesystem>

#include "tests/fuzz/property.hpp"
#include "tools/host/release/release_manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace autoheal;
  const auto lines = host::parse_manifest(fuzz::text_of(data, size));
  if (!lines) {
    const auto& message = lines.error().message;
    fuzz::require(!message.empty() && message.find('\n') == std::string::npos, "a refusal is one line", message);
    return 0;
  }
  for (const host::ManifestLine& line : *lines) {
    const auto path = std::filesystem::path(line.path).lexically_normal();
    fuzz::require(path.is_relative() && *path.begin() != ".." && path == line.path, "a path stays below", line.path);
  }
  const std::string text = host::manifest_text(*lines);
  const auto again = host::parse_manifest(text);
  fuzz::require(again && *again == *lines, "what was written is read as the same list", text);
  return 0;
}
