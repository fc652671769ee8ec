#include "fiber/slow_tasks.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "fiber/callbacks.h"
#include "fiber/stack_frames.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

namespace {

constexpr Nanoseconds kNanosecondsPerMs = 1'000'000;
constexpr double kLongestMs = 1e12;
// How exact the threshold is.
constexpr Nanoseconds kTicksPerThreshold = 10;
constexpr int kFrames = 50;

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

SlowTasks::SlowTasks(Runtime& runtime, Watchdog& watchdog)
    : runtime_(runtime), watchdog_(watchdog), own_folder_(own_folder(runtime)) {}

void SlowTasks::watch(const Watched& watched) {
  stop();
  memory_ = watched.memory;
  name_.Reset(runtime_.isolate(), watched.name);
  threshold_ = watched.threshold;
  writes_ = watched.writes;
  watchdog_.set_lookout(this, threshold_ / kTicksPerThreshold);
}

void SlowTasks::stop() { watchdog_.set_lookout(nullptr, 0); }

double SlowTasks::load(Slot slot) const {
  double value = 0;
  __atomic_load(static_cast<double*>(memory_->Data()) + slot, &value, __ATOMIC_RELAXED);
  return value;
}

void SlowTasks::store(Slot slot, double value) {
  __atomic_store(static_cast<double*>(memory_->Data()) + slot, &value, __ATOMIC_RELAXED);
}

bool SlowTasks::is_due() {
  const double switches = load(kSwitches);
  const Nanoseconds now = monotonic_time();
  if (switches != seen_) {
    seen_ = switches;
    since_ = now;
    asked_ = false;
    return false;
  }
  if (asked_ || load(kTask) == 0 || now - since_ < threshold_) return false;
  asked_ = true;
  due_since_ = since_;
  due_ = switches;
  return true;
}

void SlowTasks::look() {
  if (memory_ == nullptr || due_ != load(kSwitches) || load(kTask) == 0) return;
  due_ = -1;
  held_since_ = due_since_;
  frames_.clear();
  v8::Isolate* isolate = runtime_.isolate();
  const v8::HandleScope scope(isolate);
  const v8::Context::Scope in_context(runtime_.context());
  if (!runtime_.inspecting && !runtime_.below_wasm_stack()) {
    frames_ = frames_of(
        isolate, v8::StackTrace::CurrentStackTrace(isolate, kFrames, v8::StackTrace::kDetailed),
        own_folder_);
  }
  store(kReported, 1);
  if (writes_) write(monotonic_time() - held_since_);
}

void SlowTasks::write(Nanoseconds held) const {
  v8::Isolate* isolate = runtime_.isolate();
  v8::Local<v8::Value> given;
  std::string name;
  if (name_.Get(isolate)->Get(runtime_.context(), 0).ToLocal(&given))
    name = text_of(isolate, given);
  if (name.empty()) name = "task " + std::to_string(static_cast<std::int64_t>(load(kTask)));
  write_all("greenfiber: " + name + " has held the thread for " +
            std::to_string(held / kNanosecondsPerMs) + " ms, and is in\n" + frames_ + "\n");
}

const std::string& SlowTasks::take_frames() {
  store(kReported, 0);
  store(kHeld, static_cast<double>(monotonic_time() - held_since_) / kNanosecondsPerMs);
  return frames_;
}

// watchSlowTasks(memory, name, ms, writes): from now on; Infinity: not any more. False: there is no thread that could.
void watch_slow_tasks(const Info& info) {
  SlowTasks* const slow = Runtime::current()->slow_tasks();
  info.GetReturnValue().Set(slow != nullptr);
  if (slow == nullptr) return;
  const double ms = info[2].As<v8::Number>()->Value();
  if (ms > kLongestMs) return slow->stop();
  slow->watch({info[0].As<v8::Float64Array>()->Buffer()->GetBackingStore(), info[1].As<v8::Array>(),
               static_cast<Nanoseconds>(ms * kNanosecondsPerMs), info[3]->IsTrue()});
}

// slowFrames(): those of the last report; it is taken.
void slow_frames(const Info& info) {
  Runtime& runtime = *Runtime::current();
  v8::Local<v8::String> text;
  const std::string& frames = runtime.slow_tasks()->take_frames();
  v8_state::safepoint(runtime.isolate());
  if (v8::String::NewFromUtf8(runtime.isolate(), frames.data(), v8::NewStringType::kNormal,
                              static_cast<int>(frames.size()))
          .ToLocal(&text)) {
    info.GetReturnValue().Set(text);
  }
}

}  // namespace greenfiber::fiber
