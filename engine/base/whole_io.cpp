#include "autoheal/engine/base/whole_io.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace autoheal {

namespace {

// `call` as often as it is interrupted.
template <class Call>
std::expected<std::size_t, int> uninterrupted(const Call& call) {
  while (true) {
    const ssize_t done = call();
    if (done >= 0) return static_cast<std::size_t>(done);
    if (errno != EINTR) return std::unexpected(errno);
  }
}

// Fills `into` with what `read_part` reads into the rest of it.
template <class ReadPart>
std::expected<std::size_t, int> filled(std::span<char> into, const ReadPart& read_part) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto got = uninterrupted([&] { return read_part(into.subspan(done), done); });
    if (!got) return got;
    if (*got == 0) break;
    done += *got;
  }
  return done;
}

}  // namespace

std::expected<void, int> write_whole(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = uninterrupted([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (!written) return std::unexpected(written.error());
    if (*written == 0) return std::unexpected(ENOSPC);
    bytes.remove_prefix(*written);
  }
  return {};
}

std::expected<std::size_t, int> read_up_to(int descriptor, std::span<char> into) {
  return filled(into, [&](std::span<char> rest, std::size_t) { return ::read(descriptor, rest.data(), rest.size()); });
}

std::expected<std::size_t, int> read_up_to_at(int descriptor, std::span<char> into, std::uint64_t offset) {
  return filled(into, [&](std::span<char> rest, std::size_t done) {
    return ::pread(descriptor, rest.data(), rest.size(), static_cast<off_t>(offset + done));
  });
}

std::expected<std::string, int> read_whole(int descriptor, std::size_t limit, std::size_t expected_bytes) {
  std::string content;
  content.reserve(expected_bytes);
  bool too_large = false;
  const auto read = read_in_pieces(descriptor, [&](std::string_view piece) {
    too_large = piece.size() > limit - content.size();
    if (!too_large) content += piece;
    return !too_large;
  });
  if (!read) return std::unexpected(read.error());
  if (too_large) return std::unexpected(EFBIG);
  return content;
}

std::expected<void, int> read_in_pieces(int descriptor, const std::function<bool(std::string_view piece)>& take) {
  std::array<char, piece_bytes> piece;
  for (std::uint64_t at = 0;;) {
    const auto got =
        uninterrupted([&] { return ::pread(descriptor, piece.data(), piece.size(), static_cast<off_t>(at)); });
    if (!got) return std::unexpected(got.error());
    if (*got == 0 || !take({piece.data(), *got})) return {};
    at += *got;
  }
}

}  // namespace autoheal
