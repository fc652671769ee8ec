#include "offload/functions.h"

#include "offload/crash_report.h"
#include "offload/environment.h"
#include "offload/library.h"
#include "v8_value.h"

namespace greenfiber::offload {

namespace {

std::int32_t number(const Napi::CallbackInfo& info, std::size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

// startPool(threads, pin): its number, or why there is none.
Napi::Value start_pool(const Napi::CallbackInfo& info) {
  std::string failure;
  const std::int32_t pool = Environment::current().start_pool(
      static_cast<std::uint32_t>(number(info, 0)), to_v8(info[1])->IsTrue(), failure);
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

// keepAlive(wanted): whether the process goes on while calls are under way.
Napi::Value keep_alive(const Napi::CallbackInfo& info) {
  Environment::current().keep_alive(info[0].As<Napi::Boolean>());
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
  Environment::begin(env, info[0].As<Napi::Function>(), info[1].As<Napi::Int32Array>());
  auto functions = Napi::Object::New(env);
  const auto set = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    functions.Set(name, Napi::Function::New(env, function, name));
  };
  set("startPool", start_pool);
  set("stopPool", stop_pool);
  set("abandonPool", abandon_pool);
  set("keepAlive", keep_alive);
  set("running", running);
  set("addBatch", add_batch);
  set("dropBatch", drop_batch);
  set("message", message);
  set("load", load);
  set_callback(functions, "submit", submit);
  set_callback(functions, "poll", poll);
  return functions;
}

}  // namespace greenfiber::offload
