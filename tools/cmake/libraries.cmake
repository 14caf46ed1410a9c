# Debian packages only; tools/packages.txt lists them for tools/run and tools/test.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # a project around this one links them, too
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(LibArchive REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET GLOBAL re2)
pkg_check_modules(libyaml REQUIRED IMPORTED_TARGET GLOBAL yaml-0.1)

if(AUTOHEAL_PROGRAM)
  find_package(CLI11 REQUIRED)
  find_package(yaml-cpp REQUIRED)
  pkg_check_modules(acl REQUIRED IMPORTED_TARGET libacl)
  pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
  # The core alone: its package brings a web server and curl, which the program does not need.
  find_library(PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
endif()

# Headers of others are not held to our warnings.
add_library(autoheal_boost INTERFACE)
target_link_libraries(autoheal_boost INTERFACE Boost::headers Threads::Threads)
target_include_directories(autoheal_boost SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(autoheal_boost INTERFACE BOOST_ASIO_NO_DEPRECATED)
