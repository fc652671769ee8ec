#include "offload/environment.h"

#include <dlfcn.h>
#include <node.h>

#include <algorithm>
#include <cstdio>

#include "offload/pause.h"

namespace greenfiber::offload {

namespace {

// How long the end of an environment waits for functions that run: docs/offload.md.
constexpr std::chrono::seconds kPatience{5};

// How long the event loop's thread looks for the end of a call when it has nothing else to do: less than going to
// sleep and being woken takes. After a vain look it leaves out 1, 3, 7, ... of the next ones.
constexpr std::chrono::microseconds kSpinning{20};
constexpr unsigned kMostVain = 6;

}  // namespace

thread_local Environment* Environment::current_ = nullptr;

void Environment::begin(Napi::Env env, Napi::Function complete, Napi::Int32Array completed) {
  new Environment(env, complete, completed);
}

Environment::Environment(Napi::Env env, Napi::Function complete, Napi::Int32Array completed)
    : complete_(Napi::Persistent(complete)),
      completed_(Napi::Reference<Napi::Int32Array>::New(completed, 1)),
      completed_data_(completed.Data()),
      completed_length_(completed.ElementLength()),
      context_(env, "greenfiber:offload"),
      env_(env),
      pins_(v8::Isolate::GetCurrent()),
      completions_(std::make_shared<Completions>(
          [](void* async) { uv_async_send(static_cast<uv_async_t*>(async)); }, &async_)) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  uv_async_init(loop, &async_, [](uv_async_t* async) {
    static_cast<Environment*>(async->data)->take_completed();
  });
  async_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&async_));
  current_ = this;
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle hook, void* self) {
        static_cast<Environment*>(self)->end(hook);
      },
      this, nullptr);
  // process.exit() comes by here only. Like libuv's own pool, ours ends before what its threads may use does. Every other
  // end comes by here when we are gone.
  node::AtExit(
      node::GetCurrentEnvironment(v8::Isolate::GetCurrent()->GetCurrentContext()),
      [](void* self) {
        if (current_ == self) current_->stop_everything();
      },
      this);
  // Threads that had to be left behind go on to run this code, also after the last environment that uses it.
  Dl_info self;
  if (dladdr(&kPatience, &self) != 0) {
    dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

std::int32_t Environment::start_pool(std::uint32_t threads, bool pin, std::string& failure) {
  std::unique_ptr<Pool> pool = Pool::start(threads, pin, completions_, failure);
  if (pool == nullptr) return -1;
  const auto free = std::find_if(pools_.begin(), pools_.end(),
                                 [](const OpenPool& open) { return open.pool == nullptr; });
  const auto number = static_cast<std::int32_t>(free - pools_.begin());
  if (free == pools_.end()) pools_.emplace_back();
  this->pool(number).pool = std::move(pool);
  return number;
}

void Environment::stop_pool(std::int32_t number) {
  OpenPool& open = pool(number);
  open.pool->stop(std::chrono::hours(1));  // no batch is left
  open = OpenPool();
}

void Environment::abandon_pool(std::int32_t number) {
  OpenPool& open = pool(number);
  if (open.abandoned) return;
  open.abandoned = true;
  hold_loop(-static_cast<int>(open.batches));
}

void Environment::add_batch(std::unique_ptr<Batch> batch) {
  const auto place = static_cast<std::size_t>(batch->id);
  if (place >= batches_.size()) batches_.resize(place + 1);
  batches_[place].batch = std::move(batch);
}

std::size_t Environment::add_targets(std::vector<Target> targets) {
  const std::size_t first = targets_.size();
  for (Target& target : targets) targets_.push_back(std::move(target));
  return first;
}

std::int32_t Environment::submit(std::int32_t pool, OpenBatch& open, std::uint32_t count, bool hold,
                                 const v8::FunctionCallbackInfo<v8::Value>& info) {
  constexpr int kFirstBuffer = 4;
  v8::HandleScope scope(info.GetIsolate());
  Batch& batch = *open.batch;
  count = std::min(count, batch.capacity);
  batch.count = count;
  batch.messages.clear();
  last_ = {};
  for (std::uint32_t index = 0; index < count; ++index) {
    const std::uint32_t number = batch.function(index);
    batch.targets[index] = number < targets_.size() ? &targets_[number] : nullptr;
    if (batch.targets[index] == nullptr && batch.claim(index, kCancelled)) {
      batch.fail(index, kBufferGone);
    }
    batch.call(index).data = nullptr;
    batch.call(index).length = 0;
    v8::Local<v8::Value> value = info[kFirstBuffer + static_cast<int>(index)];
    if (!value->IsUndefined()) pin(batch, index, value);
  }
  last_ = {};
  const auto refused = static_cast<std::int32_t>(batch.failures());
  open.pool = pool;
  OpenPool& chosen = this->pool(pool);
  if (hold) completions_->hold();
  if (!chosen.pool->submit(&batch)) {
    pins_.release(open.pins);
    return -1;
  }
  ++chosen.batches;
  hold_loop(1);
  return refused;
}

// Gives the call its buffer, an ArrayBuffer, a SharedArrayBuffer or a view; or refuses the call.
void Environment::pin(Batch& batch, std::uint32_t index, v8::Local<v8::Value> value) {
  if (batch.state(index).load(std::memory_order_relaxed) != kWaiting) return;
  v8::Local<v8::Value> buffer = value;
  std::size_t offset = 0;
  std::size_t length = 0;
  const bool is_view = value->IsArrayBufferView();
  if (is_view) {
    v8::Local<v8::ArrayBufferView> view = value.As<v8::ArrayBufferView>();
    buffer = view->Buffer();
    offset = view->ByteOffset();
    length = view->ByteLength();
  }
  if (last_.buffer.IsEmpty() || last_.buffer != buffer) {
    const bool is_shared = buffer->IsSharedArrayBuffer();
    const auto memory = is_shared ? buffer.As<v8::SharedArrayBuffer>()->GetBackingStore()
                                  : buffer.As<v8::ArrayBuffer>()->GetBackingStore();
    last_ = {buffer, static_cast<std::byte*>(memory->Data()), 0};
    if (!is_shared && buffer.As<v8::ArrayBuffer>()->WasDetached()) {
      last_.refusal = kBufferGone;
    } else if (!is_shared && memory->IsResizableByUserJavaScript()) {
      last_.refusal = kBufferResizable;
    } else {
      pins_.add(buffer, memory, batches_[static_cast<std::size_t>(batch.id)].pins);
    }
  }
  if (last_.refusal != 0) {
    if (batch.claim(index, kCancelled)) batch.fail(index, last_.refusal);
    return;
  }
  if (!is_view) {
    length = buffer->IsSharedArrayBuffer() ? buffer.As<v8::SharedArrayBuffer>()->ByteLength()
                                           : buffer.As<v8::ArrayBuffer>()->ByteLength();
  }
  if (length == 0) return;
  batch.call(index).data = last_.data + offset;
  batch.call(index).length = length;
}

void Environment::keep_alive(bool wanted) {
  is_waited_for_ = wanted;
  hold_loop(0);
}

// The process goes on while calls are under way that somebody waits for.
void Environment::hold_loop(int change) {
  holds_ += change;
  auto* handle = reinterpret_cast<uv_handle_t*>(&async_);
  if (holds_ > 0 && is_waited_for_) {
    uv_ref(handle);  // once, however often
  } else {
    uv_unref(handle);
  }
}

void Environment::take_completed() {
  if (ending_ != nullptr) return;
  const Napi::HandleScope scope(env_);
  completions_->begin();
  while (const std::uint32_t count = list_completed()) {
    complete_.MakeCallback(env_.Global(), {Napi::Number::New(env_, count)}, context_);
    if (env_.IsExceptionPending()) {
      uv_async_send(&async_);  // for the rest
      return;
    }
  }
}

// Moves what was completed, as much as there is room for, to the list that JavaScript reads.
std::uint32_t Environment::list_completed() {
  std::uint32_t count = 0;
  while (count < completed_length_) {
    const Batch* batch = completions_->take();
    if (batch == nullptr) break;
    OpenBatch& open = this->batch(batch->id);
    OpenPool& pool = this->pool(open.pool);
    pins_.release(open.pins);
    --pool.batches;
    if (!pool.abandoned) hold_loop(-1);
    completed_data_[count++] = batch->id;
  }
  return count;
}

std::uint32_t Environment::poll(bool look) {
  if (look) {
    completions_->hold();
    std::uint32_t count = list_completed();
    if (count > 0) return count;
    spin();
    count = list_completed();
    if (count > 0) return count;
  }
  completions_->begin();
  // What came before that woke nobody.
  if (!completions_->is_empty()) uv_async_send(&async_);
  return 0;
}

void Environment::spin() {
  if (spare_processors() == 0) return;
  if (looks_to_leave_out_ > 0) {
    --looks_to_leave_out_;
    return;
  }
  const auto end = std::chrono::steady_clock::now() + kSpinning;
  do {
    for (int i = 0; i < 16; ++i) {
      if (!completions_->is_empty()) {
        vain_looks_ = 0;
        return;
      }
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  vain_looks_ = std::min(vain_looks_ + 1, kMostVain);
  looks_to_leave_out_ = (1U << vain_looks_) - 1;
}

// The environment goes away, by process.exit() or Worker.terminate() perhaps, with calls under way.
void Environment::end(napi_async_cleanup_hook_handle hook) {
  ending_ = hook;
  stop_everything();
  completions_->close();
  if (!left_behind_) {
    const Napi::HandleScope scope(env_);
    for (OpenBatch& open : batches_) pins_.release(open.pins);
  } else {
    // Whatever the functions that still run may touch stays where it is, for good.
    new std::deque<OpenPool>(std::move(pools_));
    new std::deque<OpenBatch>(std::move(batches_));
    new std::deque<Target>(std::move(targets_));
    new Pins(std::move(pins_));
  }
  complete_.Reset();
  completed_.Reset();
  current_ = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), [](uv_handle_t* async) {
    auto* self = static_cast<Environment*>(async->data);
    napi_async_cleanup_hook_handle hook = self->ending_;
    delete self;
    napi_remove_async_cleanup_hook(hook);
  });
}

void Environment::stop_everything() {
  if (has_stopped_) return;
  has_stopped_ = true;
  for (const OpenBatch& open : batches_) {
    if (open.batch != nullptr) open.batch->cancel_waiting();
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (OpenPool& open : pools_) {
    if (open.pool == nullptr) continue;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (open.pool->stop(open.abandoned ? std::chrono::milliseconds(0) : left)) continue;
    left_behind_ = true;
    if (!open.abandoned) {
      for (const Target* target : open.pool->running()) {
        std::fprintf(stderr,
                     "greenfiber: the external function %s still runs: its thread is left behind\n",
                     target->name.c_str());
      }
    }
    open.pool->abandon();
  }
}

}  // namespace greenfiber::offload
