#include "autoheal/store/ledger/readahead_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::store {

namespace {

constexpr sqlite3_int64 least_ahead = 16 * 1024, most_ahead = 64 * 1024;
// A page that lies so near to the last one is taken for the next in order: between them lie those of other trees.
constexpr sqlite3_int64 widest_gap = 32 * 1024;
constexpr int smallest_page = 512;

struct Ahead {
  std::array<char, most_ahead> bytes;
  sqlite3_int64 first = 0, end = 0;  // offsets in the file
  sqlite3_int64 used = 0;            // bytes of those
  sqlite3_int64 wanted = least_ahead;
  sqlite3_int64 last = -1;  // of the page that was asked for before

  [[nodiscard]] bool has(sqlite3_int64 offset, int size) const { return offset >= first && offset + size <= end; }
  void forget() { first = end = used = 0; }
};

// The system's file comes first, so that its own methods find it where they expect it.
sqlite3_io_methods system_methods, our_methods;
std::size_t system_bytes = 0;

Ahead*& ahead_of(sqlite3_file* file) {
  return *std::launder(reinterpret_cast<Ahead**>(reinterpret_cast<std::byte*>(file) + system_bytes));
}

// Less again where little of what was read ahead was of use: the pages of small trees lie far apart.
void adapt(Ahead& ahead) {
  const bool worth_it = 2 * ahead.used >= ahead.end - ahead.first;
  ahead.wanted = worth_it ? std::min(2 * ahead.wanted, most_ahead) : least_ahead;
}

// Leaves nothing if it cannot be read: SQLite then asks for the page itself, and hears why.
void fill(sqlite3_file* file, Ahead& ahead, sqlite3_int64 offset) {
  sqlite3_int64 size = 0;
  ahead.forget();
  if (system_methods.xFileSize(file, &size) != SQLITE_OK) return;
  const sqlite3_int64 count = std::min(ahead.wanted, size - offset);
  if (count <= 0 || system_methods.xRead(file, ahead.bytes.data(), static_cast<int>(count), offset) != SQLITE_OK)
    return;
  ahead.first = offset;
  ahead.end = offset + count;
}

// SQLite walks a tree forwards when it reads rows, and backwards when it checks pages.
void look_ahead(sqlite3_file* file, Ahead& ahead, sqlite3_int64 offset, int size) {
  const sqlite3_int64 step = offset - std::exchange(ahead.last, offset);
  if (ahead.has(offset, size) || step < -widest_gap || step > widest_gap) return;
  adapt(ahead);
  fill(file, ahead, step > 0 ? offset : std::max<sqlite3_int64>(0, offset + size - ahead.wanted));
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  Ahead& ahead = *ahead_of(file);
  if (size >= smallest_page) look_ahead(file, ahead, offset, size);
  if (!ahead.has(offset, size)) return system_methods.xRead(file, into, size, offset);
  ahead.used += size;
  std::memcpy(into, ahead.bytes.data() + (offset - ahead.first), static_cast<std::size_t>(size));
  return SQLITE_OK;
}

// Each transaction begins with a lock. Until it ends, pages that it does not take from the log stay as they are.
int lock(sqlite3_file* file, int level) {
  ahead_of(file)->forget();
  return system_methods.xLock(file, level);
}

int lock_log(sqlite3_file* file, int offset, int count, int flags) {
  ahead_of(file)->forget();
  return system_methods.xShmLock(file, offset, count, flags);
}

int close(sqlite3_file* file) {
  delete ahead_of(file);
  return system_methods.xClose(file);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const auto* system = sqlite3_vfs_find("unix");
  const int outcome = system->xOpen(vfs, name, file, flags, out_flags);
  if (outcome != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0) return outcome;
  static std::once_flag known;
  std::call_once(known, [&] {
    our_methods = system_methods = *file->pMethods;
    our_methods.xRead = read;
    our_methods.xLock = lock;
    our_methods.xShmLock = lock_log;
    our_methods.xClose = close;
  });
  // Files with locks of another kind are read as ever.
  if (file->pMethods->xLock != system_methods.xLock) return outcome;
  auto ahead = std::unique_ptr<Ahead>(new (std::nothrow) Ahead);
  if (!ahead) return outcome;
  ahead_of(file) = ahead.release();
  file->pMethods = &our_methods;
  return outcome;
}

}  // namespace

const char* readahead_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *sqlite3_vfs_find("unix");
    constexpr std::size_t alignment = alignof(Ahead*);
    system_bytes = (static_cast<std::size_t>(made.szOsFile) + alignment - 1) / alignment * alignment;
    made.szOsFile = static_cast<int>(system_bytes + sizeof(Ahead*));
    made.zName = "autoheal-reading-ahead";
    made.xOpen = open;
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  AUTOHEAL_CHECK(registered == SQLITE_OK);
  return vfs.zName;
}

}  // namespace autoheal::store
