#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>

#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/file/posix_file.hpp"
#include "autoheal/store/format/flat_json.hpp"

namespace autoheal::store {

namespace {

// A piece of entries, or a blob; what somebody made to fill the memory is refused.
constexpr std::size_t largest_member_bytes = std::size_t{1} << 30U;
constexpr std::size_t bytes_per_read = 256 * 1024;
constexpr ArchivedSpan everything{0, std::numeric_limits<std::uint64_t>::max()};

class ArchiveReading {
 public:
  ArchiveReading(const std::filesystem::path& path, const LedgerReader& ledger, const ArchiveVisit& visit,
                 ArchivedSpan wanted = everything)
      : name_(path.string()),
        ledger_(ledger),
        visit_(visit),
        wanted_(wanted),
        archive_(archive_read_new(), &archive_read_free) {}

  // From the file of that name; with `descriptor`, from that.
  Result<ArchivedPart> read(bool only_facts, int descriptor = -1) {
    if (!archive_) return failure(ErrorKind::unavailable, "there is no memory to read the archive " + name_);
    std::error_code ignored;
    if (descriptor < 0 && std::filesystem::exists(name_, ignored) && !std::filesystem::is_regular_file(name_, ignored))
      return failure(ErrorKind::invalid, fmt::format("the archive {} is no regular file", name_));
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_format_tar(archive_.get());
    const int opened = descriptor < 0 ? archive_read_open_filename(archive_.get(), name_.c_str(), bytes_per_read)
                                      : archive_read_open_fd(archive_.get(), descriptor, bytes_per_read);
    if (opened != ARCHIVE_OK)
      return failure(ErrorKind::invalid, fmt::format("the archive {} cannot be opened: {}", name_, words()));
    while (next_ <= wanted_.last) {
      struct archive_entry* header = nullptr;
      const int outcome = archive_read_next_header(archive_.get(), &header);
      if (outcome == ARCHIVE_EOF) break;
      if (outcome != ARCHIVE_OK) return std::unexpected(spoiled(words()));
      AUTOHEAL_TRY(take(archive_entry_pathname(header)));
      if (only_facts) return part_;
    }
    if (next_ > wanted_.last) return part_;
    if (part_.ledger.empty()) return std::unexpected(no_archive());
    if (next_ != part_.last + 1) return std::unexpected(spoiled(fmt::format("entry {} is missing in it", next_)));
    return part_;
  }

 private:
  [[nodiscard]] std::string words() const {
    const char* said = archive_error_string(archive_.get());
    return said != nullptr ? said : "it cannot be read";
  }
  [[nodiscard]] Error spoiled(const std::string& why) const {
    return {ErrorKind::corrupt, fmt::format("the archive {} is not what was written: {}", name_, why),
            "take another copy of it"};
  }
  [[nodiscard]] Error no_archive() const {
    return {ErrorKind::invalid, name_ + " is no archive of a ledger", "`autoheal ledger archive` makes them"};
  }

  Result<void> take(const char* path) {
    // Passed over, it might have been a content that an entry names.
    if (path == nullptr) return std::unexpected(spoiled("it holds a file whose name cannot be read"));
    const std::string_view name = path;
    const auto content = whole_member();
    AUTOHEAL_TRY(content);
    if (part_.ledger.empty()) return name == "archive.json" ? take_facts(*content) : std::unexpected(no_archive());
    if (name.starts_with("entries/")) return take_entries(*content);
    if (name.starts_with("blobs/")) return take_blob(name.substr(6), *content);
    return {};
  }

  Result<std::string> whole_member() {
    std::string content;
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    while (true) {
      const int outcome = archive_read_data_block(archive_.get(), &block, &size, &offset);
      if (outcome == ARCHIVE_EOF) return content;
      if (outcome != ARCHIVE_OK) return std::unexpected(spoiled(words()));
      if (static_cast<std::size_t>(offset) != content.size() || content.size() + size > largest_member_bytes)
        return std::unexpected(spoiled("it holds a file with gaps, or larger than 1 GiB"));
      content.append(static_cast<const char*>(block), size);
    }
  }

