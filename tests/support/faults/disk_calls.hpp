// The calls of this program to its disk, in the place of the C library's own: a test is asked before each of them that
// changes the disk, which is a moment at which the power may fail, and told after it; where it wants, it is asked
// before each that only looks, too.
#pragma once

#include <functional>

namespace autoheal::testing {

struct CallToDisk {
  const char* name;             // "write", "fsync", "create", "rename", "exchange", "link", "unlink", "rmdir", ...
  int descriptor;               // the file, or the folder that `entry` is in
  const char* entry = nullptr;  // calls on names
  int to = -1;                  // rename, exchange, link: where the other name is
  const char* to_entry = nullptr;
};

// The fate of a call: it is made, it fails with `why_calls_fail`, or the test has done what it asks for.
enum class Instead { nothing, fail, done };

// Set only while one thread runs. Calls made inside the hook are not intercepted.
extern std::function<Instead(const CallToDisk& call)> before_call;
extern std::function<void(const CallToDisk& call)> after_call;
// Calls are named "open", "read", "stat", "list", "lock", "random", and those of libarchive by their functions.
extern std::function<Instead(const CallToDisk& call)> before_look;
extern int why_calls_fail;  // an errno; EIO if nobody says otherwise

// Whether the test wants this call, which only looks, to fail; errno is set then.
[[nodiscard]] bool look_fails(const CallToDisk& call);

}  // namespace autoheal::testing
