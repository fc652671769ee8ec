#include "offload/pins.h"

namespace greenfiber::offload {

namespace {

// Where V8 and Node throw when a buffer with a key is detached without it. Before, both take it for impossible and
// end the process: there a buffer can be detached, and its memory stays until the call has ended.
constexpr bool kRefusesDetaching = V8_MAJOR_VERSION >= 13;

}  // namespace

void Pins::add(v8::Local<v8::Value> buffer, const std::shared_ptr<v8::BackingStore>& memory,
               List& list) {
  list.push_back(memory.get());
  Pin& pin = pins_[memory.get()];
  if (pin.count++ > 0) return;
  pin.memory = memory;
  if (!kRefusesDetaching || !buffer->IsArrayBuffer()) return;
  v8::Local<v8::ArrayBuffer> detachable = buffer.As<v8::ArrayBuffer>();
  if (!detachable->IsDetachable()) return;
  // Detaching needs this key, which nobody else can name: it is an error meanwhile.
  detachable->SetDetachKey(v8::Symbol::New(isolate_));
  pin.buffer.Reset(isolate_, detachable);
}

void Pins::release(List& list) {
  for (v8::BackingStore* memory : list) {
    const auto place = pins_.find(memory);
    Pin& pin = place->second;
    if (--pin.count > 0) continue;
    if (!pin.buffer.IsEmpty()) {
      pin.buffer.Get(isolate_)->SetDetachKey(v8::Undefined(isolate_));
    }
    pins_.erase(place);
  }
  list.clear();
}

}  // namespace greenfiber::offload
