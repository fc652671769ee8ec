#include "offload/pins.h"

#include "v8_state/v8_version.h"

namespace greenfiber::offload {

void Pins::add(v8::Local<v8::Value> buffer, const std::shared_ptr<v8::BackingStore>& memory,
               List& list) {
  list.push_back(memory.get());
  Pin& pin = pins_[memory.get()];
  if (pin.count++ > 0) return;
  pin.memory = memory;
  // Without a refusal it can be detached, and its memory stays until the call has ended.
  if (!v8_state::kRefusesDetaching || !buffer->IsArrayBuffer()) return;
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
