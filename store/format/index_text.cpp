#include "autoheal/store/format/index_text.hpp"

namespace autoheal::store {

namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \n") - first + 1));
}

// From the opening parenthesis at the front on: what stands between the commas of this level.
class ColumnList {
 public:
  explicit ColumnList(std::string_view text) : text_(text) {}

  bool read(std::vector<std::string>& columns) {
    std::size_t begin = 1;
    for (int depth = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'') at_ = text_.find('\'', at_ + 1);
      if (at_ == std::string_view::npos) return false;
      if (c == '(') ++depth;
      if (c == ')') --depth;
      if ((c == ',' && depth == 1) || depth == 0) {
        columns.push_back(trimmed(text_.substr(begin, at_ - begin)));
        begin = at_ + 1;
      }
      if (depth == 0) return true;
    }
    return false;
  }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_ + 1); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<IndexText> parse_index(std::string_view create) {
  const std::size_t open = create.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  IndexText index;
  ColumnList list(create.substr(open));
  if (!list.read(index.columns)) return std::nullopt;
  constexpr std::string_view keyword = "WHERE ";
  const std::string rest = trimmed(list.rest());
  if (rest.starts_with(keyword)) index.where = rest.substr(keyword.size());
  return index;
}

}  // namespace autoheal::store
