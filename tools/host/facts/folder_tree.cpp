#include "tools/host/facts/folder_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "tools/host/facts/entry_facts.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetAfter;
using workflows::TargetKind;

constexpr unsigned deepest_in_tree = 64;
constexpr std::size_t most_tree_entries = 1'000'000;
constexpr std::size_t largest_file = 1U << 30U;  // the vault has a limit of its own

// The one spelling of an entry, so that a tree has one digest.
void write_entry_of(JsonWriter& text, const std::string& path, std::string_view kind, const TargetAfter& held) {
  text.begin_object().field("path", path).field("kind", kind).field("mode", held.mode);
  text.field("uid", held.uid).field("gid", held.gid);
  text.optional_field("digest", held.content).optional_field("target", held.link_target).end_object();
}

class TreeReader {
 public:
  TreeReader(engine::BlobStore* keep_in, const OwnFiles& own) : keep_in_(keep_in), own_(own) { text_.begin_array(); }

  Result<void> folder(int folder, const std::string& shown, const std::string& prefix, unsigned depth) {
    if (depth > deepest_in_tree) return failure(ErrorKind::invalid, shown + " lies too deep");
    const auto names = names_in(folder, shown);
    AUTOHEAL_TRY(names);
    for (const std::string& name : *names) {
      struct stat status{};
      if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return system_failure(shown + "/" + name, errno);
      if (name == staging_name || own_.contain(status)) continue;
      if (++entries_ > most_tree_entries)
        return failure(ErrorKind::invalid, shown + ": there are more than a million files");
      if (auto done = entry(folder, name, shown + "/" + name, prefix + name, depth); !done) return done;
    }
    return {};
  }
  std::string take() { return text_.end_array().take(); }

 private:
  Result<void> entry(int folder, const std::string& name, const std::string& shown, const std::string& path,
                     unsigned depth) {
    Look look;
    look.keep_content = keep_in_ != nullptr;
    look.limit = largest_file;
    look.aged = true;
    const auto seen = look_at_entry(folder, name, shown, look, none_, own_);
    AUTOHEAL_TRY(seen);
    const TargetFacts& facts = seen->facts;
    if (facts.kind == TargetKind::absent) return failure(ErrorKind::changed, shown + " vanished while it was read");
    if (facts.kind == TargetKind::other)
      return failure(ErrorKind::refused, shown + " is neither file, folder nor link");
    if (keep_in_ != nullptr && facts.kind == TargetKind::file) {
      if (auto kept = keep_in_->put(seen->content, BlobNaming::plain); !kept)
        return failure(kept.error().kind, shown + ": " + kept.error().message);
    }
    write_entry_of(text_, path, name_of(facts.kind), as_after(facts));
    if (facts.kind != TargetKind::folder) return {};
    const UniqueFd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return system_failure(shown, errno);
    return this->folder(below.get(), shown, path + "/", depth + 1);
  }

  // Trees are named plainly: what is kept is asked by name alone.
  struct NoBlobs final : engine::BlobStore {
    engine::BlobName name_of(std::string_view content, BlobNaming) const override { return sha256_name(content); }
    Result<engine::BlobName> put(std::string_view, BlobNaming) override { return failure(ErrorKind::failed, ""); }
    Result<std::string> get(const engine::BlobName&) const override { return failure(ErrorKind::not_found, ""); }
  };
  const NoBlobs none_;
  engine::BlobStore* keep_in_;
  const OwnFiles& own_;
  JsonWriter text_;
  std::size_t entries_ = 0;
};

}  // namespace

Result<std::string> read_tree(int folder, const std::string& path, engine::BlobStore* keep_in, const OwnFiles& own) {
  TreeReader reader(keep_in, own);
  AUTOHEAL_TRY(reader.folder(folder, path, "", 0));
  return reader.take();
}

Result<std::string> tree_owned_by(const std::string& text, std::uint32_t uid, std::uint32_t gid) {
  try {
    JsonWriter owned;
    owned.begin_array();
    for (const auto& entry : nlohmann::json::parse(text)) {
      const TargetAfter held{TargetKind::file,         entry.value("digest", ""), entry.at("mode"), uid, gid,
                             entry.value("target", "")};
      write_entry_of(owned, entry.at("path"), entry.at("kind").get<std::string>(), held);
    }
    return owned.end_array().take();
  } catch (const nlohmann::json::exception& exception) {
    return failure(ErrorKind::corrupt, std::string("the tree of a folder cannot be read: ") + exception.what());
  }
}

Result<std::set<engine::BlobName>> contents_of_tree(const std::string& text) {
  try {
    std::set<engine::BlobName> names;
    for (const auto& entry : nlohmann::json::parse(text)) {
      if (entry.contains("digest")) names.insert(entry.at("digest").get<std::string>());
    }
    return names;
  } catch (const nlohmann::json::exception& exception) {
    return failure(ErrorKind::corrupt, std::string("the tree of a folder cannot be read: ") + exception.what());
  }
}

engine::BlobName name_of_tree(const std::string& text) { return sha256_name(text); }

}  // namespace autoheal::host
