// The published test vectors of the evidence formats: bytes that any other implementation makes, too. Never changed to
// suit the code.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::store::vectors {

inline constexpr std::array<std::string_view, 8> leaves_hex = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};

inline std::vector<std::string> leaves() {
  std::vector<std::string> bytes;
  for (const std::string_view hex : leaves_hex) bytes.push_back(*bytes_from_hex(hex));
  return bytes;
}

struct Root {
  std::string_view hex, base64;
};
// By size, from 0.
inline constexpr std::array<Root, 9> roots = {{
    {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
    {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
     "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="},
    {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
     "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU="},
    {"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
     "rra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc="},
    {"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
     "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc="},
    {"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
     "Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ="},
    {"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
     "duZ9rbzfHhDht03cYIq9L5jfsW+851J3tSMqEn8gh+8="},
    {"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
     "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw="},
    {"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
     "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="},
}};

inline TreeHead head(std::size_t size) { return {size, *hash_from_hex(roots.at(size).hex)}; }

inline constexpr std::string_view inclusion_5_of_8 =
    R"({"index":5,"tree_size":8,"leaf_hex":"40414243","hashes_hex":["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c)"
    R"(283e1f4d88599e6b","ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0","d37ee418976dd95753c1c738)"
    R"(62b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]})";
inline constexpr std::string_view inclusion_6_of_7 =
    R"({"index":6,"tree_size":7,"leaf_hex":"5051525354555657","hashes_hex":["0ebc5d3437fbe2db158b9f126a1d118e30818103)"
    R"(1d0a949f8dededebc558ef6a","d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]})";
inline constexpr std::string_view inclusion_2_of_7 =
    R"({"index":2,"tree_size":7,"leaf_hex":"10","hashes_hex":["07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4)"
    R"(a9624487e7","fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125","837dbb152e9b079010717e84e865da)"
    R"(4ebc0fa198a806d59d31bf15accef22d0e"]})";
inline constexpr std::string_view consistency_3_to_8 =
    R"({"old_size":3,"new_size":8,"old_root_hex":"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",)"
    R"("new_root_hex":"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328","hashes_hex":["0298d122906dc)"
    R"(fc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7","07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9)"
    R"(624487e7","fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125","6b47aaf29ee3c2af9af889bc1fb9254d)"
    R"(abd31177f16232dd6aab035ca39bf6e4"]})";
inline constexpr std::string_view consistency_4_to_8 =
    R"({"old_size":4,"new_size":8,"old_root_hex":"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",)"
    R"("new_root_hex":"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328","hashes_hex":["6b47aaf29ee3c)"
    R"(2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]})";
inline constexpr std::string_view consistency_6_to_8 =
    R"({"old_size":6,"new_size":8,"old_root_hex":"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",)"
    R"("new_root_hex":"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328","hashes_hex":["0ebc5d3437fbe)"
    R"(2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a","ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5)"
    R"(975a0ae0","d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]})";

// Made for these vectors only: the seeds are SHA-256 of "test log key" and "test witness key".
inline constexpr std::string_view origin = "ledger.example/test";
inline constexpr std::string_view signing_key =
    "PRIVATE+KEY+ledger.example/test+f05ad304+AYcURECibFyC9jd9aXpWYUF5twiMXoWGGDlpZv7gY/a0";
inline constexpr std::string_view verifier_key =
    "ledger.example/test+f05ad304+AT8D+vTUws/7W1gOqSGbdDXrrmt3jPAqTrHAstWiE4z5";
inline constexpr std::string_view witness_key =
    "witness.example/w1+586d0b9a+BBQzA22TUGQjImRLTPJOCPRp+BAYPvXYTpf05YEMg813";

inline constexpr std::string_view checkpoint_3 =
    "ledger.example/test\n3\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n\n"
    "— ledger.example/test "
    "8FrTBHvHwCRbbP0Z9muALGrzKIeIenh7pXhFCL4ABRZkzkcEYgAs3VU8zAZYLXuM1d3Xjevz45Ak32bkBlVhswkQFQk=\n";
inline constexpr std::string_view checkpoint_8 =
    "ledger.example/test\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
    "— ledger.example/test "
    "8FrTBJoAHqB/5Ia7c7vJxqzdAp+5dhIXv4ClPOlHBzhXu0bs4WjGgQnti3E9f2BHKuQGfwZKGu22qYBrsCzLOwzrPg4=\n";
inline constexpr std::string_view cosignature_8 =
    "— witness.example/w1 WG0LmgAAAABlU/EARpI9Ue3Lv8zEIyXlId8u8lfa8JfEth3SQOa5V0CZi8GbierrDzTFjOSKtX7rnHLB8BfzPq2qUqsz"
    "Md5odhfXBA==\n";
inline std::string cosigned_8() { return std::string(checkpoint_8) + std::string(cosignature_8); }

inline std::string tlog_proof_5_of_8() {
  return "c2sp.org/tlog-proof@v1\nindex 5\nvBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"
         "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n" +
         cosigned_8();
}

// The example of the signed-note specification itself.
inline constexpr std::string_view foreign_key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
inline constexpr std::string_view foreign_note =
    "This is an example message.\n\n"
    "— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

}  // namespace autoheal::store::vectors
