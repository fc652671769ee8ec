// The module: one Runtime per Node environment, created on request of lib/native/native.ts.
#include <napi.h>

#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fiber/callbacks.h"
#include "fiber/runtime.h"
#include "offload/functions.h"
#include "v8_state/calibration/step.h"
#include "v8_state/collect.h"
#include "v8_state/safepoint.h"
#include "v8_value.h"

namespace greenfiber {

namespace {

using fiber::Runtime;
using fiber::RuntimeOptions;

struct Instance {
  std::unique_ptr<Runtime> runtime;
  v8_state::Steps steps;  // what was looked for to make it, whether it was found or not
};

Instance& instance_of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

// Reads properties of what JavaScript gives. Not by Node-API, which asks that the environment is not stopping at each
// step, and ends the process when it is.
class Properties {
 public:
  explicit Properties(Napi::Value object)
      : context_(isolate_->GetCurrentContext()), object_(to_v8(object).As<v8::Object>()) {}

  std::size_t size(const char* name) {
    const v8::Local<v8::Value> value = get(name);
    return value->IsNumber() ? static_cast<std::size_t>(value.As<v8::Number>()->Value()) : 0;
  }
  bool is_true(const char* name) { return get(name)->IsTrue(); }
  v8::Global<v8::Function> function(const char* name) {
    const v8::Local<v8::Value> value = get(name);
    if (!value->IsFunction()) return complete_ = false, v8::Global<v8::Function>();
    return {isolate_, value.As<v8::Function>()};
  }
  v8::Local<v8::Array> array(const char* name) {
    const v8::Local<v8::Value> value = get(name);
    if (!value->IsArray()) return complete_ = false, v8::Local<v8::Array>();
    return value.As<v8::Array>();
  }
  // Whether all of them were there. What else came in between is pending.
  bool complete() const { return complete_; }

 private:
  v8::Local<v8::Value> get(const char* name) {
    v8_state::safepoint(isolate_);
    v8::Local<v8::String> key;
    v8::Local<v8::Value> value;
    if (v8::String::NewFromUtf8(isolate_, name).ToLocal(&key) &&
        object_->Get(context_, key).ToLocal(&value)) {
      return value;
    }
    complete_ = false;
    return v8::Undefined(isolate_);
  }

