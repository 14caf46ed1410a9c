// The folders that lead to what is watched, and the names that count in each. Ten thousand files are ten thousand rows
// of twelve bytes and their names, so that an idle daemon stays small. No system call here: FileWatch fills in watches.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/host/watch/watched_engine.hpp"

namespace autoheal::host {

// Why a name or a folder counts.
struct WatchMark {
  static constexpr std::uint32_t no_pattern = ~0U;
  std::uint32_t engine = 0;
  std::uint32_t pattern = no_pattern;
  bool presence = false;  // writes do not count
  bool deep = true;       // goes on in the folders below
  friend auto operator<=>(const WatchMark&, const WatchMark&) = default;
};
using MarkSet = std::uint32_t;  // names a set of marks; 0: none

struct WatchedName {
  std::uint32_t at = 0, size = 0;  // in the tree's text
  MarkSet marks = 0;
};

// A folder that is watched or would be if it were there.
struct WatchedFolder {
  WatchedFolder* above = nullptr;                     // null: a root
  std::string name;                                   // of a root its absolute path
  bool declared = false;                              // leads to something declared; stays while it is missing
  int watch = -1;                                     // watch descriptor, -1: not watched now
  MarkSet content = 0;                                // declared for what lies in it
  MarkSet inside = 0;                                 // in force for what lies in it
  WatchedFolder* top = nullptr;                       // of a folder that was found: where the finding began
  std::uint32_t found = 0;                            // of a top: folders found below it
  std::vector<WatchedName> names;                     // in order of name
  std::vector<std::unique_ptr<WatchedFolder>> below;  // in order of name

  [[nodiscard]] WatchedFolder* child(std::string_view child_name) const;
  WatchedFolder& make_child(std::string_view child_name);
  void remove_child(std::string_view child_name);
};

class WatchTree {
 public:
  WatchTree() = default;
  // A path that is not below its root is left out and named in `problems`.
  explicit WatchTree(const std::vector<WatchedEngine>& engines);

  [[nodiscard]] const std::vector<std::unique_ptr<WatchedFolder>>& roots() const { return roots_; }
  [[nodiscard]] const std::string& engine(std::uint32_t index) const { return engines_[index]; }
  [[nodiscard]] bool has_engine(std::string_view name) const;
  [[nodiscard]] const std::string& pattern(std::uint32_t index) const { return patterns_[index]; }
  [[nodiscard]] const std::vector<WatchMark>& marks(MarkSet set) const { return sets_[set]; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  [[nodiscard]] MarkSet marks_of_name(const WatchedFolder& folder, std::string_view name) const;
  [[nodiscard]] std::string_view text_of(const WatchedName& name) const {
    return std::string_view(text_).substr(name.at, name.size);
  }
  // The marks for files in the folder `name` of `folder`.
  [[nodiscard]] MarkSet content_of_child(const WatchedFolder& folder, std::string_view name);
  // True if a write in the folder could count.
  [[nodiscard]] bool wants_writes(const WatchedFolder& folder) const;
  // Adds the engines that declared a path in the folder or below it.
  void add_engines_below(const WatchedFolder& folder, std::set<std::uint32_t>& engines) const;

 private:
  void declare(WatchedFolder& root, std::string_view path, const WatchMark& mark);
  void declare_pattern(WatchedFolder& root, const std::string& pattern, WatchMark mark);
  void sort_names(WatchedFolder& folder);
  MarkSet set_of(std::vector<WatchMark> marks);
  MarkSet united(MarkSet one, MarkSet other);

  std::vector<std::string> engines_, patterns_, problems_;
  std::string text_;
  std::vector<std::vector<WatchMark>> sets_ = {{}};
  std::map<std::vector<WatchMark>, MarkSet> set_numbers_ = {{{}, 0}};
  std::vector<std::unique_ptr<WatchedFolder>> roots_;
};

// Relative to its root; "." is the root.
[[nodiscard]] std::string path_below_root(const WatchedFolder& folder);
// "<root>/<path>" of `name` in the folder; of the folder itself where `name` is empty.
[[nodiscard]] std::string absolute_path(const WatchedFolder& folder, const std::string& name);
[[nodiscard]] const WatchedFolder& root_of(const WatchedFolder& folder);

}  // namespace autoheal::host
