#include "tools/host/system/user_account.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "autoheal/engine/base/numbers.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr std::size_t largest_entry = 1U << 20U;

// Asks again with more room for as long as the answer does not fit.
template <class Entry, class Ask>
Result<Entry> ask(const std::string& what, std::string& room, const Ask& one) {
  for (room.resize(4096);; room.resize(room.size() * 2)) {
    Entry entry{};
    Entry* found = nullptr;
    const int problem = one(&entry, room.data(), room.size(), &found);
    if (problem == ERANGE && room.size() < largest_entry) continue;
    if (found != nullptr) return entry;
    if (problem == 0 || problem == ENOENT || problem == ESRCH)
      return failure(ErrorKind::not_found, what + ": there is none on this machine");
    return system_failure(what, problem);
  }
}

Account account_from(const passwd& entry) { return {entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir}; }

Result<gid_t> group_of(const std::string& name) {
  std::string room;
  const auto entry = ask<group>("group " + name, room, [&](group* one, char* text, std::size_t size, group** found) {
    return ::getgrnam_r(name.c_str(), one, text, size, found);
  });
  if (entry) return entry->gr_gid;
  if (const auto number = parse_number<gid_t>(name)) return *number;
  return std::unexpected(entry.error());
}

}  // namespace

std::string group_name(gid_t gid) {
  std::string room;
  const auto entry =
      ask<group>("group " + std::to_string(gid), room, [&](group* one, char* text, std::size_t size, group** found) {
        return ::getgrgid_r(gid, one, text, size, found);
      });
  return entry ? entry->gr_name : std::to_string(gid);
}

Result<Account> account_of(const std::string& name) {
  std::string room;
  const auto entry = ask<passwd>("user " + name, room, [&](passwd* one, char* text, std::size_t size, passwd** found) {
    return ::getpwnam_r(name.c_str(), one, text, size, found);
  });
  AUTOHEAL_TRY(entry);
  return account_from(*entry);
}

Result<Account> account_of(uid_t uid) {
  std::string room;
  const auto entry =
      ask<passwd>("user " + std::to_string(uid), room, [&](passwd* one, char* text, std::size_t size, passwd** found) {
        return ::getpwuid_r(uid, one, text, size, found);
      });
  AUTOHEAL_TRY(entry);
  return account_from(*entry);
}

std::vector<gid_t> groups_of(const Account& account) {
  std::vector<gid_t> groups(32);
  auto count = static_cast<int>(groups.size());
  while (::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) < 0) {
    if (static_cast<std::size_t>(count) <= groups.size()) return {account.gid};
    groups.resize(static_cast<std::size_t>(count));
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

std::string owner_name(uid_t uid, gid_t gid) {
  const auto account = account_of(uid);
  std::string room;
  const auto entry =
      ask<group>("group " + std::to_string(gid), room, [&](group* one, char* text, std::size_t size, group** found) {
        return ::getgrgid_r(gid, one, text, size, found);
      });
  std::string name = account ? account->name : std::to_string(uid);
  name += ':';
  name += entry ? std::string(entry->gr_name) : std::to_string(gid);
  // A name that leads elsewhere, or cannot be written down, is none.
  const bool plain = name.find_first_of(" \t\"\\#") == std::string::npos;
  const auto back = plain ? owner_of(name) : failure(ErrorKind::invalid, name);
  return back && *back == std::pair(uid, gid) ? name : std::to_string(uid) + ":" + std::to_string(gid);
}

Result<std::pair<std::uint32_t, std::uint32_t>> owner_of(const std::string& owner) {
  if (owner.empty()) return std::pair{::geteuid(), ::getegid()};
  const auto colon = owner.find(':');
  const std::string user = owner.substr(0, colon);
  std::pair<std::uint32_t, std::uint32_t> ids;
  const auto account = account_of(user);
  const auto number = parse_number<uid_t>(user);
  if (account) {
    ids = {account->uid, account->gid};
  } else if (number && colon != std::string::npos) {
    ids = {*number, 0};
  } else {
    return std::unexpected(account.error());
  }
  if (colon == std::string::npos) return ids;
  const auto group = group_of(owner.substr(colon + 1));
  AUTOHEAL_TRY(group);
  ids.second = *group;
  return ids;
}

}  // namespace autoheal::host