  v8::Isolate* isolate_ = v8::Isolate::GetCurrent();
  v8::Local<v8::Context> context_;
  v8::Local<v8::Object> object_;
  bool complete_ = true;
};

// create({ stackSize, poolSize, maxStacks, reservation, preferLocker }, hooks): the callbacks, or a string that says what was missed.
Napi::Value create(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Properties given(info[0]);
  Properties hooks(info[1]);
  RuntimeOptions options;
  options.stack_size = given.size("stackSize");
  options.stack_pool_size = given.size("poolSize");
  options.max_stacks = given.size("maxStacks");
  options.reservation = given.size("reservation");
  options.prefer_locker = given.is_true("preferLocker");
  Runtime::Hooks functions = {hooks.function("main"),        hooks.function("capture"),
                              hooks.function("makeError"),   hooks.function("splice"),
                              hooks.function("forget"),      hooks.function("nothing"),
                              hooks.function("usesDomains"), hooks.function("leaveDomains"),
                              hooks.function("enterDomains")};
  const v8::Local<v8::Array> outcome = hooks.array("outcome");
  if (!given.complete() || !hooks.complete()) return env.Undefined();

  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  Instance& instance = instance_of(env);
  if (instance.runtime != nullptr) {
    return Napi::String::New(
        env, "a thread to itself (another copy of greenfiber is loaded in this one)");
  }
  instance.steps = {};
  std::unique_ptr<Runtime> runtime = Runtime::create(env, isolate, options, instance.steps);
  // Threads took turns in the isolate; what was asked of it meanwhile may have left with them.
  if (node_state::is_stopping(env)) isolate->TerminateExecution();
  if (runtime == nullptr) return Napi::String::New(env, instance.steps.all().back().missed);
  runtime->hooks() = std::move(functions);
  if (!runtime->take_outcomes_from(outcome)) {
    return Napi::String::New(env, "the elements of an array");
  }
  const v8::Local<v8::Object> callbacks = v8::Object::New(isolate);
  if (!fiber::define_callbacks(*runtime, callbacks)) return env.Undefined();
  instance.runtime = std::move(runtime);
  return to_napi(env, callbacks);
}

// steps(): [part, name, missed] of each step on the way to an engine, until destroy().
Napi::Value steps(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto result = Napi::Array::New(env);
  for (const v8_state::Step& step : instance_of(env).steps.all()) {
    auto words = Napi::Array::New(env, 3);
    words.Set(0u, step.part);
    words.Set(1u, step.name);
    words.Set(2u, step.missed);
    result.Set(result.Length(), words);
  }
  return result;
}

Napi::Value destroy(const Napi::CallbackInfo& info) {
  Instance& instance = instance_of(info.Env());
  instance.runtime.reset();
  instance.steps = {};
  return info.Env().Undefined();
}

// confirmAsync(resource): see node_state::confirm_resource_array.
Napi::Value confirm_async(const Napi::CallbackInfo& info) {
  Runtime* runtime = instance_of(info.Env()).runtime.get();
  return Napi::Boolean::New(
      info.Env(),
      runtime != nullptr && node_state::confirm_resource_array(
                                runtime->context(), runtime->async_places(), to_v8(info[0])));
}

v8_state::WasmStacks* wasm_stacks_of(Napi::Env env) {
  Runtime* runtime = instance_of(env).runtime.get();
  return runtime != nullptr ? runtime->wasm_stacks() : nullptr;
}

// lookAtWasmStack(), learnWasmStack(): see v8_state::WasmStacks.
Napi::Value look_at_wasm_stack(const Napi::CallbackInfo& info) {
  v8_state::WasmStacks* stacks = wasm_stacks_of(info.Env());
  if (stacks != nullptr) stacks->look();
  return info.Env().Undefined();
}

Napi::Value learn_wasm_stack(const Napi::CallbackInfo& info) {
  v8_state::WasmStacks* stacks = wasm_stacks_of(info.Env());
  return Napi::Boolean::New(info.Env(), stacks != nullptr && stacks->learn());
}

// collectGarbage(onlyYoung), for the self-test.
Napi::Value collect_garbage(const Napi::CallbackInfo& info) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  if (to_v8(info[0])->IsTrue()) {  // Node-API asks first whether the environment is stopping
    v8_state::collect_young(isolate);
  } else {
    v8_state::collect_all(isolate);
  }
  return info.Env().Undefined();
}

// configure({ stackSize, poolSize })
Napi::Value configure(const Napi::CallbackInfo& info) {
  Properties given(info[0]);
  const std::size_t stack_size = given.size("stackSize"), pool_size = given.size("poolSize");
  Runtime* runtime = instance_of(info.Env()).runtime.get();
  if (given.complete() && runtime != nullptr) runtime->configure(stack_size, pool_size);
  return info.Env().Undefined();
}

Napi::Value stats(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Runtime* const runtime = instance_of(env).runtime.get();
  if (runtime == nullptr) return env.Undefined();
  const stack::Statistics stacks = runtime->stacks().statistics();
  auto result = Napi::Object::New(env);
  auto set = [&](const char* name, double value) { result.Set(name, value); };
  set("fibers", runtime->stacks().alive());
  set("parked", runtime->stacks().parked());
  set("stacksInUse", static_cast<double>(stacks.slots_in_use));
  set("stacksWarm", static_cast<double>(stacks.slots_warm));
  set("stacksCold", static_cast<double>(stacks.slots_cold));
  set("stacksTrimmed", static_cast<double>(stacks.live_trims));
  set("stacksTotal", static_cast<double>(stacks.slots_total));
  set("stacksUnguarded", static_cast<double>(stacks.slots_unguarded));
  set("pageTablesDropped", static_cast<double>(stacks.chunks_dropped));
  set("reservedBytes", static_cast<double>(stacks.reserved_bytes));
  result.Set("guard", stack::describe(stacks.guard_kind));
  const v8_state::Generations* generations = runtime->generations();
  set("oldStacks", generations != nullptr ? static_cast<double>(generations->old_stacks()) : 0);
  result.Set("whyNotFlat", generations == nullptr ? "the locker engine lets V8 walk every stack"
                                                  : generations->reason());
  const v8_state::ShapeMapCounts shapes =
      generations != nullptr ? generations->shape_maps().counts() : v8_state::ShapeMapCounts{};
  set("stacksVisitedByShape", static_cast<double>(shapes.visited));
  set("stacksWalkedByV8", static_cast<double>(shapes.walked));
  set("stacksCompared", static_cast<double>(shapes.compared));
  set("shapeMapBytes",
      generations != nullptr ? static_cast<double>(generations->shape_maps().bytes()) : 0);
  result.Set("whyNoShapeMaps", generations == nullptr ? "the locker engine lets V8 walk every stack"
                                                      : generations->shape_maps().reason());
  return result;
}

// trimIdle(): see Runtime::trim_idle.
Napi::Value trim_idle(const Napi::CallbackInfo& info) {
  Runtime* runtime = instance_of(info.Env()).runtime.get();
  return Napi::Boolean::New(info.Env(), runtime != nullptr && runtime->trim_idle());
}

// Node-API loads a binary that was built for another Node as well, but half of what we know of V8 is compiled in.
#define GREENFIBER_STRING(x) #x
#define GREENFIBER_VERSION(major, minor) GREENFIBER_STRING(major) "." GREENFIBER_STRING(minor) "."

std::string_view built_for() {
  const char* version = GREENFIBER_VERSION(V8_MAJOR_VERSION, V8_MINOR_VERSION);
  asm("" : "+r"(version));  // A test changes these bytes in the binary.
  return version;
}

template <Napi::Value (*kFunction)(const Napi::CallbackInfo& info)>
napi_property_descriptor method(const char* name) {
  constexpr napi_callback kCallback = Napi::details::TemplatedCallback<kFunction>;
  return {name, nullptr, kCallback, nullptr, nullptr, nullptr, napi_default_jsproperty, nullptr};
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
  const napi_property_descriptor methods[] = {method<create>("create"),
                                              method<steps>("steps"),
                                              method<destroy>("destroy"),
                                              method<confirm_async>("confirmAsync"),
                                              method<look_at_wasm_stack>("lookAtWasmStack"),
                                              method<learn_wasm_stack>("learnWasmStack"),
                                              method<collect_garbage>("collectGarbage"),
                                              method<configure>("configure"),
                                              method<stats>("stats"),
                                              method<trim_idle>("trimIdle"),
                                              method<offload::open>("openOffload")};
  // Where it fails the environment is stopping, and nobody will call them.
  (void)napi_define_properties(env, exports, std::size(methods), methods);
  return exports;
}

NODE_API_MODULE(greenfiber, initialize)

}  // namespace

}  // namespace greenfiber
