// Configurations that each set one key to another value than its default, made from the table of fields.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <expected>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/digest.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tests/unit/config/own_copy.hpp"
#include "tools/config/configuration.hpp"
#include "tools/config/fields.hpp"

namespace autoheal::testing {

using FileTree = nlohmann::ordered_json;  // a configuration before it is text

// Each group of keys once, with what it must have.
inline FileTree smallest_configuration() {
  return FileTree::parse(R"({
    "version": 1, "healing": {}, "secrets": {}, "vault": {}, "checkpoints": {}, "api": {},
    "principals": [{"name": "autoheal", "role": "admiral"}, {"name": "other", "role": "observer"}],
    "webhooks": [{"name": "posted", "url": "http://hooks.test/", "secret_file": "secret"},
                 {"name": "run", "command": ["/bin/true"]}],
    "engines": [
      {"name": "A", "healing": {},
       "self_test": [
         {"name": "file", "file": {"path": "a"}},
         {"name": "env", "env": {"file": "a.env", "require": ["A"]}},
         {"name": "settings", "settings": {"file": "a.json", "require": ["/a"]}},
         {"name": "tcp", "tcp": {"host": "localhost", "port": 1}},
         {"name": "http", "http": {"url": "http://localhost/"}},
         {"name": "command", "command": ["/bin/true"]},
         {"name": "plugin", "plugin": ["/bin/true"]},
         {"name": "process", "process": {"pidfile": "a.pid"}},
         {"name": "unit", "process": {"unit": "a.service"}},
         {"name": "link", "link": {"path": "l", "target": "t"}}],
       "repair": {
         "files": [{"path": "f", "baseline": "baseline"}],
         "env": [{"file": "e.env", "require": ["A"]}],
         "settings": [{"file": "s.json", "set": {"/a": 1}}],
         "links": [{"path": "k", "target": "t"}],
         "policy": [{"path": "p", "max_mode": "0750"}, {"path": "gone", "absent": true}],
         "service": {"restart": ["/bin/true"]},
         "commands": [{"run": ["/bin/true"]}]},
       "certify": {"tests": [{"name": "t", "command": ["/bin/true"]}], "security": {"paths": ["s"]}}},
      {"name": "B", "self_test": [{"name": "b", "command": ["/bin/true"]}],
       "repair": {
         "release": [{"link": "w/l", "releases": "w/r"}],
         "build": [{"run": ["/bin/true"], "outputs": ["w/out"]}],
         "platform": [{"http": {"url": "http://localhost/"}, "undo": {"url": "http://localhost/"}},
                      {"run": ["/bin/true"]}],
         "service": {"systemd": "b.service"}}},
      {"name": "C", "self_test": [{"name": "c", "command": ["/bin/true"]}],
       "repair": {"state": [{"path": "c/one", "snapshot": "one"}, {"path": "c/two", "snapshot": {"dir": "two"}}]}},
      {"name": "D", "self_test": [{"name": "d", "file": {"path": "d"}}],
       "repair": {"checks": [{"name": "e", "file": {"path": "e"}}]}},
      {"name": "E", "self_test": [{"name": "f", "file": {"path": "g"}}]}]})");
}

// Values that the type alone does not tell.
inline std::vector<FileTree> own_values(const std::string& place) {
  static const std::map<std::string, FileTree> known = {
      {"checkpoints.command", {"/bin/true", "{checkpoint}"}},
      {"api.listen", FileTree::array({"127.0.0.1:8080", "[::1]:8443"})},
      {"engines[0].self_test[0].file.acl", FileTree::array({"user:root:r"})},
      {"engines[0].self_test[2].settings.file", "other.yaml"},
      {"engines[0].self_test[2].settings.require", FileTree::array({"/other"})},
      {"engines[0].repair.files[0].acl", FileTree::array({"user:root:r"})},
      {"engines[0].repair.files[0].validate", {"/bin/true", "{file}"}},
      {"engines[0].repair.settings[0].file", "other.yaml"},
      {"engines[0].repair.policy[0].acl", FileTree::array({"user:root:r"})},
      {"engines[2].repair.services", FileTree::array({"A"})},
      {"engines[1].repair.build[0].outputs", FileTree::array({"w/other"})},
      {"engines[1].depends_on", FileTree::array({"A"})},
      {"engines[2].depends_on", FileTree::array({"A"})},
  };
  const auto found = known.find(place);
  return found == known.end() ? std::vector<FileTree>{} : std::vector<FileTree>{found->second};
}

