// The ways in which a file drifts, and whether it is right.
#pragma once

#include <filesystem>
#include <string>

namespace autoheal::bench {

inline constexpr const char* right_content = "port = 8080\nworkers = 4\n";
inline constexpr unsigned right_mode = 0644;

// Writes the file as it should be.
void make_right(const std::filesystem::path& file);

enum class Edit { in_place, replaced, deleted, mode };
inline constexpr unsigned edit_kinds = 4;

// `prepare` sets up everything that an edit needs; then `make` is the single moment from which the file is wrong.
void prepare(Edit edit, const std::filesystem::path& file, std::size_t number);
void make(Edit edit, const std::filesystem::path& file, std::size_t number);

// Content and mode are what they should be, of a regular file.
[[nodiscard]] bool is_right(const std::filesystem::path& file);

}  // namespace autoheal::bench
