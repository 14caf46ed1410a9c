#include "autoheal/workflows/plan/env_edit.hpp"

#include "autoheal/workflows/edit/env_file.hpp"
#include "autoheal/workflows/judge/env_scope.hpp"

namespace autoheal::workflows {

namespace {

EnvDeclaration nothing_but_dialect(const EnvDeclaration& declared) { return {{}, {}, {}, declared.dialect}; }

std::string no_way(std::string_view text, const std::string& name, const std::string& dialect) {
  std::string readers;
  for (const EnvReader reader : env_readers_of(text, dialect, [&](std::string_view one) { return one == name; }))
    readers += (readers.empty() ? "" : ", ") + std::string(name_of(reader));
  if (dialect == "docker")
    return "its value has a line end, and " + readers + " takes each line for a statement of its own, without quotes";
  return "no way to write its value is read alike by all readers of the file (" + readers +
         "): quotes, backslashes, `${` and line ends mean different things to them";
}

// The first way that is judged right, or why the best one is not.
Result<std::string> set_one(std::string_view text, const std::string& name, const std::string& value,
                            const std::string& dialect) {
  const EnvDeclaration wanted{{{name, value}}, {}, {}, dialect};
  if (judge_env(text, text, wanted).empty()) return std::string(text);
  auto ways = ways_to_set_env(text, name, value, dialect);
  AUTOHEAL_TRY(ways);
  std::string why;
  for (std::string& way : *ways) {
    auto reasons = judge_env(text, way, wanted);
    if (reasons.empty()) return std::move(way);
    if (why.empty()) why = std::move(reasons.front());
  }
  if (why.empty()) why = no_way(text, name, dialect);
  return failure(ErrorKind::invalid, name + " cannot be set, " + why);
}

// Dialects for which what does not go for all would.
std::string possible_for(std::string_view text, const std::string& name, const std::string& value) {
  std::string found;
  for (const char* dialect : {"shell", "systemd", "compose", "dotenv"}) {
    if (set_one(text, name, value, dialect)) found += std::string(found.empty() ? "" : ", ") + "`" + dialect + "`";
  }
  return found;
}

}  // namespace

Result<EnvEdited> edit_env(std::string_view text, const EnvDeclaration& declared) {
  EnvEdited edited{std::string(text), {}};
  const auto change_to = [&](const std::string& name, std::string changed) {
    if (changed == edited.text) return;
    edited.changed.push_back(name);
    edited.text = std::move(changed);
  };
  for (const auto& [name, value] : declared.set) {
    auto changed = set_one(edited.text, name, value, declared.dialect);
    if (!changed) {
      const std::string possible = declared.dialect.empty() ? possible_for(edited.text, name, value) : "";
      if (!possible.empty()) changed.error().message += "; it can be written where `dialect` is " + possible;
      return std::unexpected(std::move(changed.error()));
    }
    change_to(name, std::move(*changed));
  }
  for (const std::string& name : declared.unset) {
    auto changed = unset_env(edited.text, name, declared.dialect);
    AUTOHEAL_TRY(changed);
    EnvDeclaration gone = nothing_but_dialect(declared);
    gone.unset.push_back(name);
    if (const auto reasons = judge_env(edited.text, *changed, gone); !reasons.empty())
      return failure(ErrorKind::invalid, name + " cannot be unset, " + reasons.front());
    change_to(name, std::move(*changed));
  }
  EnvDeclaration there = nothing_but_dialect(declared);
  there.require = declared.require;
  if (const auto reasons = judge_env(edited.text, edited.text, there); !declared.require.empty() && !reasons.empty())
    return failure(ErrorKind::invalid, reasons.front() + ", and no `set` says its value");
  return edited;
}

}  // namespace autoheal::workflows
