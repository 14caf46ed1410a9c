// A value that never changes and that its copies share: copying it costs a count, however large it is.
#pragma once

#include <memory>
#include <utility>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::workflows {

// Equal where the values are. Holds a value unless it was moved from.
template <class T>
class Shared {
 public:
  Shared() : value_(without_content()) {}
  Shared(T value)
      : value_(std::make_shared<const T>(std::move(value))) {
  }  // implicit, so that a T can be given where one is shared

  const T& operator*() const {
    AUTOHEAL_CHECK(value_ != nullptr);
    return *value_;
  }
  const T* operator->() const { return &**this; }
  // For those who outlive this, on other threads, too.
  [[nodiscard]] const std::shared_ptr<const T>& pointer() const { return value_; }

  friend bool operator==(const Shared& a, const Shared& b) { return a.value_ == b.value_ || *a == *b; }

 private:
  static const std::shared_ptr<const T>& without_content() {
    static const std::shared_ptr<const T> empty = std::make_shared<const T>();
    return empty;
  }

  std::shared_ptr<const T> value_;
};

}  // namespace autoheal::workflows
