// One file, link or folder by itself: what it is, whose, since when, and the digest of what a file holds; and how that
// compares with what a plan expects. target_facts.hpp also names a folder by all its content.
#pragma once

#include <sys/stat.h>

#include <string>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/plan/plan.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

using engine::BlobNaming;
using workflows::TargetFacts;

// The most that is held in memory: contents that are edited or named with a key. Anything else is read piece by piece.
inline constexpr std::size_t content_limit = 16U << 20U;

struct Look {
  BlobNaming naming = BlobNaming::plain;
  bool keep_content = false;
  std::size_t limit = content_limit;  // bytes, where the content is kept or the naming is keyed
  bool tree = false;                  // a folder is named by all its content
  bool aged = false;                  // a file whose ctime is younger than 20 ms is hashed again once it is older
  bool digest = true;                 // false: of a file only what it is, its content is not read
  bool digest_needed = true;          // false: left out if it cannot be read, or changes while it is
  bool digest_of_large = true;        // false: left out where the file is larger than `content_limit`
  bool rights = true;                 // with access lists, file capabilities and generation
};

struct Seen {
  TargetFacts facts;
  std::string content;  // of a file, where asked
};

// `name` in the open folder; `path` is what the facts are called. An absent target is a fact, no error. refused: one of
// Autoheal's own files; changed: it changes while it is read; invalid: larger than the limit. Never blocks on a FIFO.
// A folder is only itself, whatever `look.tree` says.
[[nodiscard]] Result<Seen> look_at_entry(int folder, const std::string& name, const std::string& path, const Look& look,
                                         const engine::BlobStore& blobs, const OwnFiles& own);

[[nodiscard]] TargetFacts facts_from(const struct stat& seen, const std::string& path);

// Everything up to `limit` bytes of an open file, from its start. invalid: more than that.
[[nodiscard]] Result<std::string> read_all(int descriptor, const std::string& name, std::size_t limit);

// A second descriptor of an O_PATH one, open for reading. Never blocks.
[[nodiscard]] UniqueFd reopen_for_reading(int path_descriptor);

// Tells an inode from a later one of its number; 0 where the file system does not say, or for a closed descriptor.
[[nodiscard]] std::uint64_t generation_of(int descriptor);

// Whether it is the inode that the plan saw, with any content and owner.
[[nodiscard]] bool is_same_inode(const TargetFacts& now, const TargetFacts& before);
[[nodiscard]] bool is_as_after(const TargetFacts& now, const workflows::TargetAfter& after);
// The very inode that the plan saw, unchanged but for ctime and its number of names; for folders the properties that do
// not change with their content.
[[nodiscard]] bool is_as_seen(const TargetFacts& now, const TargetFacts& before);
// Kind, mode, owner and content or link; whatever the inode.
[[nodiscard]] bool holds_the_same(const TargetFacts& one, const TargetFacts& other);
[[nodiscard]] workflows::TargetAfter as_after(const TargetFacts& facts);

}  // namespace autoheal::host
