// The kernels of the Dew benchmark: dowork(chunk, n) on an int32[n].
#include "offload/library.h"

namespace greenfiber::offload {

namespace {

std::int32_t none(greenfiber_call* /*call*/, greenfiber_message* /*message*/) { return 0; }

// x = n, n times x *= n. Nobody wants the result.
std::int32_t arith(greenfiber_call* call, greenfiber_message* /*message*/) {
  const std::int64_t n = call->integers[0];
  auto x = static_cast<std::uint32_t>(n);
  for (std::int64_t i = 0; i < n; ++i) {
    x *= static_cast<std::uint32_t>(n);
    asm volatile("" : "+r"(x));  // or there would be nothing to do
  }
  return 0;
}

// chunk[i] *= 2
std::int32_t memory(greenfiber_call* call, greenfiber_message* message) {
  auto* chunk = static_cast<std::uint32_t*>(call->data);
  const std::int64_t n = call->integers[0];
  if (n < 0 || static_cast<std::size_t>(n) > call->length / sizeof *chunk) {
    return greenfiber_fail(message, 1, "n is more than the buffer holds integers of 32 bits");
  }
  for (std::int64_t i = 0; i < n; ++i) chunk[i] *= 2;
  return 0;
}

constexpr greenfiber_export kKernels[] = {
    {"none", "bi", none}, {"arith", "bi", arith}, {"memory", "bi", memory}};
constexpr greenfiber_library kTable = {GREENFIBER_ABI_VERSION, std::size(kKernels), kKernels};

}  // namespace

const greenfiber_library& built_in_kernels() { return kTable; }

}  // namespace greenfiber::offload
