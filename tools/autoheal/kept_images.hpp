// What heals displaced and somebody still has open for writing stays where it is; this settles it once it is closed,
// and names and records (image.kept) what was written to it meanwhile.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>
#include <string>

#include "tools/autoheal/healer.hpp"

namespace autoheal::cli {

struct KeptImageOfRoot {
  std::string engine;  // one that has the root
  std::string root;
  host::KeptImage image;
};
// "E: what heal 01a2 replaced is still open for writing by pid 7 (dd): ..." or what was written to it and where it
// lies.
[[nodiscard]] std::string sentence_of(const KeptImageOfRoot& kept);

// On the loop's thread; settles on the pool.
class KeptImages {
 public:
  // The healer outlives it. `tell` gets each sentence once.
  KeptImages(Healer& healer, std::function<void(const std::string& sentence)> tell)
      : healer_(healer), tell_(std::move(tell)) {}

  // Of every heal that has ended. How many images somebody still has open.
  boost::asio::awaitable<std::size_t> settle();

 private:
  [[nodiscard]] std::set<std::string> open_heals() const;
  [[nodiscard]] bool is_recorded_as_open(const KeptImageOfRoot& kept) const;
  [[nodiscard]] engine::NewEntry entry_of(const KeptImageOfRoot& kept) const;

  Healer& healer_;
  std::function<void(const std::string& sentence)> tell_;
  std::set<std::string> told_;
};

// Of past heals: what `show` says beside the heal itself. Each a sentence.
[[nodiscard]] std::vector<std::string> images_kept_of(const std::string& heal, const engine::LedgerView& ledger,
                                                      const engine::BlobStore& blobs);

}  // namespace autoheal::cli
