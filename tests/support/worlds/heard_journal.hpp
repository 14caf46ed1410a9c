// A journal for tests: a socket that takes datagrams, and a reader of the native protocol that shares nothing with the
// writer of ours. It reads both forms of a field, as systemd does.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::testing {

using JournalRecord = std::multimap<std::string, std::string>;

// Empty where systemd would refuse it. A datagram is one record, unless an empty line ends it: that begins another.
inline std::vector<JournalRecord> records_in(const std::string& datagram) {
  std::vector<JournalRecord> records(1);
  for (std::size_t at = 0; at < datagram.size();) {
    const std::size_t end = datagram.find('\n', at);
    if (end == std::string::npos) return {};
    const std::string line = datagram.substr(at, end - at);
    at = end + 1;
    if (line.empty()) {
      records.emplace_back();
    } else if (const auto equals = line.find('='); equals != std::string::npos) {
      records.back().emplace(line.substr(0, equals), line.substr(equals + 1));
    } else {
      if (datagram.size() - at < 8) return {};
      std::uint64_t length = 0;
      for (std::size_t byte = 8; byte-- > 0;) length = length << 8U | static_cast<unsigned char>(datagram[at + byte]);
      at += 8;
      if (datagram.size() - at <= length || datagram[at + length] != '\n') return {};
      records.back().emplace(line, datagram.substr(at, length));
      at += length + 1;
    }
  }
  return records;
}

class HeardJournal {
 public:
  explicit HeardJournal(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
  }
  // The next record; empty where none came, or what came is not exactly one.
  [[nodiscard]] JournalRecord hears() const {
    std::string datagram(1U << 20U, '\0');
    const auto size = ::recv(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
    if (size < 0) return {};
    datagram.resize(static_cast<std::size_t>(size));
    const auto records = records_in(datagram);
    EXPECT_EQ(records.size(), 1U) << datagram;
    return records.size() == 1 ? records.front() : JournalRecord();
  }

 private:
  UniqueFd socket_;
};

// The only value of that name, or "".
inline std::string value_of(const JournalRecord& record, const std::string& name) {
  EXPECT_LE(record.count(name), 1U) << name;
  const auto found = record.find(name);
  return found == record.end() ? std::string() : found->second;
}

}  // namespace autoheal::testing