  Result<void> take_facts(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto facts = parse_flat_json(text, 0);
    const auto value = [&]<class T>(std::string_view key, T& into) {
      const auto found = facts ? facts->find(key) : decltype(facts->end())();
      const T* there = facts && found != facts->end() ? std::get_if<T>(&found->second) : nullptr;
      if (there != nullptr) into = *there;
      return there != nullptr;
    };
    ArchivedPart part;
    std::string written_root;
    if (!value("ledger", part.ledger) || !value("first", part.first) || !value("last", part.last) ||
        !value("root", written_root) || part.first == 0 || part.last < part.first)
      return std::unexpected(no_archive());
    if (part.ledger != ledger_.id())
      return failure(ErrorKind::invalid, fmt::format("the archive {} is of another ledger ({})", name_, part.ledger));
    part_ = part;
    const auto head = ledger_.tree_head();
    AUTOHEAL_TRY(head);
    if (head->size < part_.last)
      return failure(ErrorKind::invalid, fmt::format("the archive {} holds entries that the ledger never had", name_));
    const auto root = root_of(*ledger_.hashes(), part_.last);
    AUTOHEAL_TRY(root);
    if (to_hex(*root) != written_root) return std::unexpected(spoiled("it names another root than the ledger has"));
    part_.root = *root;
    next_ = part_.first;
    return {};
  }

  Result<void> take_entries(std::string_view lines) {
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(std::min(end + 1, lines.size()));
      if (next_ > part_.last) return std::unexpected(spoiled("it holds more than it says"));
      if (next_ > wanted_.last) return {};
      if (next_ < wanted_.first) {
        ++next_;
        continue;
      }
      const auto hash = ledger_.hashes()->subtree(0, next_ - 1);
      AUTOHEAL_TRY(hash);
      if (leaf_hash(line) != *hash)
        return std::unexpected(spoiled(fmt::format("entry {} does not match its hash in the ledger", next_)));
      if (visit_.entry) {
        if (auto done = visit_.entry(next_, line); !done) return done;
      }
      ++next_;
    }
    return {};
  }

  Result<void> take_blob(std::string_view file, std::string_view content) {
    std::string name(file);
    if (const std::size_t dash = name.find('-'); dash != std::string::npos) name[dash] = ':';
    if (sha256_name(content) != name)
      return std::unexpected(spoiled(fmt::format("the blob {} is not what its name says", name)));
    return visit_.blob ? visit_.blob(name, content) : Result<void>();
  }

  std::string name_;
  const LedgerReader& ledger_;
  const ArchiveVisit& visit_;
  ArchivedSpan wanted_;
  std::unique_ptr<struct archive, int (*)(struct archive*)> archive_;
  ArchivedPart part_;
  std::uint64_t next_ = 0;
};

}  // namespace

Result<ArchivedPart> read_archive(const std::filesystem::path& path, const LedgerReader& ledger,
                                  const ArchiveVisit& visit) {
  if (ledger.hashes() == nullptr)
    return failure(ErrorKind::not_found,
                   fmt::format("there is no ledger that the archive {} could belong to", path.string()));
  return ArchiveReading(path, ledger, visit).read(false);
}

Result<void> read_archived_entries(const std::filesystem::path& path, const LedgerReader& ledger, ArchivedSpan wanted,
                                   const std::function<Result<void>(std::uint64_t seq, std::string_view line)>& entry) {
  const ArchiveVisit visit{entry, {}};
  // A pipe in its place would hold the thread that opens it.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return failure(ErrorKind::not_found, fmt::format("there is no {}", path.string()));
  struct stat seen{};
  if (!file || ::fstat(file.get(), &seen) != 0) return std::unexpected(system_error("opening " + path.string()));
  if (!S_ISREG(seen.st_mode)) return failure(ErrorKind::invalid, path.string() + " is no file");
  AUTOHEAL_TRY(ArchiveReading(path, ledger, visit, wanted).read(false, file.get()));
  return {};
}

Result<ArchivedPart> peek_archive(const std::filesystem::path& path, const LedgerReader& ledger) {
  const ArchiveVisit nothing;
  if (ledger.hashes() == nullptr) return read_archive(path, ledger, nothing);
  return ArchiveReading(path, ledger, nothing).read(true);
}

}  // namespace autoheal::store
