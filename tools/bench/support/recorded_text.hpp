// The data of a real entry with blanks in it, so that one heal that took place becomes any number that might have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::bench {

enum class Blank { none, engine, principal, via, at, due, took, part_took };

// Values for the blanks; each is JSON text already. `part_took` is another one each time: see TookOfParts.
struct Filling {
  std::string engine, principal, via, at, due, took;
};

class RecordedText {
 public:
  // Cuts `data` at the words that a recording uses for its blanks, at every "took_us" and at the times of its own.
  explicit RecordedText(std::string_view data);

  // `part_took` gives the digits of a duration within the heal.
  template <class PartTook>
  void append_to(std::string& out, const Filling& filling, PartTook&& part_took) const {
    for (const Piece& piece : pieces_) {
      out += piece.text;
      if (piece.blank == Blank::part_took) {
        out += part_took();
      } else {
        out += word_for(piece.blank, filling);
      }
    }
  }

  static constexpr std::string_view engine = "ENGINE-IN-RECORDING";
  static constexpr std::string_view principal = "PRINCIPAL-IN-RECORDING";
  static constexpr std::string_view via = "VIA-IN-RECORDING";

 private:
  struct Piece {
    std::string text;
    Blank blank = Blank::none;  // after the text
  };
  static std::string_view word_for(Blank blank, const Filling& filling);

  std::vector<Piece> pieces_;
};

}  // namespace autoheal::bench
