#include "tools/host/watch/watch_tree.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "autoheal/workflows/text/glob.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

namespace {

auto place_of_child(auto& below, std::string_view name) {
  return std::ranges::lower_bound(below, name, {}, [](const auto& one) { return std::string_view(one->name); });
}

WatchedFolder& folder_at(WatchedFolder& root, std::string_view path) {
  WatchedFolder* folder = &root;
  while (!path.empty() && path != ".") {
    const auto slash = path.find('/');
    folder = &folder->make_child(path.substr(0, slash));
    folder->declared = true;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return *folder;
}

}  // namespace

WatchedFolder* WatchedFolder::child(std::string_view child_name) const {
  const auto at = place_of_child(below, child_name);
  return at != below.end() && (*at)->name == child_name ? at->get() : nullptr;
}

WatchedFolder& WatchedFolder::make_child(std::string_view child_name) {
  const auto at = place_of_child(below, child_name);
  if (at != below.end() && (*at)->name == child_name) return **at;
  auto made = std::make_unique<WatchedFolder>();
  made->above = this;
  made->name = child_name;
  return **below.insert(at, std::move(made));
}

void WatchedFolder::remove_child(std::string_view child_name) {
  const auto at = place_of_child(below, child_name);
  if (at != below.end() && (*at)->name == child_name) below.erase(at);
}

WatchTree::WatchTree(const std::vector<WatchedEngine>& engines) {
  std::unordered_map<std::string_view, WatchedFolder*> known;
  const auto root_at = [&](const std::string& path) -> WatchedFolder& {
    const auto [at, is_new] = known.try_emplace(path, nullptr);
    if (!is_new) return *at->second;
    at->second = roots_.emplace_back(std::make_unique<WatchedFolder>()).get();
    at->second->name = path;
    at->second->declared = true;
    return *at->second;
  };
  for (const WatchedEngine& engine : engines) {
    const auto index = static_cast<std::uint32_t>(engines_.size());
    engines_.push_back(engine.name);
    WatchedFolder& root = root_at(engine.root);
    for (const std::string& path : engine.paths) declare(root, path, {.engine = index});
    for (const std::string& path : engine.presence) declare(root, path, {.engine = index, .presence = true});
    for (const std::string& pattern : engine.patterns) declare_pattern(root, pattern, {.engine = index});
  }
  for (const auto& root : roots_) sort_names(*root);
  text_.shrink_to_fit();
}

bool WatchTree::has_engine(std::string_view name) const { return std::ranges::find(engines_, name) != engines_.end(); }

void WatchTree::declare(WatchedFolder& root, std::string_view path, const WatchMark& mark) {
  if (path == ".") {
    root.content = united(root.content, set_of({mark}));
    return;
  }
  if (const auto good = check_path(path); !good) {
    problems_.push_back(fmt::format("{}: {}; it is not watched", engines_[mark.engine], good.error().message));
    return;
  }
  const auto slash = path.rfind('/');
  const bool direct = slash == std::string_view::npos;
  WatchedFolder& folder = folder_at(root, direct ? "." : path.substr(0, slash));
  const std::string_view name = direct ? path : path.substr(slash + 1);
  folder.names.push_back(
      {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()), set_of({mark})});
  text_ += name;
}

void WatchTree::declare_pattern(WatchedFolder& root, const std::string& pattern, WatchMark mark) {
  if (!workflows::is_glob(pattern)) return declare(root, pattern, mark);
  const std::string fixed = workflows::fixed_part(pattern);
  const auto good = fixed == "." ? Result<void>() : check_path(fixed);
  if (!good) {
    problems_.push_back(fmt::format("{}: {}; it is not watched", engines_[mark.engine], good.error().message));
    return;
  }
  const std::string_view rest = std::string_view(pattern).substr(fixed == "." ? 0 : fixed.size() + 1);
  mark.deep = rest.find('/') != std::string_view::npos || rest.find("**") != std::string_view::npos;
  mark.pattern = static_cast<std::uint32_t>(patterns_.size());
  patterns_.push_back(pattern);
  WatchedFolder& folder = folder_at(root, fixed);
  folder.content = united(folder.content, set_of({mark}));
}

