// What two native switches (a resume and a yield) cost, beside an indirect call and other
// libraries.
//
// One iteration is a *pair* of switches, or one call + ret: the same amount of control flow. The
// loop counts down in the payload, which every peer carries there and back, so that no loop
// variable has to survive outside: a switch clobbers all registers, and a counter in memory costs a
// store-to-load forwarding per iteration (`*_counting_in_memory` shows how much). Run by
// report.mjs.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <boost/context/detail/fcontext.hpp>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "context/context.h"

namespace {

namespace context = greenfiber::context;
namespace boost_context = boost::context::detail;
using context::SuspendedFrame;
using context::Transfer;

constexpr std::size_t kStackSize = 16 * 1024;

// Equal slots of one mapping, as the addon lays its stacks out.
class Stacks {
 public:
  explicit Stacks(std::size_t count) : size_(count * kStackSize) {
    void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    low_ = static_cast<char*>(memory);
  }
  ~Stacks() { munmap(low_, size_); }
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  char* low(std::size_t index) const { return low_ + index * kStackSize; }
  char* top(std::size_t index) const { return low(index) + kStackSize; }

 private:
  char* low_;
  std::size_t size_;
};

// ---- the floor ----

[[gnu::noinline]] void* return_at_once(void* payload) {
  asm volatile("");
  return payload;
}

#define GREENFIBER_INLINE __attribute__((always_inline))

constexpr benchmark::IterationCount kBatch = 10000;

void* word(std::uintptr_t value) { return reinterpret_cast<void*>(value); }
std::uintptr_t number(void* payload) { return reinterpret_cast<std::uintptr_t>(payload); }

// `there_and_back(payload)` returns the payload unchanged; the compiler must not know that.
template <typename ThereAndBack>
[[gnu::always_inline]] inline void count_down(benchmark::State& state,
                                              ThereAndBack there_and_back) {
  while (state.KeepRunningBatch(kBatch)) {
    std::uintptr_t left = kBatch;
    while (left != 0) left = number(there_and_back(word(left))) - 1;
  }
}

void call_indirect(benchmark::State& state) {
  void* (*function)(void*) = return_at_once;
  count_down(state, [&](void* payload) GREENFIBER_INLINE {
    asm volatile("" : "+r"(function));  // The compiler must not know where it goes.
    return function(payload);
  });
}

// ---- greenfiber ----

using Switch = Transfer (*)(SuspendedFrame*, void*);

template <Switch kSwitch>
void bounce(Transfer transfer, void*) {
  for (;;) transfer = kSwitch(transfer.from, transfer.payload);
}

template <Switch kSwitch>
void greenfiber_pair(benchmark::State& state) {
  Stacks stacks(1);
  SuspendedFrame* flow = context::prepare(stacks.top(0), bounce<kSwitch>, nullptr);
  count_down(state, [&](void* payload) GREENFIBER_INLINE {
    const Transfer transfer = kSwitch(flow, payload);
    flow = transfer.from;
    return transfer.payload;
  });
}

// As JavaScript switches: in a function that is called where the flow works and returns there. The return's target
// is not the one that the processor noted at its latest call, which the other flow made.
[[gnu::noinline]] Transfer switch_and_return(SuspendedFrame* to, void* payload) {
  const Transfer transfer = context::switch_to(to, payload);
  asm volatile("");  // No tail call.
  return transfer;
}

void bounce_below_a_call(Transfer transfer, void*) {
  for (;;) transfer = switch_and_return(transfer.from, transfer.payload);
}

void greenfiber_pair_below_a_call(benchmark::State& state) {
  Stacks stacks(1);
  SuspendedFrame* flow = context::prepare(stacks.top(0), bounce_below_a_call, nullptr);
  count_down(state, [&](void* payload) GREENFIBER_INLINE {
    const Transfer transfer = switch_and_return(flow, payload);
    flow = transfer.from;
    return transfer.payload;
  });
}

// The same calls and returns without a switch in them.
[[gnu::noinline]] Transfer call_and_return(SuspendedFrame* to, void* payload) {
  asm volatile("" : "+r"(to), "+r"(payload));
  return {to, payload};
}

void two_calls(benchmark::State& state) {
  SuspendedFrame* flow = nullptr;
  count_down(state, [&](void* payload) GREENFIBER_INLINE {
    const Transfer there = call_and_return(flow, payload);
    const Transfer back = call_and_return(there.from, there.payload);
    flow = back.from;
    return back.payload;
  });
}

void greenfiber_pair_counting_in_memory(benchmark::State& state) {
  Stacks stacks(1);
  Transfer transfer{context::prepare(stacks.top(0), bounce<context::switch_to>, nullptr), nullptr};
  for (auto _ : state) transfer = context::switch_to(transfer.from, transfer.payload);
  benchmark::DoNotOptimize(transfer);
}

// As the addon resumes: the flow also records its resumer for debuggers and profilers.
void bounce_linked(Transfer transfer, void* top) {
  for (;;) {
    transfer = context::switch_to(transfer.from, transfer.payload);
    context::link_resumer(context::bottom_frame(top), transfer.from);
  }
}

void greenfiber_linked_pair(benchmark::State& state) {
  Stacks stacks(1);
  char* top = stacks.top(0);
  SuspendedFrame* flow = context::prepare(top, bounce_linked, top);
  count_down(state, [&](void* payload) GREENFIBER_INLINE {
    const Transfer transfer = context::switch_to(flow, payload);
    flow = transfer.from;
    return transfer.payload;
  });
}

// Resume each of many suspended flows in turn; the caches decide.
void greenfiber_round_robin(benchmark::State& state) {
  const std::size_t count = static_cast<std::size_t>(state.range(0));
  Stacks stacks(count);
  std::vector<SuspendedFrame*> frames(count);
  for (std::size_t i = 0; i < count; ++i) {
    SuspendedFrame* first = context::prepare(stacks.top(i), bounce<context::switch_to>, nullptr);
    frames[i] = context::switch_to(first, nullptr).from;
  }
  std::size_t next = 0;
  for (auto _ : state) {
    frames[next] = context::switch_to(frames[next], nullptr).from;
    if (++next == count) next = 0;
  }
}

void finish_at_once(Transfer transfer, void*) {
  context::switch_to_final(transfer.from, transfer.payload);
}

// A whole life on a pooled stack: prepare, first entry, end.
void greenfiber_prepare_run_finish(benchmark::State& state) {
  Stacks stacks(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        context::switch_to(context::prepare(stacks.top(0), finish_at_once, nullptr), nullptr));
  }
}

