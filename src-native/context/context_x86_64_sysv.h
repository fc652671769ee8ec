// The context switch for x86-64 with the System V ABI (Linux, *BSD; ELF).
//
// The switch is inline assembly that the compiler sees through: it saves the frame pointer and a
// resume address, moves the stack pointer, and declares every other register clobbered. The
// compiler then spills exactly the values that are live at that place, most often none or two,
// where a stand-alone routine must save six registers each time (Dolan, Muralidharan, Gregg:
// "Compiler support for lightweight context switching", 2013).
//
// Rules of the assembly below:
//   * A flow is continued by `jmp *reg`, never by `ret`: the return predictor expects every `ret`
//     on the stack of its call, so a `ret` into another stack is mispredicted each time (6-7 ns).
//   * rsp is neither stored nor loaded. A SuspendedFrame lies at a fixed distance below the rsp of
//     its flow and its address travels in rdi, so the landing computes rsp from rdi. Loading a word
//     that the same flow stored at its last switch would put a store-to-load forwarding on the
//     critical path: 1.8 instead of 1.4 ns for a pair of switches (Zen 4).
//   * That distance spares the red zone, the 128 bytes below rsp where compilers keep live values,
//     and rsp moves before the frame is written, because a signal handler may overwrite whatever
//     lies further below. Nothing below a SuspendedFrame is alive.
//   * rbp is saved by hand, because with -fno-omit-frame-pointer it may not be named as a clobber.
//   * Under clang rbx is saved by hand too. Clang addresses a frame that is both over-aligned and
//     of variable size through rbx (AddressSanitizer makes such frames), and neither respects nor
//     reports a clobber of it there.
//   * Labels are numeric (`1:`), since inlining and LTO duplicate the block. The landing is
//     aligned, which costs nothing behind a jump: unaligned, some places took 2.5 ns instead of
//     1.6.
//
// Not saved: MXCSR and the x87 control word, which the ABI makes callee-saved. They are equal in
// all flows unless one changes the rounding or exception mode; such a program calls
// switch_to_preserving_fp, which costs about 4 ns more (Zen 4).
//
// Intel CET. Indirect branch tracking: each landing place starts with `endbr64`, elsewhere a
// no-op of four bytes (per pair of switches no cycle in two of three benchmarks, one in the third).
// Shadow stacks: unsupported. A flow that was continued by `jmp` later executes `ret` against the
// shadow stack of another flow and gets a control-protection fault (SIGSEGV). context_x86_64_sysv.S
// therefore declares IBT and withholds SHSTK in its property note; the linker combines notes by
// AND, so no binary that contains it is marked as compatible, and glibc does not enable shadow
// stacks for it. A library that is loaded into a process which already runs with one finds out with
// shadow_stack_active() and must refuse to switch.
//
// A flow stays on the thread that started it: compilers keep thread-local addresses in the frame.
#pragma once

#include <cstdint>

#include "frames.h"

