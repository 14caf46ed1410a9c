// JSON of our own writer, read in place: what a replay reads millions of. Nothing is converted in
// silence: a number that does not fit, a float, a word in place of a text is an exception, which the codecs turn into
// an Error.
#pragma once

#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace autoheal {

// A value of an EntryJsonDocument, and valid as long as that. Everything that asks throws std::invalid_argument if the
// value is of another kind, or not there.
class EntryJson {
 public:
  explicit EntryJson(simdjson::dom::element element) : element_(element) {}

  [[nodiscard]] std::optional<EntryJson> find(std::string_view key) const;
  [[nodiscard]] bool contains(std::string_view key) const { return find(key).has_value(); }
  [[nodiscard]] EntryJson at(std::string_view key) const;
  [[nodiscard]] EntryJson at(std::size_t index) const;
  [[nodiscard]] bool is_null() const { return element_.is_null(); }

  [[nodiscard]] std::string_view text() const;  // of the document, too
  [[nodiscard]] bool flag() const;
  template <std::integral Number>
  [[nodiscard]] Number number() const;

  // Over the items of a list.
  class Iterator {
   public:
    explicit Iterator(simdjson::dom::array::iterator at) : at_(at) {}
    [[nodiscard]] EntryJson operator*() const { return EntryJson(*at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const { return !(at_ != other.at_); }

   private:
    simdjson::dom::array::iterator at_;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(list().begin()); }
  [[nodiscard]] Iterator end() const { return Iterator(list().end()); }

  template <class T>
  [[nodiscard]] T get() const;
  template <class T>
  [[nodiscard]] T value(std::string_view key, T otherwise) const {
    const auto found = find(key);
    return found ? found->get<T>() : std::move(otherwise);
  }
  // Fields are read by assignment. Not for char, which a string could be assigned from as well.
  template <class T>
    requires(std::same_as<T, std::string> || (std::integral<T> && !std::same_as<T, char>))
  operator T() const {
    return get<T>();
  }

 private:
  [[noreturn]] static void refuse(std::string_view wanted);
  [[nodiscard]] simdjson::dom::array list() const;
  [[nodiscard]] simdjson::dom::object object() const;

  simdjson::dom::element element_;
};

// The parser of this thread, for as long as one document is read.
class EntryJsonDocument {
 public:
  // std::invalid_argument: `text` is no JSON in UTF-8, holds a number of more than 64 bits or more than 255 levels; an
  // empty list or object is none.
  explicit EntryJsonDocument(std::string_view text);
  ~EntryJsonDocument();
  EntryJsonDocument(const EntryJsonDocument&) = delete;
  EntryJsonDocument& operator=(const EntryJsonDocument&) = delete;

  [[nodiscard]] EntryJson root() const { return root_; }

 private:
  struct Parser;
  static EntryJson parse(Parser& parser, std::string_view text);
  static std::unique_ptr<Parser>& spare();

  std::unique_ptr<Parser> parser_;
  EntryJson root_;
};

template <std::integral Number>
Number EntryJson::number() const {
  const auto found = element_.get<std::conditional_t<std::is_unsigned_v<Number>, std::uint64_t, std::int64_t>>();
  if (found.error() != simdjson::SUCCESS || !std::in_range<Number>(found.value_unsafe()))
    refuse("a whole number that fits");
  return static_cast<Number>(found.value_unsafe());
}

template <class T>
T EntryJson::get() const {
  if constexpr (std::same_as<T, bool>) {
    return flag();
  } else if constexpr (std::integral<T>) {
    return number<T>();
  } else if constexpr (std::same_as<T, std::string>) {
    return std::string(text());
  } else if constexpr (std::same_as<T, std::vector<std::string>>) {
    T list;
    for (const EntryJson item : *this) list.emplace_back(item.text());
    return list;
  } else {
    static_assert(std::same_as<T, std::map<std::string, std::string>>);
    T map;
    for (const auto& [name, item] : object()) map.emplace(name, EntryJson(item).text());
    return map;
  }
}

}  // namespace autoheal