// ---- peers ----

void boost_bounce(boost_context::transfer_t transfer) {
  for (;;) transfer = boost_context::jump_fcontext(transfer.fctx, transfer.data);
}

void boost_pair(benchmark::State& state) {
  Stacks stacks(1);
  boost_context::fcontext_t flow =
      boost_context::make_fcontext(stacks.top(0), kStackSize, boost_bounce);
  count_down(state, [&](void* payload) GREENFIBER_INLINE {
    const boost_context::transfer_t transfer = boost_context::jump_fcontext(flow, payload);
    flow = transfer.fctx;
    return transfer.data;
  });
}

ucontext_t host_context;
ucontext_t flow_context;

void swapcontext_bounce() {
  for (;;) swapcontext(&flow_context, &host_context);
}

void swapcontext_pair(benchmark::State& state) {
  Stacks stacks(1);
  getcontext(&flow_context);
  flow_context.uc_stack.ss_sp = stacks.low(0);
  flow_context.uc_stack.ss_size = kStackSize;
  flow_context.uc_link = nullptr;
  makecontext(&flow_context, swapcontext_bounce, 0);
  count_down(state, [](void* payload) GREENFIBER_INLINE {
    swapcontext(&host_context, &flow_context);
    return payload;
  });
}

BENCHMARK(call_indirect);
BENCHMARK(greenfiber_pair<context::switch_to>)->Name("greenfiber_inline_pair");
BENCHMARK(greenfiber_pair_counting_in_memory)->Name("greenfiber_inline_pair_counting_in_memory");
BENCHMARK(greenfiber_linked_pair)->Name("greenfiber_inline_linked_pair");
BENCHMARK(greenfiber_pair<context::switch_to_preserving_fp>)->Name("greenfiber_preserving_fp_pair");
BENCHMARK(greenfiber_pair<context::switch_to_out_of_line>)->Name("greenfiber_out_of_line_pair");
BENCHMARK(greenfiber_pair_below_a_call);
BENCHMARK(two_calls);
BENCHMARK(greenfiber_prepare_run_finish);
BENCHMARK(greenfiber_round_robin)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(boost_pair);
BENCHMARK(swapcontext_pair);

}  // namespace

BENCHMARK_MAIN();
