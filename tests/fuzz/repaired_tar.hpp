// A tar file whose headers have right checksums again: libFuzzer would change a byte of a header and get no further.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

namespace autoheal::fuzz {

// From header to header as their sizes say, as far as the text goes (POSIX ustar).
inline std::string with_right_checksums(std::string tar) {
  constexpr std::size_t block = 512, size_at = 124, size_digits = 12, sum_at = 148, sum_digits = 8;
  std::size_t at = 0;
  while (at + block <= tar.size() && tar[at] != '\0') {
    tar.replace(at + sum_at, sum_digits, sum_digits, ' ');
    unsigned sum = 0;
    for (std::size_t byte = 0; byte < block; ++byte) sum += static_cast<unsigned char>(tar[at + byte]);
    char digits[sum_digits];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    tar.replace(at + sum_at, sum_digits, std::string(digits, 7) + ' ');
    const std::size_t size = std::strtoull(tar.substr(at + size_at, size_digits).c_str(), nullptr, 8);
    if (size > tar.size()) break;
    at += block + (size + block - 1) / block * block;
  }
  return tar;
}

}  // namespace autoheal::fuzz
