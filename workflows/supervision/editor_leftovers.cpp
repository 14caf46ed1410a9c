#include "autoheal/workflows/supervision/editor_leftovers.hpp"

#include <algorithm>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::size_t random_size = 6;
constexpr unsigned first_of_vim = 4913, step_of_vim = 123, last_of_vim = 99'999;

bool is_random(std::string_view text) {
  const auto telling = [](char byte) { return ascii::is_digit(byte) || ascii::is_upper(byte); };
  return text.size() == random_size && std::ranges::all_of(text, ascii::is_letter_or_digit) &&
         std::ranges::any_of(text, telling);
}

// ".NAME.swp"; where that is taken ".swo", ".swn" and so on, downwards.
bool is_swap_file(std::string_view name) {
  if (!name.starts_with('.')) return false;
  if (name.ends_with(".kate-swp")) return true;
  return name.size() > 5 && name.substr(name.size() - 4, 3) == ".sw" && ascii::is_lower(name.back());
}

bool is_try_of_vim(std::string_view name) {
  const auto number = parse_number<unsigned>(name);
  if (!number || name.front() == '0') return false;
  return *number >= first_of_vim && *number <= last_of_vim && (*number - first_of_vim) % step_of_vim == 0;
}

bool is_temporary_copy(std::string_view name) {
  if (name.starts_with("sed") && is_random(name.substr(3))) return true;
  constexpr std::string_view gio = ".goutputstream-";
  if (name.starts_with(gio) && name.size() == gio.size() + random_size) return true;
  const auto dot = name.rfind('.');
  return name.starts_with('.') && dot != 0 && dot != std::string_view::npos && is_random(name.substr(dot + 1));
}

}  // namespace

bool is_editor_leftover(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.size() < 2) return false;
  if (name.ends_with('~') || name.starts_with(".#")) return true;
  if (name.ends_with('#') && (name.starts_with('#') ? name.size() > 2 : name.starts_with(".~lock."))) return true;
  if (name.ends_with(".dpkg-new") || name.ends_with(".dpkg-tmp")) return true;
  if (name.ends_with("___jb_tmp___") || name.ends_with("___jb_old___")) return true;
  return is_swap_file(name) || is_try_of_vim(name) || is_temporary_copy(name);
}

}  // namespace autoheal::workflows
