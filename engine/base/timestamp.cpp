#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal {

namespace {

// The text form has four digits for the year.
constexpr Timestamp first_moment = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Timestamp past_all = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

// `digits` decimal digits with leading zeros.
char* put_number(char* out, unsigned number, int digits) {
  for (int place = digits - 1; place >= 0; --place, number /= 10) out[place] = static_cast<char>('0' + number % 10);
  return out + digits;
}

char* put_then(char* out, unsigned number, int digits, char after) {
  out = put_number(out, number, digits);
  *out = after;
  return out + 1;
}

// By hand: every entry is hashed with its time, and snprintf alone would cost more than the hash.
void append(std::string& text, Timestamp time, int fraction_digits) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char written[32];
  char* out = put_then(written, static_cast<unsigned>(static_cast<int>(date.year())), 4, '-');
  out = put_then(out, static_cast<unsigned>(date.month()), 2, '-');
  out = put_then(out, static_cast<unsigned>(date.day()), 2, 'T');
  out = put_then(out, static_cast<unsigned>(clock.hours().count()), 2, ':');
  out = put_then(out, static_cast<unsigned>(clock.minutes().count()), 2, ':');
  out = put_then(out, static_cast<unsigned>(clock.seconds().count()), 2, '.');
  const auto fraction = static_cast<unsigned>(clock.subseconds().count());
  out = put_then(out, fraction_digits == 3 ? fraction / 1000 : fraction, fraction_digits, 'Z');
  text.append(written, out);
}

// Reads from the front of a text; every take_ returns false and leaves the rest undefined once something does not fit.
struct Cursor {
  std::string_view rest;

  bool take(char expected) {
    if (rest.empty() || rest.front() != expected) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take_number(std::size_t digits, int& number) {
    if (rest.size() < digits) return false;
    number = 0;
    for (const char digit : rest.substr(0, digits)) {
      if (digit < '0' || digit > '9') return false;
      number = number * 10 + (digit - '0');
    }
    rest.remove_prefix(digits);
    return true;
  }
  bool take_fraction(Duration& fraction) {
    fraction = Duration(0);
    if (!take('.')) return true;
    int digits = 0;
    std::int64_t micros = 0;
    for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1), ++digits) {
      if (digits < 6) micros = micros * 10 + (rest.front() - '0');
    }
    for (int missing = digits; missing < 6; ++missing) micros *= 10;
    fraction = Duration(micros);
    return digits >= 1 && digits <= 9;
  }
  bool take_offset(std::chrono::minutes& offset) {
    offset = std::chrono::minutes(0);
    if (take('Z') || take('z')) return true;
    const bool behind = !rest.empty() && rest.front() == '-';
    int hours = 0;
    int minutes = 0;
    if (!(take('+') || take('-')) || !take_number(2, hours) || !take(':') || !take_number(2, minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    offset = std::chrono::minutes(hours * 60 + minutes) * (behind ? -1 : 1);
    return true;
  }
};

}  // namespace

void append_timestamp(std::string& text, Timestamp time) { append(text, time, 6); }

std::string format_timestamp(Timestamp time) {
  std::string text;
  append(text, time, 6);
  return text;
}

std::string format_timestamp_ms(Timestamp time) {
  std::string text;
  append(text, time, 3);
  return text;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Cursor in{text};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  Duration fraction{};
  std::chrono::minutes offset{};
  const bool dated = in.take_number(4, year) && in.take('-') && in.take_number(2, month) && in.take('-') &&
                     in.take_number(2, day) && (in.take('T') || in.take('t') || in.take(' '));
  const bool timed = dated && in.take_number(2, hour) && in.take(':') && in.take_number(2, minute) && in.take(':') &&
                     in.take_number(2, second) && in.take_fraction(fraction) && in.take_offset(offset);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // 60 is a leap second: it is the same moment as the next minute's first.
  if (!timed || !in.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const Timestamp time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                         std::chrono::seconds(second) + fraction - offset;
  // An offset or a leap second may lead out of them.
  return time >= first_moment && time < past_all ? std::optional(time) : std::nullopt;
}

}  // namespace autoheal