inline FileTree other_scalar(const config::Field& field) {
  switch (field.type) {
    case config::FieldType::integer:
      return std::max<std::int64_t>(field.minimum, 7);
    case config::FieldType::duration:
      return 7;
    case config::FieldType::size:
      return "32MiB";
    case config::FieldType::mode:
      return "0710";
    case config::FieldType::owner:
      return "root:root";
    case config::FieldType::target:
    case config::FieldType::pattern:
      return "other/one";
    case config::FieldType::source:
      return "baseline";
    case config::FieldType::regex:
      return "^other$";
    case config::FieldType::url:
      return "https://other/";
    case config::FieldType::digest:
      return std::string(64, '7');
    case config::FieldType::argument:
      return "/bin/other";
    case config::FieldType::value:
      return 7.5;
    default:
      return "other";
  }
}

inline std::vector<FileTree> other_values(const config::Field& field, const std::string& place) {
  if (auto own = own_values(place); !own.empty()) {
    for (const std::string_view choice : field.choices) own.push_back(choice);
    return own;
  }
  if (field.type == config::FieldType::object) return {};
  if (field.type == config::FieldType::boolean) return {true, false};
  if (field.type == config::FieldType::map) {
    const config::Field& inner = field.shape->fields.front();
    const FileTree value = inner.list ? FileTree::array({"x", "y"}) : other_scalar(inner);
    return {FileTree{{inner.type == config::FieldType::value ? "/OTHER" : "OTHER", value}}};
  }
  if (!field.choices.empty()) return std::vector<FileTree>(field.choices.begin(), field.choices.end());
  if (field.list) return {FileTree::array({other_scalar(field), other_scalar(field)})};
  return {other_scalar(field)};
}

// A value that is another than the default only with something else beside it, or that no other place has.
struct TellingValue {
  std::string place;
  FileTree value;
  FileTree beside = FileTree::object();  // pointers and values; null takes a key away
};
inline std::vector<TellingValue> telling_values() {
  const auto witness = [](const FileTree& more) {
    FileTree one = {{"url", "https://witness.test/"},
                    {"key", "witness.example/w1+586d0b9a+BBQzA22TUGQjImRLTPJOCPRp+BAYPvXYTpf05YEMg813"}};
    one.update(more);
    return FileTree::array({one});
  };
  const std::string check = "engines[3].repair.checks[0].";
  const auto check_by = [](const char* kind) {
    return FileTree{{"/engines/3/repair/checks/0/file", nullptr},
                    {std::string("/engines/3/repair/checks/0/") + kind, FileTree::array({"/bin/true"})}};
  };
  return {{"include", FileTree::array({"included.yaml"})},
          {"healing.actor", "other", {{"/principals/1/role", "admiral"}}},
          {"principals[1].name", "third"},
          {"witnesses", witness(FileTree::object())},  // new as a whole: older configurations keep their digests
          {"witnesses", witness({{"allow", {"other"}}})},
          {"witnesses", witness({{"ca_file", "baseline"}})},
          {"witnesses", witness({{"every", 7}})},
          {"principals[1].certificate", "CN=other"},
          {"principals[1].os_user", "third"},
          {"checkpoints.timeout", 7, {{"/checkpoints/command", {"/bin/true", "{checkpoint}"}}}},
          {"engines[0].repair.files[0].baseline", "other_baseline"},
          {"engines[0].repair.policy[0].absent", true, {{"/engines/0/repair/policy/0/max_mode", nullptr}}},
          {check + "cwd", "other", check_by("command")},
          {check + "environment", {{"OTHER", "value"}}, check_by("command")},
          {check + "reproducible", true, check_by("command")},
          {check + "user", "other", check_by("command")},
          {check + "warning", "fail", check_by("plugin")}};
}

using SetKey = std::function<void(const std::string& place, const config::Field& field, const FileTree::json_pointer&)>;

// Calls `see` for each key of each group that `tree` has, wherever it may be set.
inline void each_key(const FileTree& tree, const config::Shape& shape, const std::string& place,
                     const FileTree::json_pointer& at, const SetKey& see) {
  for (const config::Field& field : shape.fields) {
    const std::string name(field.name);
    const std::string here = place.empty() ? name : place + "." + name;
    const FileTree& group = tree.at(at);
    const bool is_kind = std::ranges::find(shape.exactly_one_of, field.name) != shape.exactly_one_of.end();
    if (name == "version" || (is_kind && !group.contains(name))) continue;
    const config::Shape* inner = field.shape;
    if (inner == nullptr && field.or_else != nullptr) inner = field.or_else->shape;
    const bool holds_groups = inner != nullptr && field.type != config::FieldType::map && group.contains(name);
    if (holds_groups && group.at(name).is_object()) {
      each_key(tree, *inner, here, at / name, see);
    } else if (holds_groups && group.at(name).is_array() && group.at(name).front().is_object()) {
      for (std::size_t index = 0; index < group.at(name).size(); ++index)
        each_key(tree, *inner, here + "[" + std::to_string(index) + "]", at / name / index, see);
    } else {
      see(here, field, at / name);
    }
  }
}

