#include "autoheal/workflows/plan/engine_spec_codec.hpp"

#include <stdexcept>

#include "autoheal/engine/base/own_json.hpp"
#include "autoheal/workflows/plan/plan_codec.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"

namespace autoheal::workflows {

namespace {

constexpr unsigned format_version = 1;

// The fields of structures that engine_fields.hpp does not describe: named once, the same list writes and reads.
template <class A>
void fields(A& a, EnvValue& v) {
  a("literal", v.literal)("from_file", v.from_file);
}
template <class A>
void fields(A& a, PlatformRepair& v) {
  a("act", v.act)("undo", v.undo);
}
template <class A>
void fields(A& a, StateRepair& v) {
  a("path", v.path)("snapshot", v.snapshot)("takes_snapshots", v.takes_snapshots)("every_us", v.every)("keep", v.keep)(
      "max_age_us", v.max_age)("timeout_us", v.timeout);
}
template <class A>
void fields(A& a, RepairSpec& v) {
  a.later("release", v.release).later("build", v.build).later("platform", v.platform).later("state", v.state);
  a.later("services", v.services);
  a("files", v.files)("env", v.env)("settings", v.settings)("links", v.links)("policy", v.policy)("checks", v.checks)(
      "service", v.service)("commands", v.commands);
}
template <class A>
void fields(A& a, EngineSpec& v) {
  a("name", v.name)("root", v.root)("strategy", v.strategy)("every_us", v.every)("depends_on", v.depends_on)(
      "self_test", v.self_test)("repair", v.repair)("certify", v.certify)("healing", v.healing);
  a.later("secrets", v.secrets).later("grace_us", v.grace);
}

template <class Variant>
inline constexpr auto kinds_of = 0;
template <>
inline constexpr std::array<std::string_view, 9> kinds_of<decltype(Probe::what)> = {
    "file", "env", "tcp", "http", "command", "plugin", "process", "settings", "link"};
template <>
inline constexpr std::array<std::string_view, 2> kinds_of<Hook> = {"run", "http"};

class Writer {
 public:
  explicit Writer(JsonWriter& out) : out_(out) {}

  template <class T>
  Writer& operator()(std::string_view name, const T& value) {
    out_.key(name);
    put(value);
    return *this;
  }

  // A field that older configurations lack; left out where it says nothing.
  template <class T>
  Writer& later(std::string_view name, const T& value) {
    return says_nothing(value) ? *this : (*this)(name, value);
  }
  static bool says_nothing(bool value) { return !value; }
  static bool says_nothing(Duration value) { return value == Duration{0}; }
  template <class T>
  static bool says_nothing(const std::optional<T>& value) {
    return !value;
  }
  template <class T>
  static bool says_nothing(const T& value)
    requires requires { value.empty(); }
  {
    return value.empty();
  }
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out_.value(word_of<T>(words_for<T>, value));
    } else if constexpr (std::is_same_v<T, ProgramRun> || std::is_same_v<T, HttpCall>) {
      write(out_, value);
    } else if constexpr (std::is_convertible_v<T, std::string_view> || std::is_integral_v<T> ||
                         std::is_same_v<T, Duration>) {
      out_.value(value);
    } else if constexpr (Described<T>) {
      put_described(value);
    } else {
      out_.begin_object();
      fields(*this, const_cast<T&>(value));  // the one list of fields serves reading too; a writer changes nothing
      out_.end_object();
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
  template <class Spec>
  void put_described(const Spec& value) {
    [[maybe_unused]] static const Spec standard{};
    out_.begin_object();
    each_stored_field<Spec>([&](const auto& one) {
      if (one.stored.later && value.*one.member == standard.*one.member) return;
      (*this)(one.stored_as(), value.*one.member);
    });
    out_.end_object();
  }

  JsonWriter& out_;
};

class Reader {
 public:
  explicit Reader(const OwnJson& in) : in_(in) {}

  template <class T>
  Reader& operator()(const char* name, T& value) {
    get(in_.at(name), value);
    return *this;
  }
  template <class T>
  Reader& later(const char* name, T& value) {
    return in_.contains(name) ? (*this)(name, value) : *this;
  }

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
    } else if constexpr (Described<T>) {
      each_stored_field<T>([&](const auto& one) {
        const std::string name = one.stored_as();
        if (!one.stored.later || in.contains(name)) get(in.at(name), value.*one.member);
      });
    } else {
      Reader inner(in);
      fields(inner, value);
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

 private:
  const OwnJson& in_;
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
