// The acts of a renewal on the real world: an order by HTTP, a file that is put in place. They block, so they run on a
// thread pool; the loop never waits.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <string>

#include "autoheal/engine/blob_store.hpp"
#include "certificate_renewal.hpp"

namespace example {

struct RenewalSurroundings {
  std::string host, port;  // of the authority
  std::filesystem::path into;
  const autoheal::engine::BlobStore& vault;
  bool die_after_issue = false;  // kills the process between the authority's answer and its entry
};

class RenewalEffects final : public autoheal::engine::EffectPerformer<CertificateRenewal> {
 public:
  explicit RenewalEffects(RenewalSurroundings surroundings) : surroundings_(std::move(surroundings)) {}
  ~RenewalEffects() override { finish(); }

  void perform(const std::string& stream, const CertificateRenewal::Effect& effect, Done done) override;
  // Waits for what is under way. Before the runtime goes, to which `done` leads.
  void finish() { pool_.join(); }

 private:
  [[nodiscard]] CertificateRenewal::Input order(const std::string& stream, const Order& act) const;
  [[nodiscard]] CertificateRenewal::Input install(const Install& act) const;

  RenewalSurroundings surroundings_;
  boost::asio::thread_pool pool_{2};
};

}  // namespace example
