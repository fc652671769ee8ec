// What the native switch promises (src-native/context). Backtraces: context_backtrace_test.cc.
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <cfenv>
#include <csignal>
#include <cstdlib>
#include <type_traits>

#include "check.h"
#include "context_fixture.h"
#include "landing_pads.h"

namespace greenfiber::test {
namespace {

// Answers each payload with payload + 1, for ever.
void echo_plus_one(Transfer transfer, void* argument) {
  Flow& self = **static_cast<Flow**>(argument);
  arrive(self);
  for (;;) {
    clobber_registers();
    transfer = yield(self, transfer.from, word(number(transfer.payload) + 1));
  }
}

// The same, by the out-of-line switch.
void echo_out_of_line(Transfer transfer, void* argument) {
  Flow& self = **static_cast<Flow**>(argument);
  arrive(self);
  for (;;) {
    clobber_registers();
    transfer = yield<context::switch_to_out_of_line>(self, transfer.from,
                                                     word(number(transfer.payload) + 1));
  }
}

// Keeps more values alive across a switch than there are registers, of every register class.
template <Switch kSwitch>
bool values_survive(Flow& flow) {
  volatile long seed = 3;
  long a = seed, b = a * 5, c = b ^ 77, d = c + a, e = d * 3, f = e - b, g = f * 7, h = g + c;
  double x = static_cast<double>(seed) / 7, y = x * 3, z = y - x / 2;
  long double wide = static_cast<long double>(seed) / 3;
  const long before = a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8;
  bool all = true;
  for (int i = 0; i < 100; ++i) {
    all &= number(resume<kSwitch>(flow, word(i))) == i + 1;
  }
  const long after = a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8;
  volatile double vx = static_cast<double>(seed) / 7;
  volatile long double vwide = static_cast<long double>(seed) / 3;
  return all && before == after && x == vx && y == vx * 3 && z == vx * 3 - vx / 2 && wide == vwide;
}

TEST(a_round_trip_keeps_live_values_in_registers_and_delivers_the_payloads) {
  Stacks stacks(2);
  Flow* flow;
  Flow inline_flow(stacks, 0, echo_plus_one, &flow);
  flow = &inline_flow;
  CHECK(values_survive<context::switch_to>(*flow));
  CHECK(values_survive<context::switch_to_out_of_line>(*flow));
  CHECK(values_survive<context::switch_to_preserving_fp>(*flow));
  Flow out_of_line_flow(stacks, 1, echo_out_of_line, &flow);
  flow = &out_of_line_flow;
  CHECK(values_survive<context::switch_to>(*flow));
  CHECK(values_survive<context::switch_to_out_of_line>(*flow));
}

}  // namespace

// A flow that goes straight back, its first argument being Transfer::from, and leaves junk in the
// register that clang uses as a base pointer.
extern "C" void go_back_with_junk_in_base_pointer(Transfer, void*);
#if defined(__x86_64__)
asm(".text\n"
    ".globl go_back_with_junk_in_base_pointer\n"
    "go_back_with_junk_in_base_pointer:\n\t"
    "endbr64\n\t"
    "movq $-1, %rbx\n\t"
    "xorl %eax, %eax\n\t"
    "movq 8(%rdi), %rcx\n\t"
    "movq 0(%rdi), %rbp\n\t"
    "jmp *%rcx");
#elif defined(__aarch64__)
asm(".text\n"
    ".globl go_back_with_junk_in_base_pointer\n"
    "go_back_with_junk_in_base_pointer:\n\t"
    "hint #34\n\t"  // bti c
    "mov x19, #-1\n\t"
    "mov x2, x0\n\t"
    "mov x0, #0\n\t"
    "ldp x29, x16, [x2]\n\t"
    "br x16");
#endif

namespace {

// Over-aligned and of variable size: a frame that clang addresses through its base pointer. (Without sanitizer
// hooks: the flow returns before anything could ask for them.)
[[gnu::noinline]] long switch_from_odd_frame(SuspendedFrame* to, std::size_t size) {
  alignas(64) volatile char aligned[64];
  volatile char* variable = static_cast<volatile char*>(__builtin_alloca(size));
  aligned[0] = 5;
  variable[size - 1] = 3;
  context::switch_to(to, nullptr);
  return aligned[0] + variable[size - 1];
}

TEST(a_frame_that_is_over_aligned_and_of_variable_size_survives_a_switch) {
  Stacks stacks(1);
  for (std::size_t size = 1; size < 300; size += 50) {
    SuspendedFrame* flow =
        context::prepare(stacks.top(0), go_back_with_junk_in_base_pointer, nullptr);
    CHECK(switch_from_odd_frame(flow, size) == 8);
  }
}

struct Alignment {
  Flow* flow = nullptr;
  std::uintptr_t entry_frame = 1;
};

// movaps faults on a misaligned address, AArch64 on each access through a misaligned sp; the frame
// pointer of a standard frame is aligned iff the stack pointer was at the call.
void store_aligned_vectors(Transfer transfer, void* argument) {
  Alignment& seen = *static_cast<Alignment*>(argument);
  arrive(*seen.flow);
  seen.entry_frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  for (;;) {
    alignas(16) float vector[4] = {1, 2, 3, 4};
#if defined(__x86_64__)
    const __m128 loaded = _mm_load_ps(vector);
    asm volatile("movaps %1, %0" : "=m"(vector) : "x"(loaded));
#else
    asm volatile("" : "+m"(vector));
    if (reinterpret_cast<std::uintptr_t>(vector) % 16 != 0) std::abort();
#endif
    transfer = yield(*seen.flow, transfer.from);
  }
}

TEST(the_stack_is_aligned_by_16_at_entry_for_every_stack_top) {
  for (std::size_t offset = 0; offset < 128; offset += 16) {
    Stacks stacks(1);
    Alignment seen;
    Flow flow(stacks, 0, store_aligned_vectors, &seen);
    flow.top = stacks.top(0) - offset;
    flow.frame = context::prepare(flow.top, store_aligned_vectors, &seen);
    seen.flow = &flow;
    resume(flow);
    resume(flow);
    CHECK(seen.entry_frame % 16 == 0);
  }
}

// Yields at each of `depth` levels, on the way down and on the way up.
[[gnu::noinline]] Transfer descend(Flow& self, Transfer transfer, int depth) {
  volatile int mine = depth;
  transfer = yield(self, transfer.from, word(depth));
  if (depth > 0) transfer = descend(self, transfer, depth - 1);
  return yield(self, transfer.from, word(mine));
}

void descend_500(Transfer transfer, void* argument) {
  Flow& self = **static_cast<Flow**>(argument);
  arrive(self);
  transfer = descend(self, transfer, 500);
  finish(self, transfer.from, word(-1));
}

TEST(a_flow_suspends_at_any_depth_of_recursion) {
  Stacks stacks(1);
  Flow* self;
  Flow flow(stacks, 0, descend_500, &self);
  self = &flow;
  bool in_order = true;
  for (int depth = 500; depth >= 0; --depth) in_order &= number(resume(flow)) == depth;
  for (int depth = 0; depth <= 500; ++depth) in_order &= number(resume(flow)) == depth;
  CHECK(in_order);
  CHECK(number(resume(flow)) == -1);
}

TEST(nothing_below_the_frame_of_a_suspended_flow_is_alive) {
  Stacks stacks(1);
  Flow* self;
  Flow flow(stacks, 0, descend_500, &self);
  self = &flow;
  bool in_order = true;
  for (int depth = 500; depth >= 0; --depth) {
    in_order &= number(resume(flow)) == depth;
    char* lowest = reinterpret_cast<char*>(flow.frame);
    in_order &= lowest > stacks.low(0) + 4096;
    for (char* p = lowest - 4096; p < lowest; ++p) *p = 0x5a;
  }
  CHECK(in_order);
  CHECK(number(resume(flow)) == 0);
  flow.watch.forget_flow();
}

void return_argument_once(Transfer transfer, void* argument) {
  Flow& self = **static_cast<Flow**>(argument);
  arrive(self);
  volatile char locals[512];
  for (char& c : const_cast<char(&)[512]>(locals)) c = 1;
  finish(self, transfer.from, transfer.payload);
}

TEST(a_finished_flow_is_reported_by_a_null_frame_and_its_stack_runs_another) {
  Stacks stacks(1);
  Flow* self;
  Flow flow(stacks, 0, return_argument_once, &self);
  self = &flow;
  for (int i = 0; i < 1000; ++i) {
    flow.frame = context::prepare(flow.top, return_argument_once, &self);
    CHECK(number(resume(flow, word(i))) == i);
    CHECK(flow.frame == nullptr);
  }
  // A stack may change its job, and an abandoned flow needs no farewell.
  flow.frame = context::prepare(flow.top, echo_plus_one, &self);
  CHECK(number(resume(flow, word(41))) == 42);
  flow.watch.forget_flow();
  flow.frame = context::prepare(flow.top, return_argument_once, &self);
  CHECK(number(resume(flow, word(7))) == 7);
}

// A chain of resumers: each flow resumes the next and adds 1 to what comes back.
struct Chain {
  Flow* flows[6];
};

void resume_next_in_chain(Transfer transfer, void* argument) {
  Chain& chain = *static_cast<Chain*>(argument);
  const std::intptr_t index = number(transfer.payload);
  Flow& self = *chain.flows[index];
  arrive(self);
  const bool last = index + 1 == 6;
  const std::intptr_t sum = last ? 0 : number(resume(*chain.flows[index + 1], word(index + 1)));
  transfer = yield(self, transfer.from, word(sum + 1));
  finish(self, transfer.from);
}

TEST(resumers_nest_with_stacks_above_and_below_their_resumer_in_memory) {
  Stacks stacks(6);
  const std::size_t orders[3][6] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {3, 0, 5, 2, 4, 1}};
  for (const auto& order : orders) {
    Chain chain;
    Flow flows[6] = {{stacks, order[0], resume_next_in_chain, &chain},
                     {stacks, order[1], resume_next_in_chain, &chain},
                     {stacks, order[2], resume_next_in_chain, &chain},
                     {stacks, order[3], resume_next_in_chain, &chain},
                     {stacks, order[4], resume_next_in_chain, &chain},
                     {stacks, order[5], resume_next_in_chain, &chain}};
    for (int i = 0; i < 6; ++i) chain.flows[i] = &flows[i];
    CHECK(number(resume(flows[0], word(0))) == 6);
  }
}

// Symmetric transfer: host -> a -> b -> c -> host. Each hands the next the log and the host's
// frame.
struct Relay {
  SuspendedFrame* host = nullptr;
  StackWatch* host_watch = nullptr;
  Flow* flows[3] = {};
  SuspendedFrame* seen_from[3] = {};
  int visits = 0;
};

void pass_on(Transfer transfer, void* argument) {
  Relay& relay = *static_cast<Relay*>(argument);
  const std::intptr_t index = number(transfer.payload);
  Flow& self = *relay.flows[index];
  arrive(self);
  if (index == 0) relay.host = transfer.from;
  relay.seen_from[index] = transfer.from;
  ++relay.visits;
  const bool last = index == 2;
  StackWatch& next_watch = last ? *relay.host_watch : relay.flows[index + 1]->watch;
  SuspendedFrame* next = last ? relay.host : relay.flows[index + 1]->frame;
  self.watch.leave_for(next_watch);
  context::switch_to(next, word(index + 1));
  std::abort();  // Nobody comes back.
}

TEST(control_passes_symmetrically_from_a_to_b_to_c_and_home) {
  Stacks stacks(3);
  Relay relay;
  Flow a(stacks, 0, pass_on, &relay);
  Flow b(stacks, 1, pass_on, &relay);
  Flow c(stacks, 2, pass_on, &relay);
  relay.flows[0] = &a;
  relay.flows[1] = &b;
  relay.flows[2] = &c;
  relay.host_watch = running();
  relay.host_watch->leave_for(a.watch);
  const Transfer home = context::switch_to(a.frame, word(0));
  relay.host_watch->arrived();
  CHECK(number(home.payload) == 3);
  CHECK(relay.visits == 3);
  CHECK(relay.seen_from[0] == relay.host);
  CHECK(relay.seen_from[1] != relay.host && relay.seen_from[2] != relay.seen_from[1]);
  CHECK(home.from != relay.seen_from[2]);
}

void set_rounding_upward(Transfer transfer, void* argument) {
  Flow& self = **static_cast<Flow**>(argument);
  arrive(self);
  for (;;) {
    std::fesetround(FE_UPWARD);
    transfer =
        yield<context::switch_to_preserving_fp>(self, transfer.from, word(std::fegetround()));
    if (std::fegetround() != FE_UPWARD) std::abort();
  }
}

TEST(switch_to_preserving_fp_keeps_a_rounding_mode_of_its_own_for_each_flow) {
  Stacks stacks(1);
  Flow* self;
  Flow flow(stacks, 0, set_rounding_upward, &self);
  self = &flow;
  std::fesetround(FE_TOWARDZERO);
  for (int i = 0; i < 3; ++i) {
    CHECK(number(resume<context::switch_to_preserving_fp>(flow)) == FE_UPWARD);
    CHECK(std::fegetround() == FE_TOWARDZERO);
  }
  std::fesetround(FE_TONEAREST);
}

volatile std::sig_atomic_t signals_seen = 0;

void raise_signal(Transfer transfer, void* argument) {
  Flow& self = **static_cast<Flow**>(argument);
  arrive(self);
  for (;;) {
    std::raise(SIGUSR1);
    transfer = yield(self, transfer.from);
  }
}

TEST(signals_are_handled_on_the_running_stack_and_leave_the_suspended_ones_alone) {
  std::signal(SIGUSR1, [](int) { signals_seen = signals_seen + 1; });
  Stacks stacks(2);
  Flow* self;
  Flow flow(stacks, 0, raise_signal, &self);
  self = &flow;
  Flow* echo;
  Flow echo_flow(stacks, 1, echo_plus_one, &echo);
  echo = &echo_flow;
  for (int i = 0; i < 10; ++i) {
    resume(flow);
    std::raise(SIGUSR1);
    CHECK(number(resume(echo_flow, word(i))) == i + 1);
  }
  CHECK(signals_seen == 20);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST(each_landing_place_starts_with_a_landing_pad) {
  Stacks stacks(2);
  Flow* self;
  Flow flow(stacks, 0, echo_plus_one, &self);
  self = &flow;
  CHECK(starts_with_landing_pad(flow.frame->resume_address));  // the entry trampoline
  resume(flow);
  CHECK(starts_with_landing_pad(flow.frame->resume_address));  // the inline switch
  Flow other(stacks, 1, echo_out_of_line, &self);
  self = &other;
  resume(other);
  CHECK(starts_with_landing_pad(other.frame->resume_address));  // the out-of-line switch
}

TEST(this_process_runs_without_a_shadow_stack) { CHECK(!context::shadow_stack_active()); }

TEST(prepare_touches_only_the_bottom_frame) {
  Stacks stacks(1);
  StackWatch watch(stacks.low(0), Stacks::kSize);
  for (char* p = stacks.low(0); p < stacks.top(0); ++p) *p = 0x5a;
  context::prepare(stacks.top(0), echo_plus_one, nullptr);
  const char* bottom = reinterpret_cast<const char*>(context::bottom_frame(stacks.top(0)));
  bool untouched = true;
  for (const char* p = stacks.low(0); p < bottom; ++p) untouched &= *p == 0x5a;
  CHECK(untouched);
  CHECK(stacks.top(0) - bottom == sizeof(BottomFrame));
  static_assert(context::kSupported);
  static_assert(std::is_trivial_v<SuspendedFrame> && std::is_trivial_v<BottomFrame>);
}

}  // namespace
}  // namespace greenfiber::test

CONTEXT_TEST_MAIN()
