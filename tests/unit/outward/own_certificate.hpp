// A certificate for one name, signed by itself, and its key, as files in a folder of their own.
#pragma once

#include <filesystem>
#include <string>

namespace autoheal::outward {

class OwnCertificate {
 public:
  explicit OwnCertificate(const std::string& name);
  ~OwnCertificate() { std::filesystem::remove_all(folder_); }
  OwnCertificate(const OwnCertificate&) = delete;
  OwnCertificate& operator=(const OwnCertificate&) = delete;
  [[nodiscard]] std::string certificate_file() const { return (folder_ / "certificate.pem").string(); }
  [[nodiscard]] std::string key_file() const { return (folder_ / "key.pem").string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace autoheal::outward
