#include "tests/support/files/recorded_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <utility>

namespace autoheal::testing {

namespace {

constexpr std::int64_t piece_bytes = 512;

RecordedDisk* recorder = nullptr;
// SQLite's own methods, and the same with ours before them; the log has others than the database.
struct Methods {
  const sqlite3_io_methods* original = nullptr;
  sqlite3_io_methods ours;
};
Methods of_log, of_database;

struct OpenFile {
  std::string name;
  const sqlite3_io_methods* original;
};
std::map<sqlite3_file*, OpenFile> open_files;

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  std::string written(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  if (!recorder->take({DiskOperation::Kind::write, open_files[file].name, offset, std::move(written)}))
    return SQLITE_IOERR_WRITE;
  return open_files[file].original->xWrite(file, bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (!recorder->take({DiskOperation::Kind::truncate, open_files[file].name, size, {}})) return SQLITE_IOERR_TRUNCATE;
  return open_files[file].original->xTruncate(file, size);
}

int sync(sqlite3_file* file, int) {
  const std::string& name = open_files[file].name;
  if (recorder->forgets_log_syncs && name.ends_with("-wal")) return SQLITE_OK;
  return recorder->take({DiskOperation::Kind::sync, name, 0, {}}) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  return recorder->has_power() ? open_files[file].original->xRead(file, bytes, size, offset) : SQLITE_IOERR_READ;
}

int close(sqlite3_file* file) {
  const sqlite3_io_methods* original = open_files[file].original;
  open_files.erase(file);
  return original->xClose(file);
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  if (!recorder->has_power()) return SQLITE_CANTOPEN;
  const int outcome = sqlite3_vfs_find("unix")->xOpen(vfs, name, file, flags, out_flags);
  if (outcome != SQLITE_OK || (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0) return outcome;
  Methods& methods = (flags & SQLITE_OPEN_WAL) != 0 ? of_log : of_database;
  if (methods.original == nullptr) {
    methods = {file->pMethods, *file->pMethods};
    methods.ours.xRead = read;
    methods.ours.xWrite = write;
    methods.ours.xTruncate = truncate;
    methods.ours.xSync = sync;
    methods.ours.xClose = close;
  }
  open_files[file] = {std::filesystem::path(name).filename(), methods.original};
  file->pMethods = &methods.ours;
  return SQLITE_OK;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(std::string& content, std::int64_t offset, std::string_view bytes) {
  const auto at = static_cast<std::size_t>(offset);
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size());
  content.replace(at, bytes.size(), bytes);
}

// The part of one unsynced operation that reached the disk.
class Survivor {
 public:
  Survivor(std::string& content, CutFate fate, std::mt19937_64& random)
      : content_(content), fate_(fate), random_(random) {}

  void take(const DiskOperation& operation) {
    const CutFate fate = fate_ == CutFate::mixed ? static_cast<CutFate>(random_() % 4) : fate_;
    if (fate == CutFate::dropped) return;
    if (operation.kind == DiskOperation::Kind::truncate) {
      if (fate == CutFate::kept || coin()) content_.resize(static_cast<std::size_t>(operation.offset));
      return;
    }
    if (fate == CutFate::kept) return put(content_, operation.offset, operation.bytes);
    take_pieces(operation, fate);
  }

 private:
  bool coin() { return random_() % 2 == 0; }

  void take_pieces(const DiskOperation& operation, CutFate fate) {
    const auto end = operation.offset + static_cast<std::int64_t>(operation.bytes.size());
    for (std::int64_t at = operation.offset; at < end;) {
      const std::int64_t next = std::min(end, (at / piece_bytes + 1) * piece_bytes);
      std::string piece =
          operation.bytes.substr(static_cast<std::size_t>(at - operation.offset), static_cast<std::size_t>(next - at));
      if (fate == CutFate::garbage && coin()) {
        for (char& byte : piece) byte = static_cast<char>(random_());
        put(content_, at, piece);
      } else if (coin()) {
        put(content_, at, piece);
      }
      at = next;
    }
  }

  std::string& content_;
  const CutFate fate_;
  std::mt19937_64& random_;
};

}  // namespace

RecordedDisk::RecordedDisk() {
  static sqlite3_vfs registered = [] {
    sqlite3_vfs copy = *sqlite3_vfs_find("unix");
    copy.zName = RecordedDisk::vfs;
    copy.xOpen = open;
    return copy;
  }();
  sqlite3_vfs_register(&registered, 0);
  if (recorder != nullptr) std::abort();
  recorder = this;
}

RecordedDisk::~RecordedDisk() { recorder = nullptr; }

void RecordedDisk::begin(const std::filesystem::path& folder) {
  operations_.clear();
  at_begin_.clear();
  allowed_ = static_cast<std::size_t>(-1);
  std::error_code missing;
  for (const auto& one : std::filesystem::directory_iterator(folder, missing)) {
    const std::string name = one.path().filename();
    if (name.ends_with(".db") || name.ends_with("-wal")) at_begin_[name] = content_of(one.path());
  }
}

void RecordedDisk::cut_after(std::size_t operations) { allowed_ = operations; }

bool RecordedDisk::take(DiskOperation operation) {
  if (!has_power()) return false;
  if (!paused_) operations_.push_back(std::move(operation));
  return true;
}

PowerCuts::PowerCuts(const RecordedDisk& disk) : disk_(disk) {
  for (const auto& [name, content] : disk.files_at_begin()) files_[name].durable = content;
}

void PowerCuts::go_to(std::size_t operations) {
  for (; done_ < operations; ++done_) {
    const DiskOperation& operation = disk_.operations()[done_];
    File& file = files_[operation.file];
    if (operation.kind != DiskOperation::Kind::sync) {
      file.pending.push_back(&operation);
      continue;
    }
    for (const DiskOperation* pending : file.pending) {
      if (pending->kind == DiskOperation::Kind::write)
        put(file.durable, pending->offset, pending->bytes);
      else
        file.durable.resize(static_cast<std::size_t>(pending->offset));
    }
    file.pending.clear();
  }
}

void PowerCuts::leave(const std::filesystem::path& folder, CutFate fate, std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  std::filesystem::create_directories(folder);
  for (const auto& [name, file] : files_) {
    std::string content = file.durable;
    Survivor survivor(content, fate, random);
    for (const DiskOperation* pending : file.pending) survivor.take(*pending);
    std::ofstream(folder / name, std::ios::binary) << content;
  }
}

}  // namespace autoheal::testing
