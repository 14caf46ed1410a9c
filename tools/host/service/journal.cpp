#include "tools/host/service/journal.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr std::size_t longest_name = 64;  // of the journal
constexpr std::size_t bytes_of_length = 8;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// Names that begin with "_" are the journal's own.
bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && is_upper(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_upper(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// Little-endian, whatever this machine is.
void append_length(std::string& out, std::uint64_t length) {
  for (std::size_t byte = 0; byte < bytes_of_length; ++byte) out += static_cast<char>(length >> (8 * byte) & 0xFFU);
}

}  // namespace

std::string journal_datagram(std::span<const JournalField> fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!is_field_name(name)) continue;
    out.append(name) += '\n';
    append_length(out, value.size());
    out.append(value) += '\n';
  }
  return out;
}

std::optional<Journal> Journal::of_descriptor(int descriptor, const char* named) {
  std::string_view text = named == nullptr ? std::string_view() : std::string_view(named);
  const auto device = take_number<std::uint64_t>(text);
  if (!device || !text.starts_with(':')) return std::nullopt;
  const auto inode = parse_number<std::uint64_t>(text.substr(1));
  struct stat status{};
  if (!inode || ::fstat(descriptor, &status) != 0 || status.st_dev != *device || status.st_ino != *inode)
    return std::nullopt;
  return Journal();
}

Result<void> Journal::send(const std::string& datagram) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path)
    return failure(ErrorKind::invalid, "the name of the journal's socket is too long: " + socket_);
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  const UniqueFd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!sender) return system_failure(socket_, errno);
  if (::sendto(sender.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), sizeof address) >= 0)
    return {};
  if (errno == EAGAIN || errno == ENOBUFS) return failure(ErrorKind::busy, socket_ + ": its queue is full");
  return system_failure(socket_, errno);
}

}  // namespace autoheal::host
