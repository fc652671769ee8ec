#include "fiber/cpu_limits.h"

#include <algorithm>

#include "fiber/callbacks.h"
#include "fiber/stack_frames.h"
#include "v8_state/engine_flags.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

namespace {

constexpr double kNanosecondsPerMs = 1e6;
constexpr double kLongestMs = 1e12;
// So many samples a limit is worth, at least, where the watchdog can be that fast.
constexpr Nanoseconds kSamplesPerLimit = 10;
constexpr int kFrames = 50;

bool begins_chain(const Fiber& fiber) {
  return fiber.resumer == nullptr || (fiber.belongs_to_task && !fiber.is_handled);
}

}  // namespace

CpuLimits::CpuLimits(Runtime& runtime, Watchdog& watchdog)
    : runtime_(runtime), watchdog_(watchdog), own_folder_(own_folder(runtime)) {}

void CpuLimits::open(Limit& limit) {
  Fiber& fiber = runtime_.running();
  limit.outer = fiber.limits;
  fiber.limits = &limit;
  watchdog_.open(limit.left / kSamplesPerLimit);
}

bool CpuLimits::close(Limit& limit) {
  runtime_.running().limits = limit.outer;
  watchdog_.close();
  if (ending_ != &limit) return false;
  const bool arrived = runtime_.isolate()->IsExecutionTerminating();
  take_back();
  return arrived && !runtime_.isolate()->IsExecutionTerminating();
}

Nanoseconds CpuLimits::used_by_running() {
  const Watchdog::Request request = watchdog_.request();
  const Nanoseconds now = processor_time();
  // Who ran when the interrupt was asked for has used what was used since then; before, it is likely to have.
  Nanoseconds used = 0;
  if (request.running != &runtime_.main()) {
    used = std::clamp(request.used - last_, Nanoseconds{0}, 2 * watchdog_.tick());
  }
  if (request.running == &runtime_.running()) used += std::max(now - request.used, Nanoseconds{0});
  last_ = now;
  return used;
}

Limit* CpuLimits::charge(Nanoseconds used) {
  Limit* used_up = nullptr;
  bool drains = false;
  for (Fiber* fiber = &runtime_.running();; fiber = fiber->resumer) {
    const bool drains_here = !fiber->is_main() && runtime_.async().drains_microtasks(fiber->async);
    for (Limit* limit = fiber->limits; limit != nullptr; limit = limit->outer) {
      if (limit->is_fresh) {
        limit->is_fresh = false;
        continue;
      }
      limit->left -= used;
      // V8 would drop all microtasks of the drain that it terminates.
      const bool can_end = !drains && (!drains_here || limit->inside_drain);
      if (limit->left <= 0 && can_end && used_up == nullptr) used_up = limit;
    }
    drains = drains || drains_here;
    if (begins_chain(*fiber)) return used_up;
  }
}

void CpuLimits::sample() {
  Limit* const limit = charge(used_by_running());
  if (limit == nullptr || ending_ != nullptr || runtime_.inspecting || runtime_.below_wasm_stack())
    return;
  v8::Isolate* isolate = runtime_.isolate();
  const v8::HandleScope scope(isolate);
  const v8::Context::Scope in_context(runtime_.context());
  const auto trace = v8::StackTrace::CurrentStackTrace(isolate, kFrames, v8::StackTrace::kDetailed);
  if (!is_program(trace)) return watchdog_.hurry();
  ended_in_ = frames_of(isolate, trace);
  end(*limit);
}

void CpuLimits::end(Limit& limit) {
  ending_ = &limit;
  runtime_.watch_next_switch();
  v8_state::deoptimize_all(runtime_.isolate());
  runtime_.isolate()->TerminateExecution();
}

void CpuLimits::take_back() {
  runtime_.unwatch_switch();
  if (ending_ == nullptr) return;
  ending_ = nullptr;
  if (runtime_.is_stopping()) return;
  runtime_.isolate()->CancelTerminateExecution();
  // Another thread may say so just now.
  if (runtime_.is_stopping()) runtime_.isolate()->TerminateExecution();
}

bool CpuLimits::is_internal(v8::Local<v8::StackFrame> frame) const {
  const std::string script = text_of(runtime_.isolate(), frame->GetScriptName());
  return script.starts_with("node:") || (!own_folder_.empty() && script.starts_with(own_folder_));
}

bool CpuLimits::is_program(v8::Local<v8::StackTrace> trace) const {
  for (int i = 0; i < trace->GetFrameCount(); ++i) {
    v8::Local<v8::StackFrame> frame =
        trace->GetFrame(runtime_.isolate(), static_cast<std::uint32_t>(i));
    if (frame->IsWasm()) return true;
    if (frame->IsUserJavaScript()) return !is_internal(frame);  // else it is a built-in's
  }
  return false;
}

// limited(ms, fn, ended): what fn() answers, or `ended` when it used more than so many milliseconds of processor time.
void limited(const Info& info) {
  Runtime& runtime = *Runtime::current();
  CpuLimits* const limits = runtime.cpu_limits();
  if (limits == nullptr) return raise_code(runtime, ErrorCode::kNoWatchdog);
  v8::Isolate* isolate = runtime.isolate();
  Fiber& self = runtime.running();
  const ContinuationData data(info, runtime);
  const node_state::AsyncMark pushed = runtime.async().mark(self.async);
  v8::Local<v8::Array> joins;
  if (!runtime.joins().empty()) [[unlikely]] {
    joins = runtime.joins().take();
    if (!joins.IsEmpty()) runtime.joins().put_back(joins);
  }
  const double ms = std::min(info[0].As<v8::Number>()->Value(), kLongestMs);
  Limit limit{nullptr, static_cast<Nanoseconds>(ms * kNanosecondsPerMs),
              runtime.async().drains_microtasks(self.async)};
  limits->open(limit);
  v8_state::safepoint(isolate);
  v8::Local<v8::Value> result;
  // Of our own: one that lies around us, as vm's, must not see a termination that ends here.
  v8::TryCatch try_catch(isolate);
  const bool ended = info[1]
                         .As<v8::Function>()
                         ->Call(runtime.context(), v8::Undefined(isolate), 0, nullptr)
                         .ToLocal(&result);
  const bool used_up = limits->close(limit);
  if (ended) return info.GetReturnValue().Set(result);
  if (!used_up) {
    info.GetReturnValue().SetUndefined();
    if (!isolate->IsExecutionTerminating()) try_catch.ReThrow();
    return;
  }
  try_catch.Reset();
  // What V8 and Node would have put back on a way out through `finally`.
  runtime.async().cut_to(self.async, pushed);
  if (!joins.IsEmpty()) {
    if (!runtime.joins().empty()) (void)runtime.joins().take();
    runtime.joins().put_back(joins);
  }
  data.restore(runtime);
  info.GetReturnValue().Set(info[2]);
}

// endedIn(): the frames of what a limit last ended.
void ended_in(const Info& info) {
  Runtime& runtime = *Runtime::current();
  v8::Local<v8::String> text;
  const std::string& frames = runtime.cpu_limits()->ended_in();
  if (v8::String::NewFromUtf8(runtime.isolate(), frames.data(), v8::NewStringType::kNormal,
                              static_cast<int>(frames.size()))
          .ToLocal(&text)) {
    info.GetReturnValue().Set(text);
  }
}

}  // namespace greenfiber::fiber
