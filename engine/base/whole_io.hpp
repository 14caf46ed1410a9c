// Whole reads and writes on descriptors: read(2) and write(2) may do a part of what they are asked to, and signals
// interrupt them. All of these go on after a part and after EINTR. They block as their descriptor does; one that does
// not block fails with EAGAIN, and what was done until then is done. An error is an errno: only the caller knows what
// it says to people and how bad it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace autoheal {

// Writes all of `bytes` where the descriptor stands. After an error a part of them may be written. ENOSPC also if the
// system takes nothing and gives no reason.
[[nodiscard]] std::expected<void, int> write_whole(int descriptor, std::string_view bytes);

// Fills `into` from where the descriptor stands, and returns how much of it: less only at the end of the file.
[[nodiscard]] std::expected<std::size_t, int> read_up_to(int descriptor, std::span<char> into);

// The same from `offset`; the descriptor stays where it stands. ESPIPE for what has no offsets, such as a pipe; so for
// all below.
[[nodiscard]] std::expected<std::size_t, int> read_up_to_at(int descriptor, std::span<char> into, std::uint64_t offset);

// The whole file, from its beginning: a regular file or one of /proc. EFBIG if it is larger than `limit`, of which at
// most a piece more is read. `expected_bytes` is room that is made beforehand.
[[nodiscard]] std::expected<std::string, int> read_whole(int descriptor, std::size_t limit,
                                                         std::size_t expected_bytes = 0);

// For files of which nobody could make a large one, such as those of /proc.
constexpr std::size_t no_limit = SIZE_MAX;

constexpr std::size_t piece_bytes = std::size_t{1} << 16U;

// Hands `take` the file piece by piece, from its beginning: at most `piece_bytes`, never an empty piece. Ends where the
// file ends, or at once when `take` returns false.
[[nodiscard]] std::expected<void, int> read_in_pieces(int descriptor,
                                                      const std::function<bool(std::string_view piece)>& take);

}  // namespace autoheal
