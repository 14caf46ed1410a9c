#include "tools/host/probe/http_answer.hpp"

#include <algorithm>
#include <limits>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::host {

namespace {

constexpr std::size_t longest_plain_line = 8U << 10U;              // the status line, or the one before a chunk
constexpr std::size_t all_answers_limit = 4U * http_fields_limit;  // an answer and those that announce it
constexpr std::string_view blanks = " \t\r";

std::unexpected<Error> no_answer(const std::string& why) {
  return failure(ErrorKind::unavailable, "what it sends is no HTTP answer: " + why);
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// Calls `take` with each word of a list that commas separate.
template <class Take>
void each_word(std::string_view list, Take take) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (const auto word = trimmed(list.substr(0, comma)); !word.empty()) take(word);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// "HTTP/1.1 200 OK"; the reason phrase, the blank before it and the version may be missing, as curl takes it.
std::optional<unsigned> status_in(std::string_view line) {
  line = trimmed(line);
  constexpr std::string_view protocol = "HTTP";
  if (!ascii::same_without_case(line.substr(0, protocol.size()), protocol)) return std::nullopt;
  line.remove_prefix(protocol.size());
  if (line.starts_with('/')) {
    const auto end = line.find_first_not_of("0123456789.", 1);
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    line.remove_prefix(end);
  }
  if (line.empty() || blanks.find(line.front()) == std::string_view::npos) return std::nullopt;
  line = trimmed(line);
  if (line.size() < 3 || !ascii::are_digits(line.substr(0, 3)) || line.front() == '0') return std::nullopt;
  if (line.size() > 3 && blanks.find(line[3]) == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

// Content-Length, which may be repeated if it always says the same. Empty: it says nothing.
Result<std::optional<std::uint64_t>> length_in(const std::string& text) {
  std::optional<std::uint64_t> length;
  bool unreadable = false, differ = false;
  each_word(text, [&](std::string_view word) {
    if (!ascii::are_digits(word)) unreadable = true;
    const std::uint64_t number = parse_number<std::uint64_t>(word).value_or(std::numeric_limits<std::uint64_t>::max());
    if (length && *length != number) differ = true;
    length = number;
  });
  if (unreadable) return no_answer("its Content-Length is no number");
  if (differ) return no_answer("it has two Content-Lengths that differ");
  // More than can be counted: curl reads on until the end, too.
  if (length == std::numeric_limits<std::uint64_t>::max()) return std::optional<std::uint64_t>();
  return length;
}

struct Codings {
  bool chunked = false, others = false;
};

Codings codings_in(const std::string& list) {
  Codings codings;
  each_word(list, [&](std::string_view word) {
    if (ascii::same_without_case(word, "identity")) return;
    codings.others = codings.others || codings.chunked || !ascii::same_without_case(word, "chunked");
    codings.chunked = ascii::same_without_case(word, "chunked");
  });
  return codings;
}

}  // namespace

Result<void> HttpAnswerReader::take(std::string_view bytes) {
  if (done()) return {};
  pending_.append(bytes);
  std::string line;
  while (!done()) {
    if (in_body()) {
      take_body();
      if (in_body()) return {};
      continue;
    }
    const bool whole = next_line(line);
    if (auto fits = check_limit(whole ? 0 : pending_.size()); !fits) return fits;
    if (!whole) return {};
    if (auto taken = take_line(line); !taken) return taken;
  }
  return {};
}

Result<void> HttpAnswerReader::ended() {
  switch (part_) {
    case Part::done:
      return {};
    case Part::status_line:
      if (all_lines_ + pending_.size() == 0)
        return failure(ErrorKind::unavailable, "it closed the connection without an answer");
      return no_answer("it ends before a status line");
    case Part::fields:
      return no_answer("it ends within its header fields");
    case Part::body:
      if (left_) return no_answer("its body is shorter than it says");
      break;
    case Part::chunk_size:
    case Part::chunk:
    case Part::chunk_end:
      return no_answer("it ends before its last chunk");
    case Part::trailers:  // all of the body came
      break;
  }
  part_ = Part::done;
  return {};
}

// A line ends in CR LF or in LF alone.
bool HttpAnswerReader::next_line(std::string& line) {
  const auto end = pending_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = pending_.size();
    return false;
  }
  lines_ += end + 1;
  all_lines_ += end + 1;
  line.assign(pending_, 0, end);
  while (line.ends_with('\r')) line.pop_back();
  pending_.erase(0, end + 1);
  searched_ = 0;
  return true;
}

// `open`: bytes of a line whose end has not come.
Result<void> HttpAnswerReader::check_limit(std::size_t open) const {
  const bool of_fields = part_ == Part::fields || part_ == Part::trailers;
  const std::size_t limit = of_fields ? http_fields_limit + 2 : longest_plain_line;  // and the line that ends them
  if (lines_ + open > limit)
    return no_answer(of_fields ? "its header fields are longer than 64 KiB" : "a line of it is longer than 8 KiB");
  const bool of_head = part_ == Part::status_line || part_ == Part::fields;
  if (of_head && all_lines_ + open > all_answers_limit) return no_answer("it announces itself without end");
  return {};
}

Result<void> HttpAnswerReader::take_line(const std::string& line) {
  switch (part_) {
    case Part::status_line:
      return begin(line);
    case Part::fields:
      return take_field(line);
    case Part::chunk_size:
      return begin_chunk(line);
    case Part::chunk_end:
      if (!line.empty()) return no_answer("a chunk is longer than it says");
      part_ = Part::chunk_size;
      lines_ = 0;
      return {};
    case Part::trailers:
      if (line.empty()) part_ = Part::done;
      return {};
    case Part::body:
    case Part::chunk:
    case Part::done:
      break;
  }
  return {};
}

Result<void> HttpAnswerReader::begin(const std::string& line) {
  if (trimmed(line).empty()) return {};  // after the answer before it
  const auto status = status_in(line);
  if (!status) return no_answer("it does not begin with \"HTTP/\" and a status");
  status_ = *status;
  part_ = Part::fields;
  lines_ = 0;
  field_.clear();
  codings_.clear();
  length_text_.reset();
  return {};
}

// A line that begins with a blank goes on with the field before it (obs-fold), which is read as one blank.
Result<void> HttpAnswerReader::take_field(const std::string& line) {
  if (line.find('\0') != std::string::npos) return no_answer("a zero byte stands in its header fields");
  if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
    if (!field_.empty()) field_ += " " + std::string(trimmed(line));
    return {};
  }
  if (auto kept = keep_field(); !kept) return kept;
  field_ = line;
  return line.empty() ? end_fields() : Result<void>();
}

// Only what tells where the body ends, and of what kind it is, matters. A line without a colon is no field, and passed
// over.
Result<void> HttpAnswerReader::keep_field() {
  const auto colon = field_.find(':');
  if (colon == std::string::npos) return {};
  const std::string_view name = trimmed(std::string_view(field_).substr(0, colon));
  const std::string_view value = trimmed(std::string_view(field_).substr(colon + 1));
  if (ascii::same_without_case(name, "transfer-encoding")) codings_ += "," + std::string(value);
  if (ascii::same_without_case(name, "content-length"))
    length_text_ = length_text_.value_or("") + "," + std::string(value);
  if (ascii::same_without_case(name, "content-type")) content_type_ = value;
  return {};
}

Result<void> HttpAnswerReader::end_fields() {
  lines_ = 0;
  const bool announces = status_ >= 100 && status_ < 200 && status_ != 101;
  if (announces) {
    content_type_.clear();
    part_ = Part::status_line;
    return {};
  }
  const Codings codings = codings_in(codings_);
  const bool coded = codings.chunked || codings.others;
  left_.reset();
  if (!coded && length_text_) {  // else it does not count
    auto length = length_in(*length_text_);
    AUTOHEAL_TRY(length);
    left_ = *length;
  }
  const bool bodiless = wanted_.to_head || status_ == 101 || status_ == 204 || status_ == 304;
  const bool unwanted = wanted_.body_limit == 0 || (wanted_.body_only_of != 0 && status_ != wanted_.body_only_of);
  part_ = bodiless || unwanted ? Part::done : codings.chunked ? Part::chunk_size : Part::body;
  return {};
}

// "1a3 ;name=value": blanks around the size and extensions mean nothing to us.
Result<void> HttpAnswerReader::begin_chunk(const std::string& line) {
  const std::string_view size = trimmed(std::string_view(line).substr(0, line.find(';')));
  const auto bytes = parse_number<std::uint64_t>(size, 16);
  if (!bytes) return no_answer("the size of a chunk is no number");
  lines_ = 0;
  left_ = bytes;
  part_ = *bytes == 0 ? Part::trailers : Part::chunk;
  return {};
}

void HttpAnswerReader::take_body() {
  const std::uint64_t here = std::min<std::uint64_t>(left_.value_or(pending_.size()), pending_.size());
  const std::uint64_t room = wanted_.body_limit - body_.size();
  body_.append(pending_, 0, std::min(here, room));
  pending_.erase(0, here);
  if (left_) *left_ -= here;
  if (body_.size() == wanted_.body_limit) {
    part_ = Part::done;
  } else if (left_ == 0U) {
    part_ = part_ == Part::chunk ? Part::chunk_end : Part::done;
  }
}

}  // namespace autoheal::host
