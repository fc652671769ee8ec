// Size classes: a slot's stride is a power of two between 16 KiB and 16 MiB.
//
// Every address computation of this folder is here, so that "which class", "which slot" and "where
// does it start" stay shifts and adds. Positions inside the reservation are counted in granules of
// the smallest stride; a 32-bit granule number reaches 64 TiB, more than half of what a process can
// map, and keeps the free lists at four bytes per slot.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace greenfiber::stack {

// Pages of the kernel: 4 KiB on x86-64; 4, 16 or 64 KiB on AArch64. What is laid out or numbered in pages counts in
// the smallest.
inline constexpr std::size_t kSmallestPage = 4096;
inline constexpr std::size_t kLargestPage = std::size_t{64} << 10;
std::size_t page_size();

inline constexpr unsigned kMinStrideShift = 14;
inline constexpr unsigned kMaxStrideShift = 24;
inline constexpr std::size_t kMinStride = std::size_t{1} << kMinStrideShift;
inline constexpr std::size_t kMaxStride = std::size_t{1} << kMaxStrideShift;
inline constexpr unsigned kClassCount = kMaxStrideShift - kMinStrideShift + 1;

static_assert(kMinStride % kSmallestPage == 0);

// Offset of a slot from the start of the reservation, in units of kMinStride.
using Granule = std::uint32_t;

constexpr std::size_t stride_of_class(unsigned class_index) { return kMinStride << class_index; }

// The smallest class whose stride holds `size` bytes. `size - 1` wraps for 0, and anything above
// kMaxStride gives an index of kClassCount or more, so one comparison at the caller catches both.
// `min_stride_mask` is (smallest stride allowed) - 1.
constexpr unsigned class_for_size(std::size_t size, std::size_t min_stride_mask) {
  return static_cast<unsigned>(std::bit_width((size - 1) | min_stride_mask)) - kMinStrideShift;
}

constexpr unsigned class_of_stride(std::size_t stride) {
  return static_cast<unsigned>(std::countr_zero(stride)) - kMinStrideShift;
}

constexpr std::size_t round_up(std::size_t value, std::size_t power_of_two) {
  return (value + power_of_two - 1) & ~(power_of_two - 1);
}

constexpr std::size_t round_down(std::size_t value, std::size_t power_of_two) {
  return value & ~(power_of_two - 1);
}

static_assert(class_for_size(1, kMinStride - 1) == 0);
static_assert(class_for_size(kMinStride, kMinStride - 1) == 0);
static_assert(class_for_size(kMinStride + 1, kMinStride - 1) == 1);
static_assert(class_for_size(kMaxStride, kMinStride - 1) == kClassCount - 1);
static_assert(class_for_size(kMaxStride + 1, kMinStride - 1) >= kClassCount);
static_assert(class_for_size(0, kMinStride - 1) >= kClassCount);

}  // namespace greenfiber::stack
