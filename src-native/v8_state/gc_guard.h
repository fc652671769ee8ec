// Sets aside, while V8 collects garbage, what it would visit once for every archived stack although there is
// only one of it: the continuation-preserved data. A scavenger that sees one slot twice copies its object twice.
#pragma once

#include "v8_state/layout.h"

namespace greenfiber::v8_state {

class GcGuard {
 public:
  GcGuard(v8::Isolate* isolate, const Layout& layout)
      : isolate_(isolate), place_(layout.continuation_data) {
    if (place_ == nullptr) return;
    isolate->AddGCPrologueCallback(before, this);
    isolate->AddGCEpilogueCallback(after, this);
  }
  ~GcGuard() {
    if (place_ == nullptr) return;
    isolate_->RemoveGCPrologueCallback(before, this);
    isolate_->RemoveGCEpilogueCallback(after, this);
  }
  GcGuard(const GcGuard&) = delete;
  GcGuard& operator=(const GcGuard&) = delete;

 private:
  static void before(v8::Isolate* isolate, v8::GCType, v8::GCCallbackFlags, void* self) {
    auto& guard = *static_cast<GcGuard*>(self);
    if (is_small_integer(*guard.place_)) return;  // nested in a collection that has set it aside
    v8::HandleScope scope(isolate);
    guard.aside_.Reset(isolate, local_over(guard.place_));
    *guard.place_ = 0;
  }
  static void after(v8::Isolate* isolate, v8::GCType, v8::GCCallbackFlags, void* self) {
    auto& guard = *static_cast<GcGuard*>(self);
    if (guard.aside_.IsEmpty()) return;
    v8::HandleScope scope(isolate);
    *guard.place_ = tagged_word(guard.aside_.Get(isolate));
    guard.aside_.Reset();
  }

  v8::Isolate* isolate_;
  Word* place_;
  v8::Global<v8::Value> aside_;
};

}  // namespace greenfiber::v8_state
