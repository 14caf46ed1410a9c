// Part of a test in a child process: what it does to itself (limits, another user, mounts that nobody else sees) ends
// with it.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

namespace autoheal::testing {

// Runs `body`, whose failures count as this test's. Called while the test has one thread.
inline void in_a_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the child of this test failed, as told above";
}

// A mount namespace of this process's own, with the help of a user namespace where it is not root. False: not allowed.
inline bool unshare_mounts() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (user != 0) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// Whether this process's children may have mounts of their own.
inline bool can_mount() {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(unshare_mounts() && ::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr) == 0 ? 0 : 1);
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

// A file system in memory of `size` ("64k") on `folder`, in a child that has mounts of its own.
inline void mount_memory(const std::string& folder, const std::string& size, unsigned long flags = 0) {
  ASSERT_EQ(::mount("tmpfs", folder.c_str(), "tmpfs", flags, ("mode=0755,size=" + size).c_str()), 0);
}

}  // namespace autoheal::testing
