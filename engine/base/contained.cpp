#include "autoheal/engine/base/contained.hpp"

#include <cxxabi.h>
#include <fmt/core.h>

#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <typeinfo>
#include <variant>

namespace autoheal {

std::atomic<void (*)(std::string_view part)> pure_part_hook = nullptr;

namespace {

std::string kind_of(const std::exception& thrown) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(typeid(thrown).name(), nullptr, nullptr, &status), &std::free);
  return name ? name.get() : typeid(thrown).name();
}

// Those of the standard library itself speak of places and sizes; others may quote what they read.
bool quotes_nothing(const std::exception& thrown) {
  const std::type_info& kind = typeid(thrown);
  return kind == typeid(std::out_of_range) || kind == typeid(std::length_error) ||
         kind == typeid(std::bad_optional_access) || kind == typeid(std::bad_variant_access) ||
         kind == typeid(std::bad_function_call) || kind == typeid(std::bad_array_new_length);
}

}  // namespace

std::string sentence_of(const Defect& defect) {
  return fmt::format("Autoheal itself is at fault in {}: {}", defect.part, defect.what);
}

Defect defect_in(std::string_view part) {
  try {
    throw;
  } catch (const ProcessEnds&) {
    throw;
  } catch (const FailedCheck& broken) {
    return {std::string(part), broken.what()};
  } catch (const std::bad_array_new_length& thrown) {
    return {std::string(part), kind_of(thrown)};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& thrown) {
    return {std::string(part), kind_of(thrown) + (quotes_nothing(thrown) ? ": " + std::string(thrown.what()) : "")};
  } catch (...) {
    return {std::string(part), "something was thrown that is no exception"};
  }
}

}  // namespace autoheal
