#include "offload/environment.h"

#include <dlfcn.h>
#include <node.h>
#include <uv.h>

#include <algorithm>
#include <cstdio>
#include <deque>

#include "offload/crash_report.h"
#include "offload/library.h"
#include "offload/pins.h"
#include "offload/pool.h"
#include "v8_value.h"

namespace greenfiber::offload {

namespace {

// How long the end of an environment waits for functions that run: docs/offload.md.
constexpr std::chrono::seconds kPatience{5};

// How long the event loop's thread looks for the end of a call when it has nothing else to do: less than going to
// sleep and being woken takes. After a vain look it leaves out 1, 3, 7, ... of the next ones.
constexpr std::chrono::microseconds kSpinning{20};
constexpr unsigned kMostVain = 6;

struct OpenBatch {
  std::unique_ptr<Batch> batch;
  std::int32_t pool = -1;  // that runs it
  Pins::List pins;
};

struct OpenPool {
  std::unique_ptr<Pool> pool;
  std::uint32_t batches = 0;  // that it runs
  bool abandoned = false;
};

class Environment {
 public:
  Environment(Napi::Env env, Napi::Function complete, Napi::Int32Array completed);

  static Environment& current() { return *current_; }

  std::int32_t start_pool(std::uint32_t threads, bool pin, std::string& failure);
  void stop_pool(std::int32_t number);
  void abandon_pool(std::int32_t number);
  OpenPool& pool(std::int32_t number) { return pools_[static_cast<std::size_t>(number)]; }

  void add_batch(std::unique_ptr<Batch> batch);
  void drop_batch(std::int32_t id) { batches_[static_cast<std::size_t>(id)] = OpenBatch(); }
  OpenBatch& batch(std::int32_t id) { return batches_[static_cast<std::size_t>(id)]; }

  // Answers how many calls were refused; -1: memory is out, and nothing was submitted.
  // `hold`: poll is called before the thread returns to its loop.
  std::int32_t submit(std::int32_t pool, OpenBatch& open, std::uint32_t count, bool hold,
                      const v8::FunctionCallbackInfo<v8::Value>& info);
  // What has been completed, or a look for it; 0: the loop will call `complete`.
  std::uint32_t poll(bool look);
  // Answers the number of the first.
  std::size_t add_targets(std::vector<Target> targets);

 private:
  void pin(Batch& batch, std::uint32_t index, v8::Local<v8::Value> value);
  void hold_loop(int change);
  void take_completed();
  std::uint32_t list_completed();
  void spin();
  void end(napi_async_cleanup_hook_handle hook);
  void stop_everything();

  [[gnu::tls_model("initial-exec")]] static thread_local Environment* current_;

  Napi::FunctionReference complete_;
  Napi::Reference<Napi::Int32Array> completed_;
  std::int32_t* const completed_data_;
  const std::size_t completed_length_;
  Napi::AsyncContext context_;
  Napi::Env env_;
  Pins pins_;
  std::shared_ptr<Completions> completions_;
  uv_async_t async_;
  int holds_ = 0;
  unsigned vain_looks_ = 0;
  unsigned looks_to_leave_out_ = 0;
  napi_async_cleanup_hook_handle ending_ = nullptr;
  bool has_stopped_ = false;
  bool left_behind_ = false;  // some thread
  std::deque<OpenPool> pools_;
  std::deque<OpenBatch> batches_;
  std::deque<Target> targets_;

