// A growable array of plain values that reports failure instead of throwing.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <type_traits>

namespace greenfiber::stack {

template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  Array() = default;
  ~Array() { std::free(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  // Makes room for `wanted` elements, at least doubling, so that growing one by one is O(1)
  // amortised. False, and nothing has changed, when memory is out.
  [[nodiscard]] bool reserve(std::size_t wanted) {
    if (wanted <= capacity_) return true;
    const std::size_t capacity = wanted > 2 * capacity_ ? wanted : 2 * capacity_;
    void* const data = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    if (data == nullptr) return false;
    data_ = static_cast<T*>(data);
    capacity_ = capacity;
    return true;
  }

  std::size_t capacity() const { return capacity_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t index) { return data_[index]; }
  const T& operator[](std::size_t index) const { return data_[index]; }

 private:
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace greenfiber::stack
