#include "autoheal/store/format/read_leaf.hpp"

#include <limits>
#include <optional>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/leaf.hpp"

namespace autoheal::store {

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

// Takes a leaf apart from its beginning. Only roughly strict: what is taken is composed again and compared.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  // Up to the quote that ends it, which is taken too.
  bool text(std::string& into) {
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() != '\\') {
        into += rest_.front();
        rest_.remove_prefix(1);
      } else if (!escape(into)) {
        return false;
      }
    }
    return take("\"");
  }

  bool number(std::uint64_t& into) {
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("0123456789"));
    const auto number = number_from_decimal(digits);
    rest_.remove_prefix(digits.size());
    into = number.value_or(0);
    return number.has_value();
  }

  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  // "\"", "\\" or "\u00xx" (a control character).
  bool escape(std::string& into) {
    if (rest_.size() > 1 && (rest_[1] == '"' || rest_[1] == '\\')) {
      into += rest_[1];
      rest_.remove_prefix(2);
      return true;
    }
    if (!rest_.starts_with("\\u00") || rest_.size() < 6) return false;
    const auto high = hex_digit(rest_[4]), low = hex_digit(rest_[5]);
    if (!high || !low || *high >= 8) return false;
    into += static_cast<char>(*high * 16 + *low);
    rest_.remove_prefix(6);
    return true;
  }

  std::string_view rest_;
};

std::optional<ReadLeaf> take_apart(std::string_view line) {
  ReadLeaf leaf;
  engine::Entry& entry = leaf.entry;
  Cursor cursor(line);
  std::string seq, time;
  std::uint64_t dataversion = 0;
  const bool head = cursor.take(R"({"specversion":"1.0","id":")") && cursor.text(seq) &&
                    cursor.take(R"(,"source":"/autoheal/)") && cursor.text(leaf.ledger_id) &&
                    cursor.take(R"(,"type":")") && cursor.text(entry.type) && cursor.take(R"(,"time":")") &&
                    cursor.text(time) && cursor.take(R"(,"stream":")") && cursor.text(entry.stream) &&
                    cursor.take(R"(,"version":)") && cursor.number(entry.version) &&
                    cursor.take(R"(,"dataversion":)") && cursor.number(dataversion);
  if (!head) return std::nullopt;
  if (cursor.take(R"(,"actor":")") && !cursor.text(entry.actor)) return std::nullopt;
  if (cursor.take(R"(,"engine":")") && !cursor.text(entry.subject)) return std::nullopt;
  if (!cursor.take(R"(,"data":)") || !cursor.rest().ends_with('}')) return std::nullopt;
  entry.data = cursor.rest().substr(0, cursor.rest().size() - 1);
  const auto position = number_from_decimal(seq);
  const auto when = parse_timestamp(time);
  if (!parse_uuid(leaf.ledger_id) || !position || !when || dataversion > std::numeric_limits<unsigned>::max())
    return std::nullopt;
  entry.position = {*position};
  entry.time = *when;
  entry.dataversion = static_cast<unsigned>(dataversion);
  return leaf;
}

}  // namespace

Result<ReadLeaf> read_leaf(std::string_view line) {
  auto leaf = take_apart(line);
  if (!leaf || json_problem(leaf->entry.data) || leaf_line(leaf->ledger_id, leaf->entry) != line)
    return failure(ErrorKind::invalid, "it is no line of `autoheal ledger export`");
  return std::move(*leaf);
}

}  // namespace autoheal::store
