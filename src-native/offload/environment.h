// The offloaded calls of one Node environment: its pools, the batches that JavaScript fills, the way back to its
// event loop.
#pragma once

#include <napi.h>
#include <uv.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "initial_exec.h"
#include "offload/batch.h"
#include "offload/completions.h"
#include "offload/pins.h"
#include "offload/pool.h"

namespace greenfiber::offload {

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
  // It ends by itself, when Node's environment does.
  static void begin(Napi::Env env, Napi::Function complete, Napi::Int32Array completed);
  static Environment& current() { return *current_; }

  std::int32_t start_pool(std::uint32_t threads, bool pin, std::string& failure);
  void stop_pool(std::int32_t number);
  void abandon_pool(std::int32_t number);
  // Whether the process goes on while calls are under way.
  void keep_alive(bool wanted);
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
  Environment(Napi::Env env, Napi::Function complete, Napi::Int32Array completed);
  void pin(Batch& batch, std::uint32_t index, v8::Local<v8::Value> value);
  void hold_loop(int change);
  void take_completed();
  std::uint32_t list_completed();
  void spin();
  void end(napi_async_cleanup_hook_handle hook);
  void stop_everything();

  GREENFIBER_INITIAL_EXEC static thread_local Environment* current_;

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
  bool is_waited_for_ = true;
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

}  // namespace greenfiber::offload
