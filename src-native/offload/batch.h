// A group of calls that one thread of a pool runs, in linear buffers that JavaScript fills and reads directly:
//
//   offset          what                                 who writes
//   0               capacity x greenfiber_call (64 B)    JavaScript the arguments, data and length at the submission,
//                                                        the pool the result
//   64 x capacity   capacity x function number           JavaScript
//   68 x capacity   capacity x CallState                 both: who moves it away from kWaiting owns the call
//   72 x capacity   capacity x status                    the pool; before that, who refuses the call
//   76 x capacity   number of calls with a status        as above
//
// The memory begins at a cache line, and capacity is a multiple of 16, so every part does. lib/offload/call-batch.ts
// knows the same layout.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "greenfiber.h"

namespace greenfiber::offload {

inline constexpr std::size_t kCacheLine = 64;
static_assert(sizeof(greenfiber_call) == kCacheLine);

// What a function number stands for. Never moves, never goes.
struct Target {
  greenfiber_function function;
  std::string name;
  std::string signature;
  std::string library;
};

enum CallState : std::int32_t {
  kWaiting = 0,
  kStarted = 1,
  kCancelled = 2,
  kDone = 3,
};

// Statuses of ours, which no function can answer: lib/offload/call-batch.ts tells what they mean.
inline constexpr std::int32_t kBufferGone = INT32_MIN;
inline constexpr std::int32_t kBufferResizable = INT32_MIN + 1;

class Batch {
 public:
  static constexpr std::size_t bytes(std::uint32_t capacity) {
    return std::size_t(capacity) * 76 + kCacheLine;
  }

  // `memory` lies at a cache line, is zero, has bytes(capacity), and lives as long as `owner`.
  Batch(std::int32_t id, std::shared_ptr<void> owner, std::byte* memory, std::uint32_t capacity)
      : id(id), capacity(capacity), owner_(std::move(owner)), memory_(memory) {
    targets.resize(capacity);
  }

  greenfiber_call& call(std::uint32_t index) {
    return reinterpret_cast<greenfiber_call*>(memory_)[index];
  }
  std::uint32_t function(std::uint32_t index) const { return word<std::uint32_t>(64)[index]; }
  std::atomic<std::int32_t>& state(std::uint32_t index) const {
    static_assert(sizeof(std::atomic<std::int32_t>) == sizeof(std::int32_t));
    return word<std::atomic<std::int32_t>>(68)[index];
  }
  std::int32_t& status(std::uint32_t index) const { return word<std::int32_t>(72)[index]; }
  std::uint32_t& failures() const { return *word<std::uint32_t>(76); }

  // Whoever gets true runs the call, or keeps it from being run.
  bool claim(std::uint32_t index, CallState state) const {
    std::int32_t waiting = kWaiting;
    return this->state(index).compare_exchange_strong(waiting, state, std::memory_order_acq_rel);
  }
  void fail(std::uint32_t index, std::int32_t status) const {
    this->status(index) = status;
    ++failures();
  }
  void cancel_waiting() const {
    for (std::uint32_t index = 0; index < count; ++index) claim(index, kCancelled);
  }

  // The queue orders memory by fences, which ThreadSanitizer does not see; this it does.
  void hand_over() { handed_over_.store(true, std::memory_order_release); }
  void take_over() const { (void)handed_over_.load(std::memory_order_acquire); }

  const std::int32_t id;
  const std::uint32_t capacity;
  std::uint32_t count = 0;
  std::vector<const Target*> targets;
  std::vector<std::pair<std::uint32_t, std::string>> messages;

 private:
  template <typename T>
  T* word(std::size_t bytes_per_call) const {
    return reinterpret_cast<T*>(memory_ + bytes_per_call * capacity);
  }

  std::shared_ptr<void> owner_;
  std::byte* const memory_;
  std::atomic<bool> handed_over_ = false;
};

}  // namespace greenfiber::offload