void WatchTree::sort_names(WatchedFolder& folder) {
  const auto text = [this](const WatchedName& name) { return text_of(name); };
  std::ranges::sort(folder.names, {}, text);
  std::size_t kept = 0;
  for (const WatchedName& name : folder.names) {
    if (kept > 0 && text(folder.names[kept - 1]) == text(name)) {
      folder.names[kept - 1].marks = united(folder.names[kept - 1].marks, name.marks);
    } else {
      folder.names[kept++] = name;
    }
  }
  folder.names.resize(kept);
  folder.names.shrink_to_fit();
  folder.below.shrink_to_fit();
  for (const auto& below : folder.below) sort_names(*below);
}

MarkSet WatchTree::set_of(std::vector<WatchMark> marks) {
  std::ranges::sort(marks);
  marks.erase(std::ranges::unique(marks).begin(), marks.end());
  const auto [known, is_new] = set_numbers_.emplace(std::move(marks), static_cast<MarkSet>(sets_.size()));
  if (is_new) sets_.push_back(known->first);
  return known->second;
}

MarkSet WatchTree::united(MarkSet one, MarkSet other) {
  if (one == other || other == 0) return one;
  if (one == 0) return other;
  std::vector<WatchMark> marks = sets_[one];
  marks.insert(marks.end(), sets_[other].begin(), sets_[other].end());
  return set_of(std::move(marks));
}

MarkSet WatchTree::marks_of_name(const WatchedFolder& folder, std::string_view name) const {
  const auto text = [this](const WatchedName& one) { return text_of(one); };
  const auto at = std::ranges::lower_bound(folder.names, name, {}, text);
  return at != folder.names.end() && text(*at) == name ? at->marks : 0;
}

MarkSet WatchTree::content_of_child(const WatchedFolder& folder, std::string_view name) {
  MarkSet content = marks_of_name(folder, name);
  // Our own folder may lie in any folder that is the root of another engine.
  if (folder.inside != 0 && name != staging_name) {
    std::vector<WatchMark> deep;
    std::ranges::copy_if(sets_[folder.inside], std::back_inserter(deep), &WatchMark::deep);
    content = united(content, set_of(std::move(deep)));
  }
  if (const WatchedFolder* child = folder.child(name); child != nullptr) content = united(content, child->content);
  return content;
}

bool WatchTree::wants_writes(const WatchedFolder& folder) const {
  const auto wants = [this](MarkSet set) {
    return std::ranges::any_of(sets_[set], [](const WatchMark& mark) { return !mark.presence; });
  };
  return wants(folder.inside) ||
         std::ranges::any_of(folder.names, [&](const WatchedName& name) { return wants(name.marks); });
}

void WatchTree::add_engines_below(const WatchedFolder& folder, std::set<std::uint32_t>& engines) const {
  const auto add = [&](MarkSet set) {
    for (const WatchMark& mark : sets_[set]) engines.insert(mark.engine);
  };
  add(folder.content);
  for (const WatchedName& name : folder.names) add(name.marks);
  for (const auto& below : folder.below) add_engines_below(*below, engines);
}

std::string path_below_root(const WatchedFolder& folder) {
  if (folder.above == nullptr) return ".";
  std::string above = path_below_root(*folder.above);
  return above == "." ? folder.name : above + "/" + folder.name;
}

std::string absolute_path(const WatchedFolder& folder, const std::string& name) {
  std::string path = root_of(folder).name;
  if (folder.above != nullptr) path += "/" + path_below_root(folder);
  return name.empty() ? path : path + "/" + name;
}

const WatchedFolder& root_of(const WatchedFolder& folder) {
  const WatchedFolder* at = &folder;
  while (at->above != nullptr) at = at->above;
  return *at;
}

}  // namespace autoheal::host
