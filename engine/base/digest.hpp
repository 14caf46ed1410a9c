// SHA-256 as names: "sha256:<hex>". Thread-safe; the digest algorithm is fetched once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace autoheal {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view content);
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view content);
[[nodiscard]] std::string to_hex(const Sha256& digest);
[[nodiscard]] std::string sha256_name(std::string_view content);  // "sha256:<64 lower-case hex digits>"

// For contents read piece by piece. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void update(const void* data, std::size_t size);
  [[nodiscard]] Sha256 finish();  // once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace autoheal
