// The calls of this program that change a disk, in the place of the C library's own: a test is asked before each of
// them, which is a moment at which the power may fail, and told after it.
#pragma once

#include <functional>

namespace autoheal::testing {

struct DiskCall {
  const char* name;             // "write", "fsync", "create", "rename", "exchange", "link", "unlink", "rmdir", ...
  int descriptor;               // the file, or the folder that `entry` is in
  const char* entry = nullptr;  // calls on names
  int to = -1;                  // rename, exchange, link: where the other name is
  const char* to_entry = nullptr;
};

// What becomes of a call: it is made, it fails with EIO, or the test has done what it asks for.
enum class Instead { nothing, fail, done };

// Set only while one thread runs. What they do themselves to the disk, they are not asked about.
extern std::function<Instead(const DiskCall& call)> before_call;
extern std::function<void(const DiskCall& call)> after_call;

}  // namespace autoheal::testing
