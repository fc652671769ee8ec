#include "v8_state/collect.h"

namespace greenfiber::v8_state {

namespace {

// Scavenges, and what takes their place under --minor-ms, whose name differs between versions.
constexpr auto kYoung = static_cast<v8::GCType>(v8::kGCTypeScavenge | 2);

// An array of so many elements, which is no large object, and the most that a young generation has room for.
constexpr int kElements = 8000;
constexpr int kMostArrays = (256 << 20) / (kElements * 8);

// Says whether a collection of some type has ended since it was made.
class Watch {
 public:
  Watch(v8::Isolate* isolate, v8::GCType type) : isolate_(isolate) {
    isolate_->AddGCEpilogueCallback(note, &has_ended_, type);
  }
  ~Watch() { isolate_->RemoveGCEpilogueCallback(note, &has_ended_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool has_ended() const { return has_ended_; }

 private:
  static void note(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* has_ended) {
    *static_cast<bool*>(has_ended) = true;
  }

  v8::Isolate* isolate_;
  bool has_ended_ = false;
};

}  // namespace

void collect_young(v8::Isolate* isolate) {
  const Watch watch(isolate, kYoung);
  for (int left = kMostArrays; left > 0 && !watch.has_ended(); --left) {
    const v8::HandleScope scope(isolate);
    (void)v8::Array::New(isolate, kElements);
  }
}

// LowMemoryNotification collects twice at least, and up to seven times.
void collect_all(v8::Isolate* isolate) {
  const Watch watch(isolate, v8::kGCTypeMarkSweepCompact);
  isolate->MemoryPressureNotification(v8::MemoryPressureLevel::kCritical);
  if (!watch.has_ended()) isolate->LowMemoryNotification();
}

}  // namespace greenfiber::v8_state