namespace greenfiber::context {

inline constexpr bool kSupported = true;
inline constexpr const char* kImplementation = "x86_64_sysv";

// From a SuspendedFrame up to the stack pointer of its flow: the frame, a word for rbx, padding
// that keeps the frame within one cache line, the red zone. The CFI in the .S file knows this
// number.
inline constexpr int kDistanceToStackPointer = 160;
static_assert(kDistanceToStackPointer >= static_cast<int>(sizeof(SuspendedFrame)) + 8 + 128);
static_assert(kDistanceToStackPointer % 16 == 0);

extern "C" {
// Defined in context_x86_64_sysv.S; hidden, so that their addresses are plain `lea`s in PIC.
[[gnu::visibility("hidden")]] void greenfiber_context_enter();
[[gnu::visibility("hidden")]] Transfer greenfiber_context_switch(SuspendedFrame* to, void* payload);
}

#if defined(__clang__)
#define GREENFIBER_SAVE_RBX "movq %%rbx, 16(%%rsp)\n\t"
#define GREENFIBER_RESTORE_RBX "\n\tmovq 16(%%rdi), %%rbx"
#define GREENFIBER_CLOBBER_RBX
#else
#define GREENFIBER_SAVE_RBX
#define GREENFIBER_RESTORE_RBX
#define GREENFIBER_CLOBBER_RBX "rbx",
#endif

// Everything but rsp, rbp and the operands (rax, rdx, rdi). The x87 and MMX registers are
// caller-saved like the vector registers.
#define GREENFIBER_CLOBBERS_INTEGER                                                                \
  GREENFIBER_CLOBBER_RBX "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", \
      "memory"
#define GREENFIBER_CLOBBERS_VECTOR                                                         \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define GREENFIBER_CLOBBERS_X87                                                                    \
  "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "mm0", "mm1", "mm2", "mm3", \
      "mm4", "mm5", "mm6", "mm7"
#if defined(__AVX512F__)  // A compiler without AVX-512 does not know the names (nor use them).
#define GREENFIBER_CLOBBERS_AVX512                                                              \
  , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",   \
      "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", \
      "k6", "k7"
#else
#define GREENFIBER_CLOBBERS_AVX512
#endif

// Leave the current flow, continue `to` and hand it `payload` and our own SuspendedFrame. Returns
// when somebody switches back here.
[[gnu::always_inline]] inline Transfer switch_to(SuspendedFrame* to, void* payload) {
  SuspendedFrame* from;
  asm volatile(
      // Make a SuspendedFrame.
      "leaq -%c[distance](%%rsp), %%rsp\n\t"
      "leaq 1f(%%rip), %%rcx\n\t"
      "movq %%rbp, 0(%%rsp)\n\t"
      "movq %%rcx, 8(%%rsp)\n\t"  //
      GREENFIBER_SAVE_RBX
      // Go on where the other is: rax = from, rdx = payload, rdi = to.
      "movq %%rsp, %%rax\n\t"
      "movq 8(%%rdi), %%rcx\n\t"
      "movq 0(%%rdi), %%rbp\n\t"
      "jmp *%%rcx\n\t"
      ".p2align 4\n"
      // Landing: rdi is the frame made above; for two more instructions rsp is still the other's.
      "1:\n\t"
      "endbr64\n\t"
      "leaq %c[distance](%%rdi), %%rsp"  //
      GREENFIBER_RESTORE_RBX
      : "=a"(from), "+d"(payload), "+D"(to)
      : [distance] "i"(kDistanceToStackPointer)
      : GREENFIBER_CLOBBERS_INTEGER, GREENFIBER_CLOBBERS_VECTOR,
        GREENFIBER_CLOBBERS_X87 GREENFIBER_CLOBBERS_AVX512);
  return {from, payload};
}

// switch_to as an ordinary call that saves the callee-saved registers: slower, smaller, and for
// code that no compiler can see through.
inline Transfer switch_to_out_of_line(SuspendedFrame* to, void* payload) {
  return greenfiber_context_switch(to, payload);
}

// Like switch_to, but nobody can come back: the current flow is finished and its stack may be used
// again at once. The other side receives `from == nullptr`.
[[noreturn, gnu::always_inline]] inline void switch_to_final(SuspendedFrame* to, void* payload) {
  asm volatile(
      "movq 8(%%rdi), %%rcx\n\t"
      "movq 0(%%rdi), %%rbp\n\t"
      "jmp *%%rcx"
      :
      : "a"(nullptr), "d"(payload), "D"(to)
      : "rcx", "memory");
  __builtin_unreachable();
}

// switch_to for programs that change the rounding or exception mode of floating-point arithmetic.
[[gnu::always_inline]] inline Transfer switch_to_preserving_fp(SuspendedFrame* to, void* payload) {
  std::uint32_t mxcsr;
  std::uint16_t x87_control;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87_control));
  const Transfer transfer = switch_to(to, payload);
  asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(x87_control));
  return transfer;
}

// Lay out the bottom frame so that the first switch to it calls entry(first, argument) on the stack
// that ends at `top` (aligned by 16). Call it again to use the stack for another flow after the
// first has finished.
inline SuspendedFrame* prepare(void* top, Entry entry, void* argument) {
  BottomFrame* bottom = bottom_frame(top);
  bottom->frame.frame_pointer = bottom;
  bottom->frame.resume_address = reinterpret_cast<void*>(&greenfiber_context_enter);
  bottom->entry = entry;
  bottom->argument = argument;
  return &bottom->frame;
}

// Whether this thread runs with a CET shadow stack, where no switch may happen.
inline bool shadow_stack_active() {
  std::uint64_t shadow_stack_pointer = 0;
  asm("rdsspq %0" : "+r"(shadow_stack_pointer));  // A no-op where shadow stacks are off.
  return shadow_stack_pointer != 0;
}

#undef GREENFIBER_SAVE_RBX
#undef GREENFIBER_RESTORE_RBX
#undef GREENFIBER_CLOBBER_RBX
#undef GREENFIBER_CLOBBERS_INTEGER
#undef GREENFIBER_CLOBBERS_VECTOR
#undef GREENFIBER_CLOBBERS_X87
#undef GREENFIBER_CLOBBERS_AVX512

}  // namespace greenfiber::context
