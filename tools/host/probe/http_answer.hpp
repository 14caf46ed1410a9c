// The answer to one HTTP/1.x request, read from bytes as they come (RFC 9110, RFC 9112). Accepts everything that
// browsers, curl and proxies accept: a service is not broken because it leaves out a reason phrase or sends early
// hints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

// The header fields of one answer; more is refused.
inline constexpr std::size_t http_fields_limit = 64U << 10U;

class HttpAnswerReader {
 public:
  struct Wanted {
    std::uint64_t body_limit = 0;  // what comes after is not read; 0: the status is enough
    unsigned body_only_of = 0;     // the body is read of this status alone; 0: of any
    bool to_head = false;          // the request was HEAD: no body follows, whatever the fields say
  };
  explicit HttpAnswerReader(Wanted wanted) : wanted_(wanted) {}

  // Takes the next bytes. unavailable: they are not a readable answer; the message says why.
  [[nodiscard]] Result<void> take(std::string_view bytes);
  // Nothing comes any more. unavailable: the answer was not whole.
  [[nodiscard]] Result<void> ended();

  // All that is wanted is there.
  [[nodiscard]] bool done() const { return part_ == Part::done; }
  [[nodiscard]] unsigned status() const { return status_; }
  // Status and fields are there; what may still come is the body.
  [[nodiscard]] bool head_is_read() const { return part_ != Part::status_line && part_ != Part::fields; }
  [[nodiscard]] std::string& body() { return body_; }
  [[nodiscard]] const std::string& content_type() const { return content_type_; }  // the last one; empty: none

 private:
  enum class Part { status_line, fields, body, chunk_size, chunk, chunk_end, trailers, done };

  bool next_line(std::string& line);
  [[nodiscard]] Result<void> check_limit(std::size_t open) const;
  [[nodiscard]] Result<void> take_line(const std::string& line);
  [[nodiscard]] Result<void> begin(const std::string& line);
  [[nodiscard]] Result<void> take_field(const std::string& line);
  [[nodiscard]] Result<void> keep_field();
  [[nodiscard]] Result<void> end_fields();
  [[nodiscard]] Result<void> begin_chunk(const std::string& line);
  void take_body();
  [[nodiscard]] bool in_body() const { return part_ == Part::body || part_ == Part::chunk; }

  Wanted wanted_;
  Part part_ = Part::status_line;
  std::string pending_;  // came, and is not read yet
  std::size_t searched_ = 0;
  std::size_t lines_ = 0;      // bytes of the status line, of the fields, or of what stands around chunks
  std::size_t all_lines_ = 0;  // of all answers
  unsigned status_ = 0;
  std::string field_, codings_, content_type_;
  std::optional<std::string> length_text_;
  std::optional<std::uint64_t> left_;  // of the body or the chunk; empty: until the end
  std::string body_;
};

}  // namespace autoheal::host