  // The buffer that the call before this one was given.
  struct {
    v8::Local<v8::Value> buffer;
    std::byte* data;
    std::int32_t refusal;
  } last_ = {};
};

thread_local Environment* Environment::current_ = nullptr;

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
  // process.exit() comes by here only. Like libuv's own pool, ours ends before what its threads may use does.
  node::AtExit(
      node::GetCurrentEnvironment(v8::Isolate::GetCurrent()->GetCurrentContext()),
      [](void* self) { static_cast<Environment*>(self)->stop_everything(); }, this);
  // Threads that had to be left behind go on to run this code, also after the last environment that uses it.
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&open), &self) != 0) {
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
  batch.count = count;
  batch.messages.clear();
  last_ = {};
  for (std::uint32_t index = 0; index < count; ++index) {
    batch.targets[index] = &targets_[batch.function(index)];
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

// The process goes on while calls are under way.
void Environment::hold_loop(int change) {
  const bool held = holds_ > 0;
  holds_ += change;
  if (held == (holds_ > 0)) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(&async_);
  if (held) {
    uv_unref(handle);
  } else {
    uv_ref(handle);
  }
}

void Environment::take_completed() {
  if (ending_ != nullptr) return;
  const Napi::HandleScope scope(env_);
  completions_->begin();
  while (const std::uint32_t count = list_completed()) {
    complete_.MakeCallback(env_.Global(), {Napi::Number::New(env_, count)}, context_);
    if (env_.IsExceptionPending()) return;
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
  if (!is_worth_spinning()) return;
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
      __builtin_ia32_pause();
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

std::int32_t number(const Napi::CallbackInfo& info, std::size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

// startPool(threads, pin): its number, or why there is none.
Napi::Value start_pool(const Napi::CallbackInfo& info) {
  std::string failure;
  const std::int32_t pool = Environment::current().start_pool(
      static_cast<std::uint32_t>(number(info, 0)), info[1].ToBoolean(), failure);
  if (pool < 0) return Napi::String::New(info.Env(), failure);
  return Napi::Number::New(info.Env(), pool);
}

// stopPool(pool): no batch of it is under way.
Napi::Value stop_pool(const Napi::CallbackInfo& info) {
  Environment::current().stop_pool(number(info, 0));
  return info.Env().Undefined();
}

// abandonPool(pool): nobody waits for its batches any more, nor does the process.
Napi::Value abandon_pool(const Napi::CallbackInfo& info) {
  Environment::current().abandon_pool(number(info, 0));
  return info.Env().Undefined();
}

// running(pool): the names of the functions that run now.
Napi::Value running(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (const Target* target : Environment::current().pool(number(info, 0)).pool->running()) {
    names.Set(names.Length(), target->name);
  }
  return names;
}

// addBatch(id, memory, capacity): where in `memory`, a SharedArrayBuffer with 64 bytes more than the batch needs, it begins.
Napi::Value add_batch(const Napi::CallbackInfo& info) {
  auto shared = to_v8(info[1]).As<v8::SharedArrayBuffer>();
  std::shared_ptr<v8::BackingStore> memory = shared->GetBackingStore();
  auto* const begin = static_cast<std::byte*>(memory->Data());
  const std::size_t offset = (~reinterpret_cast<std::uintptr_t>(begin) + 1) % kCacheLine;
  Environment::current().add_batch(std::make_unique<Batch>(
      number(info, 0), memory, begin + offset, static_cast<std::uint32_t>(number(info, 2))));
  return Napi::Number::New(info.Env(), static_cast<double>(offset));
}

// dropBatch(id): it is not under way, and never will be again.
Napi::Value drop_batch(const Napi::CallbackInfo& info) {
  Environment::current().drop_batch(number(info, 0));
  return info.Env().Undefined();
}

// message(id, index): what a call that failed has to say.
Napi::Value message(const Napi::CallbackInfo& info) {
  const auto index = static_cast<std::uint32_t>(number(info, 1));
  for (const auto& [of, text] : Environment::current().batch(number(info, 0)).batch->messages) {
    if (of == index) return Napi::String::New(info.Env(), text);
  }
  return Napi::String::New(info.Env(), "");
}

Napi::Value describe(Napi::Env env, Library library) {
  if (library.code != nullptr) {
    auto refusal = Napi::Object::New(env);
    refusal.Set("code", library.code);
    refusal.Set("reason", library.reason);
    return refusal;
  }
  auto functions = Napi::Array::New(env);
  for (const Target& target : library.targets) {
    auto function = Napi::Object::New(env);
    function.Set("name", target.name);
    function.Set("signature", target.signature);
    functions.Set(functions.Length(), function);
  }
  auto described = Napi::Object::New(env);
  const std::size_t first = Environment::current().add_targets(std::move(library.targets));
  described.Set("first", static_cast<double>(first));
  described.Set("functions", functions);
  return described;
}

// load(path): { first, functions: [{ name, signature }] }, the numbers of the functions count from `first`; or
// { code, reason }.
Napi::Value load(const Napi::CallbackInfo& info) {
  report_crashes();
  return describe(info.Env(), load_library(info[0].As<Napi::String>()));
}

Napi::Value kernels(const Napi::CallbackInfo& info) {
  return describe(info.Env(), read_table(built_in_kernels(), "greenfiber"));
}

// submit(pool, id, count, hold, ...buffers): see Environment::submit. A buffer is undefined for a call without.
void submit(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Environment& environment = Environment::current();
  OpenBatch& open = environment.batch(info[1].As<v8::Int32>()->Value());
  const auto count = static_cast<std::uint32_t>(info[2].As<v8::Int32>()->Value());
  info.GetReturnValue().Set(
      environment.submit(info[0].As<v8::Int32>()->Value(), open, count, info[3]->IsTrue(), info));
}

// poll(look): see Environment::poll.
void poll(const v8::FunctionCallbackInfo<v8::Value>& info) {
  info.GetReturnValue().Set(Environment::current().poll(info[0]->IsTrue()));
}

// As those of fiber/callbacks.h: tasks call it on their own stacks, a hundred buffers at a time.
void set_callback(Napi::Object on, const char* name, v8::FunctionCallback callback) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::FunctionTemplate> shape = v8::FunctionTemplate::New(isolate, callback);
  shape->RemovePrototype();
  to_v8(on)
      .As<v8::Object>()
      ->Set(context, v8::String::NewFromUtf8(isolate, name).ToLocalChecked(),
            shape->GetFunction(context).ToLocalChecked())
      .Check();
}

}  // namespace

Napi::Value open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  // Ends by itself, when the environment does.
  new Environment(env, info[0].As<Napi::Function>(), info[1].As<Napi::Int32Array>());
  auto functions = Napi::Object::New(env);
  const auto set = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    functions.Set(name, Napi::Function::New(env, function, name));
  };
  set("startPool", start_pool);
  set("stopPool", stop_pool);
  set("abandonPool", abandon_pool);
  set("running", running);
  set("addBatch", add_batch);
  set("dropBatch", drop_batch);
  set("message", message);
  set("load", load);
  set("kernels", kernels);
  set_callback(functions, "submit", submit);
  set_callback(functions, "poll", poll);
  return functions;
}

}  // namespace greenfiber::offload
