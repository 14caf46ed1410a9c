#include "tests/crash/starved_memory.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace autoheal::testing {

namespace {

std::atomic<std::uint64_t> made = 0;
std::atomic<std::uint64_t> refused = 0;
sqlite3_mem_methods of_the_system;

bool is_refused() { return ++made == refused; }

void* sqlite_allocates(int size) { return is_refused() ? nullptr : of_the_system.xMalloc(size); }
void* sqlite_allocates_again(void* old, int size) { return is_refused() ? nullptr : of_the_system.xRealloc(old, size); }

}  // namespace

void starve_at(std::uint64_t failing) {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &of_the_system);
  sqlite3_mem_methods starved = of_the_system;
  starved.xMalloc = sqlite_allocates;
  starved.xRealloc = sqlite_allocates_again;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &starved);
  made = 0;
  refused = failing;
}

std::uint64_t allocations() { return made; }

#ifndef AUTOHEAL_SANITIZED  // which has an allocator of its own

static void* allocate(std::size_t size) {
  void* place = is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

#endif
}  // namespace autoheal::testing

#ifndef AUTOHEAL_SANITIZED
void* operator new(std::size_t size) { return autoheal::testing::allocate(size); }
void* operator new[](std::size_t size) { return autoheal::testing::allocate(size); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete[](void* place, std::size_t) noexcept { std::free(place); }
#endif
