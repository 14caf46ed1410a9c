// A hostile document while it is put together: pieces that stay to the byte, and pieces that become one of several.
#pragma once

#include "tests/simulation/documents/hostile_documents.hpp"

namespace autoheal::simulation {

class DocumentDraft {
 public:
  using Truth = HostileDocument::Truth;

  explicit DocumentDraft(std::mt19937_64& random) : random_(random) {}

  void keep(const std::string& bytes) { change(bytes, {bytes}); }
  // `to`: each of them would be right.
  void change(const std::string& from, const std::vector<std::string>& to);
  void may_be_refused() { truth_ = std::max(truth_, Truth::healed_or_refused); }
  void must_be_refused() { truth_ = Truth::refused; }
  void blanks_are_free() { blanks_are_free_ = true; }
  void is_kind(const std::string& kind) { kinds_ += kinds_.empty() ? kind : ", " + kind; }
  [[nodiscard]] bool has_kind(const std::string& kind) const { return kinds_.find(kind) != std::string::npos; }
  // Every "\n" of the text so far becomes "\r\n".
  void ends_lines_as_dos() { dos_ = true; }

  [[nodiscard]] std::size_t number(std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>(from, to)(random_);
  }
  [[nodiscard]] bool once_in(std::size_t times) { return number(1, times) == 1; }
  [[nodiscard]] HostileDocument finish();

 private:
  struct Piece {
    std::string from;
    std::vector<std::string> to;
  };
  std::mt19937_64& random_;
  std::vector<Piece> pieces_;
  std::string kinds_;
  Truth truth_ = Truth::healed;
  bool blanks_are_free_ = false, dos_ = false;
};

// One that has no right edit.
[[nodiscard]] HostileDocument never_right(const std::string& kind, std::string text);

[[nodiscard]] HostileDocument hostile_env(std::mt19937_64& random);
[[nodiscard]] HostileDocument hostile_json(std::mt19937_64& random);
[[nodiscard]] HostileDocument hostile_yaml(std::mt19937_64& random);

}  // namespace autoheal::simulation
