// Uses something of each component; what links it takes in all the rest.
#include <iostream>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/workflows/text/glob.hpp"

int main() { std::cout << autoheal::sha256_name("every symbol") << "\n"; }
