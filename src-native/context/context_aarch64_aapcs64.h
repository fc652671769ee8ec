// The context switch for AArch64 with the AAPCS64 ABI (Linux, *BSD; ELF).
//
// The design is that of context_x86_64_sysv.h, which says why: inline assembly that saves the frame
// pointer and a resume address, moves the stack pointer, and declares every other register
// clobbered. Never compared with anything on AArch64 hardware.
//
// Rules of the assembly below:
//   * A flow is continued by `br`, never by `ret`: the return predictor expects every `ret` on the
//     stack of its call.
//   * sp is neither stored nor loaded. A SuspendedFrame lies at a fixed distance below the sp of
//     its flow and its address travels in x2, so the landing computes sp from x2.
//   * There is no red zone: what lies below sp is nobody's. So the frame lies directly below sp,
//     and one `stp` with write-back moves sp and writes the frame at once. sp stays a multiple of
//     16, without which the processor refuses to address memory through it.
//   * x0 = from, x1 = payload, x2 = to. The ABI passes and returns a Transfer in x0:x1.
//   * x29 is saved by hand, because with -fno-omit-frame-pointer it may not be named as a clobber.
//   * Under clang x19 is saved by hand too: its base pointer in a frame that is both over-aligned
//     and of variable size, as rbx is on x86-64.
//   * x18 is a temporary in Linux' ABI, and reserved on other platforms (and under -ffixed-x18). What
//     it is reserved for on Android, a shadow call stack in software, would need one for each flow.
//   * Labels are numeric (`1:`), since inlining and LTO duplicate the block. The landing is aligned.
//
// Not saved: FPCR, the rounding and exception mode, which the ABI makes callee-saved. It is equal in
// all flows unless one changes it; such a program calls switch_to_preserving_fp. FPSR, the flags of
// exceptions that were raised, belongs to the thread. Of v8-v15 the ABI makes the lower halves
// callee-saved and the upper ones not: all of them are clobbered here, and with SVE the z and p
// registers and ffr.
//
// SME: no switch may happen in streaming mode or with ZA in use, as at any call of an ordinary
// function. Nor while ZA is dormant, waiting to be saved lazily: TPIDR2_EL0 says where to, and is the
// thread's. Two flows with a ZA each would take the other's for their own.
//
// Branch target identification (BTI): each landing place starts with `bti j`, elsewhere a no-op.
//
// Pointer authentication (PAC): return addresses are signed with the sp of their own frame, which no
// switch changes, so they stay good. A resume address is not signed: whoever can write to the stack
// of a suspended flow can continue it elsewhere, at landing pads only where BTI is on.
//
// Guarded control stacks (GCS): unsupported, for the reason that x86-64 has against shadow stacks: a
// flow that was continued by `br` later executes `ret` against the control stack of another flow.
// context_aarch64_aapcs64.S withholds GCS in its property note; the linker combines notes by AND, so
// no binary that contains it is marked as compatible. A library that is loaded into a process which
// already runs with one finds out with shadow_stack_active() and must refuse to switch.
//
// A flow stays on the thread that started it: compilers keep thread-local addresses in the frame.
#pragma once

#include <cstdint>

#include "frames.h"

