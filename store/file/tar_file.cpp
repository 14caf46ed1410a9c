#include "autoheal/store/file/tar_file.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

namespace autoheal::store {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t gzip_head_bytes = 10, gzip_tail_bytes = 8;
// Deflate, no name, no time, made on Unix: what libarchive writes without a time stamp.
constexpr std::string_view gzip_head("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", gzip_head_bytes);

struct CloseReader {
  void operator()(archive* one) const { archive_read_free(one); }
};
struct CloseWriter {
  void operator()(archive* one) const { archive_write_free(one); }
};
struct CloseEntry {
  void operator()(archive_entry* one) const { archive_entry_free(one); }
};
using TarReader = std::unique_ptr<archive, CloseReader>;
using Writer = std::unique_ptr<archive, CloseWriter>;

std::unexpected<Error> refused(std::string why) { return failure(ErrorKind::invalid, "the archive " + std::move(why)); }

// Nothing if there was no memory for it, which then is all there is to say.
std::string words_of(archive* one) {
  if (one == nullptr) return "there is no memory";
  const char* words = archive_error_string(one);
  return words != nullptr ? words : "no reason given";
}

std::unexpected<Error> unwritten(archive* one) {
  return failure(ErrorKind::failed, "the archive cannot be written: " + words_of(one));
}

la_ssize_t append(archive*, void* into, const void* bytes, std::size_t size) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

bool open_into(archive* writer, std::string& out) {
  return archive_write_set_bytes_in_last_block(writer, 1) == ARCHIVE_OK &&
         archive_write_open(writer, &out, nullptr, append, nullptr) == ARCHIVE_OK;
}

bool put(archive* writer, const NamedContent& file, std::int64_t time_s) {
  const std::unique_ptr<archive_entry, CloseEntry> entry(archive_entry_new());
  if (!entry) return false;
  archive_entry_set_pathname(entry.get(), file.name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), time_s, 0);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
  return archive_write_header(writer, entry.get()) == ARCHIVE_OK &&
         archive_write_data(writer, file.content.data(), file.content.size()) ==
             static_cast<la_ssize_t>(file.content.size());
}

// Relative, without empty parts, "." or "..", in the few characters that our names are made of.
bool is_plain_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
  if (name.empty() || name.size() > 100 || name.find_first_not_of(allowed) != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

// Everything that one entry or stream holds, at most `max_bytes`; nothing if it is more.
Result<std::string> content_of(archive* reader, std::size_t max_bytes) {
  std::string content;
  std::array<char, piece_bytes> piece;
  while (true) {
    const la_ssize_t got = archive_read_data(reader, piece.data(), piece.size());
    if (got < 0) return refused("cannot be read: " + words_of(reader));
    if (got == 0) return content;
    if (content.size() + static_cast<std::size_t>(got) > max_bytes)
      return refused(fmt::format("holds more than {} MiB", max_bytes >> 20U));
    content.append(piece.data(), static_cast<std::size_t>(got));
  }
}

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? 0xEDB88320U : 0U);
    table[byte] = rest;
  }
  return table;
}();

// The end of a gzip member (RFC 1952): CRC-32 and size, little-endian. libarchive does not check it.
std::string gzip_tail(std::string_view content) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : content) crc = (crc >> 8U) ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  std::string tail;
  for (const std::uint32_t number : {~crc, static_cast<std::uint32_t>(content.size())}) {
    for (unsigned shift = 0; shift < 32; shift += 8) tail += static_cast<char>((number >> shift) & 0xFFU);
  }
  return tail;
}

}  // namespace

Result<std::string> write_tar(std::span<const NamedContent> files, std::int64_t time_s) {
  std::string out;
  const Writer writer(archive_write_new());
  if (!writer || archive_write_set_format_ustar(writer.get()) != ARCHIVE_OK || !open_into(writer.get(), out))
    return unwritten(writer.get());
  for (const NamedContent& file : files) {
    if (!is_plain_name(file.name) || !put(writer.get(), file, time_s)) return unwritten(writer.get());
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return unwritten(writer.get());
  return out;
}

Result<std::vector<NamedContent>> read_tar(std::string_view bytes, const TarLimits& limits) {
  if (bytes.size() > limits.max_bytes) return refused("is too large");
  const TarReader reader(archive_read_new());
  if (!reader || archive_read_support_format_tar(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return refused("is no tar archive: " + words_of(reader.get()));
  std::vector<NamedContent> files;
  std::set<std::string, std::less<>> names;
  std::size_t left = limits.max_bytes;
  while (true) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return files;
    if (status != ARCHIVE_OK) return refused("cannot be read: " + words_of(reader.get()));
    const char* written = archive_entry_pathname(entry);
    const std::string name = written != nullptr ? written : "";
    if (!is_plain_name(name)) return refused("holds a file under a name that no evidence has");
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      return refused(fmt::format("holds {}, which is no plain file", name));
    if (!names.insert(name).second) return refused(fmt::format("holds {} twice", name));
    if (files.size() == limits.max_files) return refused("holds too many files");
    auto content = content_of(reader.get(), left);
    AUTOHEAL_TRY(content);
    left -= content->size();
    files.push_back({name, std::move(*content)});
  }
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with(gzip_head.substr(0, 2)); }

Result<std::string> compressed(std::string_view bytes) {
  std::string out;
  const Writer writer(archive_write_new());
  const std::unique_ptr<archive_entry, CloseEntry> entry(archive_entry_new());
  if (!writer || !entry) return unwritten(writer.get());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_pathname(entry.get(), "raw");
  if (archive_write_set_format_raw(writer.get()) != ARCHIVE_OK ||
      archive_write_add_filter_gzip(writer.get()) != ARCHIVE_OK ||
      archive_write_set_options(writer.get(), "gzip:!timestamp") != ARCHIVE_OK || !open_into(writer.get(), out) ||
      archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK ||
      archive_write_data(writer.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()) ||
      archive_write_close(writer.get()) != ARCHIVE_OK)
    return unwritten(writer.get());
  return out;
}

Result<std::string> uncompressed(std::string_view gzip, std::size_t max_bytes) {
  if (gzip.size() < gzip_head_bytes + gzip_tail_bytes || !gzip.starts_with(gzip_head))
    return refused("is compressed in another way than autoheal does it: gunzip it first");
  const TarReader reader(archive_read_new());
  archive_entry* entry = nullptr;
  if (!reader || archive_read_support_format_raw(reader.get()) != ARCHIVE_OK ||
      archive_read_support_filter_gzip(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), gzip.data(), gzip.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
    return refused("cannot be uncompressed: " + words_of(reader.get()));
  auto content = content_of(reader.get(), max_bytes);
  if (content && !gzip.ends_with(gzip_tail(*content))) return refused("is damaged: its checksum does not hold");
  return content;
}

}  // namespace autoheal::store
