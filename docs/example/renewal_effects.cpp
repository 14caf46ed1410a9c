#include "renewal_effects.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <fstream>

namespace example {

namespace {

constexpr auto longest_exchange = std::chrono::seconds(10);
constexpr std::size_t largest_answer_bytes = 64 * 1024;

// The body of a POST's answer. The key makes a repetition harmless: the authority answers it as it did the first time.
Result<std::string> post(const RenewalSurroundings& to, const std::string& key, const std::string& body) {
  boost::asio::ip::tcp::iostream connection;
  connection.expires_after(longest_exchange);
  connection.connect(to.host, to.port);
  connection << "POST /orders HTTP/1.0\r\nHost: " << to.host << "\r\nIdempotency-Key: " << key
             << "\r\nContent-Length: " << body.size() << "\r\n\r\n"
             << body << std::flush;
  std::string answer;
  std::array<char, 4096> piece{};
  while (connection && answer.size() <= largest_answer_bytes) {
    connection.read(piece.data(), piece.size());
    answer.append(piece.data(), static_cast<std::size_t>(connection.gcount()));
  }
  const auto end_of_head = answer.find("\r\n\r\n");
  if (answer.size() > largest_answer_bytes || end_of_head == std::string::npos)
    return autoheal::failure(autoheal::ErrorKind::unavailable, "the authority gives no answer");
  const std::string status = answer.substr(answer.find(' ') + 1, 3);
  if (status != "200") return autoheal::failure(autoheal::ErrorKind::failed, "the authority answers " + status);
  return answer.substr(end_of_head + 4);
}

}  // namespace

void RenewalEffects::perform(const std::string& stream, const CertificateRenewal::Effect& effect, Done done) {
  boost::asio::post(pool_, [this, stream, effect, done = std::move(done)] {
    if (const auto* act = std::get_if<Order>(&effect)) done(order(stream, *act));
    if (const auto* act = std::get_if<Install>(&effect)) done(install(*act));
  });
}

CertificateRenewal::Input RenewalEffects::order(const std::string& stream, const Order& act) const {
  const auto certificate = post(surroundings_, stream, act.domain);
  if (certificate && surroundings_.die_after_issue) std::raise(SIGKILL);
  if (!certificate) return Refused{certificate.error().message};
  return Received{*certificate};
}

// Whole or not at all, and the same when it is done twice. A program for daily use would sync file and folder, too.
CertificateRenewal::Input RenewalEffects::install(const Install& act) const {
  const auto certificate = surroundings_.vault.get(act.certificate);
  if (!certificate) return Refused{certificate.error().message};
  const std::filesystem::path beside = surroundings_.into.string() + ".new";
  std::ofstream(beside) << *certificate;
  std::error_code problem;
  std::filesystem::rename(beside, surroundings_.into, problem);
  if (problem) return Refused{"the certificate cannot be put in place: " + problem.message()};
  return InstallDone{};
}

}  // namespace example