namespace greenfiber::context {

inline constexpr bool kSupported = true;
inline constexpr const char* kImplementation = "aarch64_aapcs64";

// From a SuspendedFrame up to the stack pointer of its flow: the frame, a word for x19, padding. The
// CFI in the .S file knows this number.
inline constexpr int kDistanceToStackPointer = 32;
static_assert(kDistanceToStackPointer >= static_cast<int>(sizeof(SuspendedFrame)) + 8);
static_assert(kDistanceToStackPointer % 16 == 0);

extern "C" {
// Defined in context_aarch64_aapcs64.S; hidden, so that their addresses are plain `adrp`s in PIC.
[[gnu::visibility("hidden")]] void greenfiber_context_enter();
[[gnu::visibility("hidden")]] Transfer greenfiber_context_switch(SuspendedFrame* to, void* payload);
}

#if defined(__clang__)
#define GREENFIBER_SAVE_X19 "str x19, [sp, #16]\n\t"
#define GREENFIBER_RESTORE_X19 "\n\tldr x19, [x2, #16]"
#define GREENFIBER_CLOBBER_X19
#else
#define GREENFIBER_SAVE_X19
#define GREENFIBER_RESTORE_X19
#define GREENFIBER_CLOBBER_X19 "x19",
#endif

#if defined(__linux__) && !defined(__ANDROID__)
#define GREENFIBER_CLOBBER_X18 "x18",
#else
#define GREENFIBER_CLOBBER_X18
#endif

// Everything but sp, x29 and the operands (x0, x1, x2).
#define GREENFIBER_CLOBBERS_INTEGER                                                              \
  GREENFIBER_CLOBBER_X19 GREENFIBER_CLOBBER_X18 "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", \
      "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x20", "x21", "x22", "x23", "x24", "x25", \
      "x26", "x27", "x28", "x30", "cc", "memory"
#if defined(__ARM_FEATURE_SVE)  // A compiler without SVE does not know the names (nor use them).
#define GREENFIBER_CLOBBERS_VECTOR                                                               \
  "z0", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8", "z9", "z10", "z11", "z12", "z13", "z14", \
      "z15", "z16", "z17", "z18", "z19", "z20", "z21", "z22", "z23", "z24", "z25", "z26", "z27", \
      "z28", "z29", "z30", "z31", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9",    \
      "p10", "p11", "p12", "p13", "p14", "p15", "ffr"
#else
#define GREENFIBER_CLOBBERS_VECTOR                                                               \
  "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", \
      "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", \
      "v28", "v29", "v30", "v31"
#endif

// Leave the current flow, continue `to` and hand it `payload` and our own SuspendedFrame. Returns
// when somebody switches back here.
[[gnu::always_inline]] inline Transfer switch_to(SuspendedFrame* to, void* payload) {
  register SuspendedFrame* from_register asm("x0");
  register void* payload_register asm("x1") = payload;
  register SuspendedFrame* to_register asm("x2") = to;
  asm volatile(
      // Make a SuspendedFrame.
      "adr x16, 1f\n\t"
      "stp x29, x16, [sp, #-%c[distance]]!\n\t"  //
      GREENFIBER_SAVE_X19
      // Go on where the other is: x0 = from, x1 = payload, x2 = to.
      "mov x0, sp\n\t"
      "ldp x29, x16, [x2]\n\t"
      "br x16\n\t"
      ".p2align 4\n"
      // Landing: x2 is the frame made above; for two more instructions sp is still the other's.
      "1:\n\t"
      "hint #36\n\t"               // bti j, by its number, which every assembler knows
      "add sp, x2, #%c[distance]"  //
      GREENFIBER_RESTORE_X19
      : "=r"(from_register), "+r"(payload_register), "+r"(to_register)
      : [distance] "i"(kDistanceToStackPointer)
      : GREENFIBER_CLOBBERS_INTEGER, GREENFIBER_CLOBBERS_VECTOR);
  return {from_register, payload_register};
}

// switch_to as an ordinary call that saves the callee-saved registers: slower, smaller, and for
// code that no compiler can see through.
inline Transfer switch_to_out_of_line(SuspendedFrame* to, void* payload) {
  return greenfiber_context_switch(to, payload);
}

// Like switch_to, but nobody can come back: the current flow is finished and its stack may be used
// again at once. The other side receives `from == nullptr`.
[[noreturn, gnu::always_inline]] inline void switch_to_final(SuspendedFrame* to, void* payload) {
  register void* from_register asm("x0") = nullptr;
  register void* payload_register asm("x1") = payload;
  register SuspendedFrame* to_register asm("x2") = to;
  asm volatile(
      "ldp x29, x16, [x2]\n\t"
      "br x16"
      :
      : "r"(from_register), "r"(payload_register), "r"(to_register)
      : "x16", "memory");
  __builtin_unreachable();
}

// switch_to for programs that change the rounding or exception mode of floating-point arithmetic.
[[gnu::always_inline]] inline Transfer switch_to_preserving_fp(SuspendedFrame* to, void* payload) {
  std::uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  const Transfer transfer = switch_to(to, payload);
  asm volatile("msr fpcr, %0" : : "r"(fpcr));
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

// Whether this thread runs with a guarded control stack, where no switch may happen: `chkfeat x16`
// clears bit 0 if so, and is a no-op on processors that do not know it.
inline bool shadow_stack_active() {
  register std::uint64_t features asm("x16") = 1;
  asm volatile("hint #40" : "+r"(features));
  return features == 0;
}

#undef GREENFIBER_SAVE_X19
#undef GREENFIBER_RESTORE_X19
#undef GREENFIBER_CLOBBER_X19
#undef GREENFIBER_CLOBBER_X18
#undef GREENFIBER_CLOBBERS_INTEGER
#undef GREENFIBER_CLOBBERS_VECTOR

}  // namespace greenfiber::context