inline std::expected<config::Configuration, std::vector<config::Problem>> loaded_from(const std::string& text) {
  const auto file = own_examples() / "good/every_key.yaml";
  std::ofstream(file) << text;
  return config::load(file.string(), {{}, [](const std::string& content) { return sha256_name(content); }});
}

// "engines[].repair.files[].mode" for "engines[0].repair.files[0].mode".
inline std::string key_of(std::string place) {
  std::erase_if(place, ascii::is_digit);
  return place;
}

// Null takes the key away.
inline void put(FileTree& tree, const FileTree::json_pointer& at, const FileTree& value) {
  tree[at] = value;
  if (value.is_null()) tree[at.parent_pointer()].erase(at.back());
}

inline std::string frozen_folder() { return std::string(AUTOHEAL_SOURCE_DIR) + "/tests/unit/config/frozen"; }

struct EveryKey {
  std::vector<std::string> lines;
  std::set<std::string> like_default;  // keys of which no value made a difference, with the groups that they are in
};

// One line for each value of each key: its place, the value, and the digest of what `told` says of the configuration,
// or that it was refused.
inline EveryKey of_every_key(const std::function<std::string(const config::Configuration&)>& told) {
  const auto digest_of = [&](const FileTree& tree) -> std::string {
    const auto configuration = loaded_from(tree.dump());
    return configuration ? to_hex(sha256(without_own_folder(told(*configuration)))).substr(0, 32) : "refused";
  };
  const FileTree smallest = smallest_configuration();
  const std::string usual = digest_of(smallest);
  EveryKey all{{"smallest -> " + usual}, {}};
  std::set<std::string> telling;
  each_key(smallest, config::file_shape(), {}, FileTree::json_pointer(),
           [&](const std::string& place, const config::Field& field, const FileTree::json_pointer& at) {
             const auto see = [&](FileTree tree, const std::string& without, const FileTree& value,
                                  const std::string& beside) {
               tree[at] = value;
               const std::string digest = digest_of(tree);
               all.lines.push_back(place + ": " + value.dump() + beside + " -> " + digest);
               (digest == without || digest == "refused" ? all.like_default : telling).insert(key_of(place));
             };
             for (const FileTree& value : other_values(field, place)) see(smallest, usual, value, "");
             for (const TellingValue& one : telling_values()) {
               if (one.place != place) continue;
               FileTree tree = smallest;
               for (const auto& [pointer, value] : one.beside.items())
                 put(tree, FileTree::json_pointer(pointer), value);
               see(tree, digest_of(tree), one.value, one.beside.empty() ? "" : " beside " + one.beside.dump());
             }
           });
  for (const std::string& key : telling) all.like_default.erase(key);
  return all;
}

// Compares with the lines of a file, both ways. AUTOHEAL_FREEZE writes the file; lines that it had must stay.
inline void expect_frozen(const std::string& name, std::vector<std::string> lines) {
  const std::string path = frozen_folder() + "/" + name;
  if (std::getenv("AUTOHEAL_FREEZE") != nullptr) {
    std::ofstream file(path);
    for (const std::string& line : lines) file << line << '\n';
  }
  std::ifstream file(path);
  std::vector<std::string> frozen;
  for (std::string line; std::getline(file, line);) frozen.push_back(line);
  std::ranges::sort(lines);
  std::ranges::sort(frozen);
  std::vector<std::string> gone, added;
  std::ranges::set_difference(frozen, lines, std::back_inserter(gone));
  std::ranges::set_difference(lines, frozen, std::back_inserter(added));
  EXPECT_THAT(gone, ::testing::IsEmpty()) << "these changed, or their keys are gone";
  EXPECT_THAT(added, ::testing::IsEmpty()) << "these are not in " << path << ": see CONTRIBUTING.md";
  EXPECT_GE(frozen.size(), 100U);
}

}  // namespace autoheal::testing
