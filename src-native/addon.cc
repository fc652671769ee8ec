// The module: one Runtime per Node environment, created on request of lib/native.ts.
#include <napi.h>

#include <memory>
#include <string>
#include <string_view>

#include "fiber/callbacks.h"
#include "fiber/runtime.h"
#include "offload/functions.h"
#include "v8_value.h"

namespace greenfiber {

namespace {

using fiber::Runtime;
using fiber::RuntimeOptions;

struct Instance {
  std::unique_ptr<Runtime> runtime;
};

Instance& instance_of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

v8::Global<v8::Function> hook(v8::Isolate* isolate, Napi::Object hooks, const char* name) {
  return {isolate, to_v8(hooks.Get(name)).As<v8::Function>()};
}

std::size_t size_of(Napi::Object object, const char* name) {
  return static_cast<std::size_t>(object.Get(name).ToNumber().Int64Value());
}

// create({ stackSize, poolSize, maxStacks, preferLocker }, hooks): the callbacks, or a string that says what was missed.
Napi::Value create(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto given = info[0].As<Napi::Object>();
  auto hooks = info[1].As<Napi::Object>();
  RuntimeOptions options;
  options.stack_size = size_of(given, "stackSize");
  options.stack_pool_size = size_of(given, "poolSize");
  options.max_stacks = size_of(given, "maxStacks");
  options.prefer_locker = given.Get("preferLocker").ToBoolean();

  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  Instance& instance = instance_of(env);
  std::string failure;
  if (instance.runtime != nullptr) {
    return Napi::String::New(
        env, "a thread to itself (another copy of greenfiber is loaded in this one)");
  }
  instance.runtime = Runtime::create(env, isolate, options, failure);
  if (instance.runtime == nullptr) return Napi::String::New(env, failure);
  Runtime& runtime = *instance.runtime;
  runtime.hooks() = {hook(isolate, hooks, "main"),        hook(isolate, hooks, "capture"),
                     hook(isolate, hooks, "makeError"),   hook(isolate, hooks, "splice"),
                     hook(isolate, hooks, "forget"),      hook(isolate, hooks, "nothing"),
                     hook(isolate, hooks, "usesDomains"), hook(isolate, hooks, "leaveDomains"),
                     hook(isolate, hooks, "enterDomains")};
  auto callbacks = Napi::Object::New(env);
  fiber::define_callbacks(isolate, runtime.context(), to_v8(callbacks).As<v8::Object>());
  callbacks.Set("isDirect", runtime.is_direct());
  callbacks.Set("directFailure", runtime.direct_failure());
  return callbacks;
}

Napi::Value destroy(const Napi::CallbackInfo& info) {
  instance_of(info.Env()).runtime.reset();
  return info.Env().Undefined();
}

// confirmAsync(resource): see v8_state::confirm_resource_array.
Napi::Value confirm_async(const Napi::CallbackInfo& info) {
  Runtime& runtime = *instance_of(info.Env()).runtime;
  return Napi::Boolean::New(
      info.Env(),
      v8_state::confirm_resource_array(runtime.context(), runtime.async_places(), to_v8(info[0])));
}

// collectGarbage(): a full collection, for the self-test.
Napi::Value collect_garbage(const Napi::CallbackInfo& info) {
  v8::Isolate::GetCurrent()->LowMemoryNotification();
  return info.Env().Undefined();
}

// configure({ stackSize, poolSize })
Napi::Value configure(const Napi::CallbackInfo& info) {
  auto given = info[0].As<Napi::Object>();
  instance_of(info.Env())
      .runtime->configure(size_of(given, "stackSize"), size_of(given, "poolSize"));
  return info.Env().Undefined();
}

Napi::Value stats(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Runtime& runtime = *instance_of(env).runtime;
  const stack::Statistics stacks = runtime.stacks().statistics();
  auto result = Napi::Object::New(env);
  auto set = [&](const char* name, double value) { result.Set(name, value); };
  set("fibers", runtime.counters().alive);
  set("parked", runtime.counters().parked);
  set("stacksInUse", static_cast<double>(stacks.slots_in_use));
  set("stacksWarm", static_cast<double>(stacks.slots_warm));
  set("stacksCold", static_cast<double>(stacks.slots_cold));
  set("stacksTrimmed", static_cast<double>(stacks.live_trims));
  set("stacksTotal", static_cast<double>(stacks.slots_total));
  set("stacksUnguarded", static_cast<double>(stacks.slots_unguarded));
  set("pageTablesDropped", static_cast<double>(stacks.chunks_dropped));
  set("reservedBytes", static_cast<double>(stacks.reserved_bytes));
  result.Set("guard", stack::describe(stacks.guard_kind));
  const v8_state::Generations* generations = runtime.generations();
  set("oldStacks", generations != nullptr ? static_cast<double>(generations->old_stacks()) : 0);
  result.Set("whyNotFlat", generations == nullptr ? "the locker engine lets V8 walk every stack"
                                                  : generations->reason());
  return result;
}

// trimIdle(): see Runtime::trim_idle.
Napi::Value trim_idle(const Napi::CallbackInfo& info) {
  Runtime& runtime = *instance_of(info.Env()).runtime;
  return Napi::Boolean::New(info.Env(), runtime.trim_idle());
}

// Node-API loads a binary that was built for another Node as well, but half of what we know of V8 is compiled in.
#define GREENFIBER_STRING(x) #x
#define GREENFIBER_VERSION(major, minor) GREENFIBER_STRING(major) "." GREENFIBER_STRING(minor) "."

std::string_view built_for() {
  const char* version = GREENFIBER_VERSION(V8_MAJOR_VERSION, V8_MINOR_VERSION);
  asm("" : "+r"(version));  // A test changes these bytes in the binary.
  return version;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  const std::string_view version = v8::V8::GetVersion();
  if (!version.starts_with(built_for())) {
    Napi::Error::New(env, "it was built for V8 " + std::string(built_for()) + "x, and this is V8 " +
                              std::string(version))
        .ThrowAsJavaScriptException();
    return exports;
  }
  env.SetInstanceData(new Instance());
  // V8's thread list is torn down with the isolate; by then nothing of ours may hang in it.
  env.AddCleanupHook([](Instance* instance) { instance->runtime.reset(); }, &instance_of(env));
  exports.Set("create", Napi::Function::New(env, create, "create"));
  exports.Set("destroy", Napi::Function::New(env, destroy, "destroy"));
  exports.Set("confirmAsync", Napi::Function::New(env, confirm_async, "confirmAsync"));
  exports.Set("collectGarbage", Napi::Function::New(env, collect_garbage, "collectGarbage"));
  exports.Set("configure", Napi::Function::New(env, configure, "configure"));
  exports.Set("stats", Napi::Function::New(env, stats, "stats"));
  exports.Set("trimIdle", Napi::Function::New(env, trim_idle, "trimIdle"));
  exports.Set("openOffload", Napi::Function::New(env, offload::open, "openOffload"));
  return exports;
}

NODE_API_MODULE(greenfiber, initialize)

}  // namespace

}  // namespace greenfiber
