// How deep does native code reach into a fiber's stack? Paints the part that is not in use yet, and later
// finds the lowest byte that has changed.
//
//   slot (aligned by its size, the stackSize of its fiber)
//   | guard, a page | headroom | JavaScript ...... | in use |  record, handles |
//                   |<- painted, up to just below paint() ->|
//                              ^ V8's limit
#include <node_api.h>
#include <unistd.h>

#include <cstdint>

namespace {

constexpr std::uint64_t kPaint = 0x5afe5afe5afe5afe;
constexpr std::uintptr_t kMargin = 512;  // the painter's own frame and red zone

std::uintptr_t slot_size(napi_env env, napi_callback_info info) {
  std::size_t count = 1;
  napi_value argument;
  std::uint32_t size = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_uint32(env, argument, &size);
  return size;
}

volatile std::uint64_t* lowest_word(std::uintptr_t here, std::uintptr_t size) {
  const auto guard = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  return reinterpret_cast<volatile std::uint64_t*>((here & ~(size - 1)) + guard);
}

// paint(stackSize)
napi_value paint(napi_env env, napi_callback_info info) {
  const std::uintptr_t size = slot_size(env, info);
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  auto* end = reinterpret_cast<volatile std::uint64_t*>(here - kMargin);
  for (auto* word = lowest_word(here, size); word < end; ++word) *word = kPaint;
  return nullptr;
}

// lowest(stackSize): how many bytes above the guard the lowest byte lies that was written since paint().
napi_value lowest(napi_env env, napi_callback_info info) {
  const std::uintptr_t size = slot_size(env, info);
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  volatile std::uint64_t* const low = lowest_word(here, size);
  volatile std::uint64_t* word = low;
  while (*word == kPaint) ++word;
  napi_value result;
  napi_create_double(env, static_cast<double>((word - low) * 8), &result);
  return result;
}

napi_value initialize(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "paint", NAPI_AUTO_LENGTH, paint, nullptr, &function);
  napi_set_named_property(env, exports, "paint", function);
  napi_create_function(env, "lowest", NAPI_AUTO_LENGTH, lowest, nullptr, &function);
  napi_set_named_property(env, exports, "lowest", function);
  return exports;
}

NAPI_MODULE(watermark, initialize)

}  // namespace
