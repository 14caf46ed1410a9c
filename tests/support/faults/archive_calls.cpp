// Stands in for calls of libarchive: a test may have them run out of memory or fail in any other way.
#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>

#include <utility>

#include "tests/support/faults/disk_calls.hpp"

using autoheal::testing::look_fails;

namespace {

// `name` as libarchive has it.
template <class Function>
Function* of_libarchive(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// Calls of libarchive to itself are not intercepted.
thread_local bool within = false;

template <class Answer, class... Arguments>
Answer made(const char* name, Arguments... arguments) {
  const bool outermost = !std::exchange(within, true);
  const Answer answer = of_libarchive<Answer(Arguments...)>(name)(arguments...);
  within = !outermost;
  return answer;
}

template <class Answer, class... Arguments>
Answer asked(const char* name, Answer refusal, Arguments... arguments) {
  if (!within && look_fails({name, -1})) return refusal;
  return made<Answer>(name, arguments...);
}

}  // namespace

extern "C" {
struct archive* archive_read_new() { return asked<struct archive*>(__func__, nullptr); }
struct archive* archive_write_new() { return asked<struct archive*>(__func__, nullptr); }
int archive_read_support_filter_gzip(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_read_support_format_raw(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_read_support_format_tar(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_write_add_filter_gzip(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_write_set_format_raw(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_write_set_format_ustar(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_write_set_format_pax_restricted(struct archive* one) { return asked(__func__, ARCHIVE_FATAL, one); }
int archive_write_set_options(struct archive* one, const char* options) {
  return asked(__func__, ARCHIVE_FATAL, one, options);
}
int archive_write_set_bytes_in_last_block(struct archive* one, int bytes) {
  return asked(__func__, ARCHIVE_FATAL, one, bytes);
}
int archive_write_open(struct archive* one, void* data, archive_open_callback* opened, archive_write_callback* written,
                       archive_close_callback* closed) {
  return asked(__func__, ARCHIVE_FATAL, one, data, opened, written, closed);
}
int archive_write_open_fd(struct archive* one, int file) { return asked(__func__, ARCHIVE_FATAL, one, file); }
int archive_write_header(struct archive* one, struct archive_entry* entry) {
  return asked(__func__, ARCHIVE_FATAL, one, entry);
}
la_ssize_t archive_write_data(struct archive* one, const void* bytes, std::size_t size) {
  return asked<la_ssize_t>(__func__, ARCHIVE_FATAL, one, bytes, size);
}
// Also where it fails it gives its memory back.
int archive_write_close(struct archive* one) {
  const bool fails = !within && look_fails({__func__, -1});
  const int outcome = made<int>(__func__, one);
  return fails ? ARCHIVE_FATAL : outcome;
}
struct archive_entry* archive_entry_new() { return asked<struct archive_entry*>(__func__, nullptr); }
int archive_read_open_memory(struct archive* one, const void* bytes, std::size_t size) {
  return asked(__func__, ARCHIVE_FATAL, one, bytes, size);
}
int archive_read_next_header(struct archive* one, struct archive_entry** entry) {
  return asked(__func__, ARCHIVE_FATAL, one, entry);
}
int archive_read_data_block(struct archive* one, const void** block, std::size_t* size, la_int64_t* offset) {
  return asked(__func__, ARCHIVE_FATAL, one, block, size, offset);
}
la_ssize_t archive_read_data(struct archive* one, void* into, std::size_t size) {
  return asked<la_ssize_t>(__func__, ARCHIVE_FATAL, one, into, size);
}
// Nothing where a name cannot be told in the locale, or there is no memory for it.
const char* archive_entry_pathname(struct archive_entry* entry) { return asked<const char*>(__func__, nullptr, entry); }
}
