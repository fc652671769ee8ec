/* The kernels of the Dew benchmark, a library of external functions: dowork(chunk, n) on an int32[n]. */
#include <greenfiber.h>

static int32_t none(greenfiber_call* call, greenfiber_message* message) {
  (void)call;
  (void)message;
  return 0;
}

/* x = n, n times x *= n. Nobody wants the result. */
static int32_t arith(greenfiber_call* call, greenfiber_message* message) {
  const int64_t n = call->integers[0];
  uint32_t x = (uint32_t)n;
  (void)message;
  for (int64_t i = 0; i < n; i++) {
    x *= (uint32_t)n;
    __asm__ volatile("" : "+r"(x)); /* or there would be nothing to do */
  }
  return 0;
}

/* chunk[i] *= 2 */
static int32_t memory(greenfiber_call* call, greenfiber_message* message) {
  uint32_t* chunk = call->data;
  const int64_t n = call->integers[0];
  if (n < 0 || (size_t)n > call->length / sizeof *chunk)
    return greenfiber_fail(message, 1, "n is more than the buffer holds integers of 32 bits");
  for (int64_t i = 0; i < n; i++) chunk[i] *= 2;
  return 0;
}

GREENFIBER_EXPORTS({"none", "bi", none}, {"arith", "bi", arith}, {"memory", "bi", memory})
