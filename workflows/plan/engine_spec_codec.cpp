#include "autoheal/workflows/plan/engine_spec_codec.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/own_json.hpp"
#include "autoheal/workflows/plan/plan_codec.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"

namespace autoheal::workflows {

namespace {

constexpr unsigned format_version = 1;

template <class Variant>
inline constexpr auto kinds_of = 0;
template <>
inline constexpr std::array<std::string_view, 9> kinds_of<decltype(Probe::what)> = {
    "file", "env", "tcp", "http", "command", "plugin", "process", "settings", "link"};
template <>
inline constexpr std::array<std::string_view, 2> kinds_of<Hook> = platform_kinds;

class Writer {
 public:
  explicit Writer(JsonWriter& out) : out_(out) {}

  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out_.value(word_of<T>(words_for<T>, value));
    } else if constexpr (std::is_same_v<T, ProgramRun> || std::is_same_v<T, HttpCall>) {
      write(out_, value);
    } else if constexpr (std::is_convertible_v<T, std::string_view> || std::is_integral_v<T> ||
                         std::is_same_v<T, Duration>) {
      out_.value(value);
    } else {
      put_described(value);
    }
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      out_.raw("null");
    }
  }
  template <class T>
  void put(const std::vector<T>& list) {
    out_.begin_array();
    for (const T& item : list) put(item);
    out_.end_array();
  }
  template <class T>
  void put(const std::pair<std::string, T>& pair) {
    out_.begin_array();
    put(pair.first);
    put(pair.second);
    out_.end_array();
  }
  void put(const std::map<std::string, std::string>& map) {
    out_.begin_object();
    for (const auto& [name, value] : map) out_.field(name, value);
    out_.end_object();
  }
  template <class... Kinds>
  void put(const std::variant<Kinds...>& what) {
    out_.begin_array().value(kinds_of<std::variant<Kinds...>>[what.index()]);
    std::visit([this](const auto& kind) { this->put(kind); }, what);
    out_.end_array();
  }

 private:
  template <Described Spec>
  void put_described(const Spec& value) {
    [[maybe_unused]] static const Spec standard{};
    out_.begin_object();
    each_stored_field<Spec>([&](const auto& one) {
      if (one.stored.later && value.*one.member == standard.*one.member) return;
      out_.key(one.stored_as());
      put(value.*one.member);
    });
    out_.end_object();
  }

  JsonWriter& out_;
};

class Reader {
 public:
  template <class T>
  static void get(const OwnJson& in, T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = value_of<T>(words_for<T>, in.text());
    } else if constexpr (std::is_same_v<T, ProgramRun> || std::is_same_v<T, HttpCall>) {
      read(in, value);
    } else if constexpr (std::is_same_v<T, Duration>) {
      value = Duration(in.get<std::int64_t>());
    } else if constexpr (std::is_same_v<T, std::string> || std::is_integral_v<T>) {
      value = in.get<T>();
    } else {
      static_assert(Described<T>);
      each_stored_field<T>([&](const auto& one) {
        const std::string name = one.stored_as();
        if (!one.stored.later || in.contains(name)) get(in.at(name), value.*one.member);
      });
    }
  }
  template <class T>
  static void get(const OwnJson& in, std::optional<T>& value) {
    value.reset();
    if (!in.is_null()) get(in, value.emplace());
  }
  template <class T>
  static void get(const OwnJson& in, std::vector<T>& list) {
    list.clear();
    for (const OwnJson item : in) get(item, list.emplace_back());
  }
  template <class T>
  static void get(const OwnJson& in, std::pair<std::string, T>& pair) {
    get(in.at(0), pair.first);
    get(in.at(1), pair.second);
  }
  static void get(const OwnJson& in, std::map<std::string, std::string>& map) {
    map = in.get<std::map<std::string, std::string>>();
  }
  template <class... Kinds>
  static void get(const OwnJson& in, std::variant<Kinds...>& what) {
    const std::string_view kind = in.at(0).text();
    const auto& kinds = kinds_of<std::variant<Kinds...>>;
    const auto found = std::ranges::find(kinds, kind);
    if (found == kinds.end()) throw std::invalid_argument("unknown kind: " + std::string(kind));
    const auto wanted = static_cast<std::size_t>(found - kinds.begin());
    std::size_t index = 0;
    const auto read_if = [&]<class Kind>(std::type_identity<Kind>) {
      if (index++ == wanted) get(in.at(1), what.template emplace<Kind>());
    };
    (read_if(std::type_identity<Kinds>{}), ...);
  }
};

}  // namespace

std::string encode_engine_spec(const EngineSpec& spec) {
  JsonWriter out;
  out.begin_object().field("format", format_version).key("engine");
  Writer(out).put(spec);
  return out.end_object().take();
}

Result<EngineSpec> decode_engine_spec(std::string_view text) {
  try {
    const OwnJsonDocument parsed(text);
    const OwnJson document = parsed.root();
    if (document.at("format").get<unsigned>() != format_version) {
      return failure(ErrorKind::corrupt, "this engine configuration was stored by another version of autoheal");
    }
    EngineSpec spec;
    Reader::get(document.at("engine"), spec);
    return spec;
  } catch (const std::exception& exception) {
    return failure(ErrorKind::corrupt,
                   std::string("a stored engine configuration cannot be read: ") + exception.what());
  }
}

}  // namespace autoheal::workflows
