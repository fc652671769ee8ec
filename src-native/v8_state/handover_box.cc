#include "v8_state/handover_box.h"

#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

bool HandoverBox::is_right(v8::Isolate* isolate, v8::Local<v8::Context> context) const {
  v8::HandleScope scope(isolate);
  v8::Local<v8::Array> array = array_.Get(isolate);
  v8::Local<v8::Object> marker = v8::Object::New(isolate);
  // Stored by V8, so the elements are the array's own from now on, and no literal's.
  if (!array->CreateDataProperty(context, 0, marker).FromMaybe(false)) return false;
  Tagged elements, first;
  if (!MemoryProbe::read(reinterpret_cast<void*>(*slot_ + kElements), &elements, sizeof elements) ||
      (elements & 3) != 1 ||
      !MemoryProbe::read(reinterpret_cast<void*>(elements + kFirst), &first, sizeof first) ||
      first != tagged_word(marker)) {
    return false;
  }
  v8::Local<v8::Value> left;
  return take() == tagged_word(marker) && array->Get(context, 0).ToLocal(&left) &&
         left->IsUndefined();
}

}  // namespace greenfiber::v8_state
