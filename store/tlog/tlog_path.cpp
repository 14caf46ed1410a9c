#include "autoheal/store/tlog/tlog_path.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace autoheal::store {

namespace {

constexpr unsigned largest_level = 63;
constexpr std::size_t most_groups = 6;  // of three digits: less than 2^63 tiles
constexpr std::string_view tile_word = "tile/", entries_word = "entries/", partial_word = ".p/";

bool are_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char one) { return one >= '0' && one <= '9'; });
}

std::uint64_t value_of(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char digit : digits) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  return value;
}

// One to three digits, without leading zeros.
std::optional<unsigned> small_number(std::string_view text) {
  if (text.empty() || text.size() > 3 || !are_digits(text) || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return static_cast<unsigned>(value_of(text));
}

// "x001/x234/067" is 1234067. A first group of zeros alone is another name of a shorter one.
std::optional<std::uint64_t> tile_number(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t groups = 0; groups < most_groups; ++groups) {
    const std::size_t slash = text.find('/');
    const bool is_last = slash == std::string_view::npos;
    std::string_view group = text.substr(0, slash);
    if (is_last == group.starts_with('x')) return std::nullopt;
    if (!is_last) group.remove_prefix(1);
    if (group.size() != 3 || !are_digits(group) || (groups == 0 && !is_last && group == "000")) return std::nullopt;
    number = number * 1000 + value_of(group);
    if (is_last) return number;
    text.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

std::unexpected<Error> wrong_path(const std::string& why) {
  return failure(ErrorKind::invalid, "the path is none of a tiled log: " + why,
                 "/tlog/checkpoint, /tlog/tile/<level>/<number> and /tlog/tile/entries/<number>, where tile 1234067 is "
                 "x001/x234/067, and .p/<width> at its end asks for a partial one (C2SP tlog-tiles)");
}

struct Place {
  std::uint64_t number = 0;
  unsigned width = full_tile_width;
};

Result<Place> place_in(std::string_view text) {
  Place place;
  if (const std::size_t partial = text.find(partial_word); partial != std::string_view::npos) {
    const auto width = small_number(text.substr(partial + partial_word.size()));
    if (!width || *width == 0 || *width >= full_tile_width)
      return wrong_path("the width of a partial tile is a number from 1 to 255 without leading zeros");
    place.width = *width;
    text = text.substr(0, partial);
  }
  const auto number = tile_number(text);
  if (!number) return wrong_path("the number of a tile is written in groups of three digits, all but the last after x");
  place.number = *number;
  return place;
}

std::string text_of(const Place& place) {
  std::string text = fmt::format("{:03}", place.number % 1000);
  for (std::uint64_t rest = place.number / 1000; rest > 0; rest /= 1000)
    text = fmt::format("x{:03}/{}", rest % 1000, text);
  return place.width == full_tile_width ? text : fmt::format("{}{}{}", text, partial_word, place.width);
}

}  // namespace

Result<TlogResource> parse_tlog_path(std::string_view path) {
  if (!path.starts_with(tlog_prefix)) return wrong_path("it does not begin with /tlog/");
  path.remove_prefix(tlog_prefix.size());
  if (path == "checkpoint") return TlogCheckpoint{};
  if (!path.starts_with(tile_word)) return wrong_path("after /tlog/ stands neither checkpoint nor tile/");
  path.remove_prefix(tile_word.size());
  if (path.starts_with(entries_word)) {
    const auto place = place_in(path.substr(entries_word.size()));
    AUTOHEAL_TRY(place);
    return TlogEntries{place->number, place->width};
  }
  const std::size_t slash = path.find('/');
  const auto level = small_number(path.substr(0, slash));
  if (!level || *level > largest_level || slash == std::string_view::npos)
    return wrong_path("the level of a tile is a number from 0 to 63 without leading zeros, or the word entries");
  const auto place = place_in(path.substr(slash + 1));
  AUTOHEAL_TRY(place);
  return TlogTile{*level, place->number, place->width};
}

std::string tlog_path(const TlogResource& resource) {
  if (const auto* tile = std::get_if<TlogTile>(&resource))
    return fmt::format("{}{}{}/{}", tlog_prefix, tile_word, tile->level, text_of({tile->number, tile->width}));
  if (const auto* entries = std::get_if<TlogEntries>(&resource))
    return fmt::format("{}{}{}{}", tlog_prefix, tile_word, entries_word, text_of({entries->number, entries->width}));
  return std::string(tlog_prefix) + "checkpoint";
}

}  // namespace autoheal::store
