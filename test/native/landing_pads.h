// What an indirect jump has to land on, where the processor looks; and a main() under which it does.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "check.h"

namespace greenfiber::test {

#if defined(__x86_64__)
inline constexpr unsigned char kLandingPad[] = {0xf3, 0x0f, 0x1e, 0xfa};  // endbr64
#elif defined(__aarch64__)
inline constexpr unsigned char kLandingPad[] = {0x9f, 0x24, 0x03, 0xd5};  // bti j
#endif

// The sanitizers would object to reading code.
__attribute__((no_sanitize("address", "undefined"))) inline bool starts_with_landing_pad(
    const void* address) {
  const unsigned char* code = static_cast<const unsigned char*>(address);
  return code[0] == kLandingPad[0] && code[1] == kLandingPad[1] && code[2] == kLandingPad[2] &&
         code[3] == kLandingPad[3];
}

}  // namespace greenfiber::test

#if defined(__ARM_FEATURE_BTI_DEFAULT)

// Programs run without branch target identification when a part of them was not compiled for it, and the C library's
// parts seldom are. So our code is put under it by hand; at the end no such part may be called.
extern "C" char __executable_start, etext;

namespace greenfiber::test {

inline constexpr std::uintptr_t kPage = 64 * 1024;  // the largest there are
inline constexpr int kProtBti = 0x10;

inline bool enforce_landing_pads() {
  const std::uintptr_t low = reinterpret_cast<std::uintptr_t>(&__executable_start) & ~(kPage - 1);
  const std::uintptr_t high = (reinterpret_cast<std::uintptr_t>(&etext) + kPage - 1) & ~(kPage - 1);
  return mprotect(reinterpret_cast<void*>(low), high - low, PROT_READ | PROT_EXEC | kProtBti) == 0;
}

inline int run_under_landing_pads(int argc, char** argv) {
  if (!enforce_landing_pads()) std::perror("PROT_BTI");
  const int status = run_all(argc, argv);
  std::fflush(stdout);
  _exit(status);
}

}  // namespace greenfiber::test

#define CONTEXT_TEST_MAIN() \
  int main(int argc, char** argv) { return greenfiber::test::run_under_landing_pads(argc, argv); }

#else

#define CONTEXT_TEST_MAIN TEST_MAIN

#endif
