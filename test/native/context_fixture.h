// Stacks and switches for the tests of src-native/context: the bare primitives plus the sanitizer
// hooks that any user of them needs.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "context/context.h"
#include "context/sanitizer.h"

namespace greenfiber::test {

using context::BottomFrame;
using context::Entry;
using context::StackWatch;
using context::SuspendedFrame;
using context::Transfer;

// Neighbouring stacks in one mapping: index 0 is the lowest in memory.
class Stacks {
 public:
  static constexpr std::size_t kSize = 1024 * 1024;

  explicit Stacks(std::size_t count) : size_(count * kSize) {
    void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    low_ = static_cast<char*>(memory);
  }
  ~Stacks() { munmap(low_, size_); }
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  char* low(std::size_t index) const { return low_ + index * kSize; }
  char* top(std::size_t index) const { return low(index) + kSize; }

 private:
  char* low_;
  std::size_t size_;
};

// Which stack runs now, for the sanitizer hooks.
inline StackWatch*& running() {
  static StackWatch thread = StackWatch::of_this_thread();
  static StackWatch* watch = &thread;
  return watch;
}

// A stack with a flow on it and the place where that flow stands.
struct Flow {
  Flow(const Stacks& stacks, std::size_t index, Entry entry, void* argument = nullptr)
      : top(stacks.top(index)),
        watch(stacks.low(index), Stacks::kSize),
        frame(context::prepare(top, entry, argument)) {}

  void* top;
  StackWatch watch;
  SuspendedFrame* frame;          // Where the flow stands while it is suspended.
  StackWatch* resumer = nullptr;  // The stack that resumed it.
};

using Switch = Transfer (*)(SuspendedFrame*, void*);

// Resume `flow`. Always inline, so that each test gets its own copy of the inline switch.
template <Switch kSwitch = context::switch_to>
[[gnu::always_inline]] inline void* resume(Flow& flow, void* payload = nullptr) {
  StackWatch* here = running();
  flow.resumer = here;
  running() = &flow.watch;
  here->leave_for(flow.watch);
  const Transfer back = kSwitch(flow.frame, payload);
  here->arrived();
  running() = here;
  flow.frame = back.from;
  return back.payload;
}

// Inside a flow: what its entry function does first, and how it goes back to its resumer.
inline void arrive(Flow& flow) { flow.watch.arrived(); }

template <Switch kSwitch = context::switch_to>
[[gnu::always_inline]] inline Transfer yield(Flow& flow, SuspendedFrame* resumer,
                                             void* payload = nullptr) {
  flow.watch.leave_for(*flow.resumer);
  const Transfer back = kSwitch(resumer, payload);
  flow.watch.arrived();
  context::link_resumer(context::bottom_frame(flow.top), back.from);
  return back;
}

[[noreturn, gnu::always_inline]] inline void finish(Flow& flow, SuspendedFrame* resumer,
                                                    void* payload = nullptr) {
  flow.watch.leave_for_good(*flow.resumer);
  context::switch_to_final(resumer, payload);
}

inline void* word(std::intptr_t value) { return reinterpret_cast<void*>(value); }
inline std::intptr_t number(void* payload) { return reinterpret_cast<std::intptr_t>(payload); }

// Overwrite every register that a switch may change; but for clang's base pointer, see switch_to.
inline void clobber_registers() {
#if defined(__x86_64__)
#if !defined(__clang__)
  asm volatile("movq $-1, %%rbx" : : : "rbx");
#endif
  asm volatile(
      "movq $-1, %%r12\n\tmovq $-1, %%r13\n\tmovq $-1, %%r14\n\tmovq $-1, %%r15\n\t"
      "movq $-1, %%rcx\n\tmovq $-1, %%rsi\n\tmovq $-1, %%r8\n\tmovq $-1, %%r9\n\t"
      "movq $-1, %%r10\n\tmovq $-1, %%r11\n\t"
      "pcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm1, %%xmm1\n\tpcmpeqd %%xmm6, %%xmm6\n\t"
      "pcmpeqd %%xmm7, %%xmm7\n\tpcmpeqd %%xmm8, %%xmm8\n\tpcmpeqd %%xmm15, %%xmm15\n\t"
      "fninit\n\tfldz\n\tfldz\n\tfldz\n\tfninit"
      :
      :
      : "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm6",
        "xmm7", "xmm8", "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
        "st(7)");
#elif defined(__aarch64__)
#if !defined(__clang__)
  asm volatile("mov x19, #-1" : : : "x19");
#endif
  asm volatile(
      "mov x3, #-1\n\tmov x4, #-1\n\tmov x5, #-1\n\tmov x6, #-1\n\tmov x7, #-1\n\t"
      "mov x8, #-1\n\tmov x9, #-1\n\tmov x10, #-1\n\tmov x11, #-1\n\tmov x12, #-1\n\t"
      "mov x13, #-1\n\tmov x14, #-1\n\tmov x15, #-1\n\tmov x16, #-1\n\tmov x17, #-1\n\t"
      "mov x18, #-1\n\tmov x20, #-1\n\tmov x21, #-1\n\tmov x22, #-1\n\tmov x23, #-1\n\t"
      "mov x24, #-1\n\tmov x25, #-1\n\tmov x26, #-1\n\tmov x27, #-1\n\tmov x28, #-1\n\t"
      "mov x30, #-1\n\t"
      "movi v0.16b, #255\n\tmovi v1.16b, #255\n\tmovi v7.16b, #255\n\tmovi v8.16b, #255\n\t"
      "movi v9.16b, #255\n\tmovi v10.16b, #255\n\tmovi v11.16b, #255\n\tmovi v12.16b, #255\n\t"
      "movi v13.16b, #255\n\tmovi v14.16b, #255\n\tmovi v15.16b, #255\n\tmovi v31.16b, #255"
      :
      :
      : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
        "x17", "x18", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0",
        "v1", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v31");
#endif
}

}  // namespace greenfiber::test
