// greenfiber's addon with functions that tuck and untuck. binding.cjs loads it.
#include <napi.h>

#include <ctime>
#include <iterator>

#include "tuck.h"

// One module a binary: ours, made of the other's functions.
#undef NODE_API_MODULE
#define NODE_API_MODULE(name, initialize)
#include "../../../src-native/addon.cc"  // NOLINT(bugprone-suspicious-include)

namespace greenfiber {

namespace {

using tucked::Attic;

struct State {
  Attic attic;
  tucked::Slot slot = tucked::Slot::kForbidden;
  double before_collections = 0;  // the share of the sleepers that is tucked before each
  std::uint64_t random = 88172645463325252;
  fiber::Fiber* spared[2] = {};  // named by the last call
  double tucks = 0, untucks = 0;
};

thread_local State* state = nullptr;

bool chance(double share) {
  state->random ^= state->random << 13;
  state->random ^= state->random >> 7;
  state->random ^= state->random << 17;
  return static_cast<double>(state->random >> 11) * 0x1p-53 < share;
}

// Every fiber that is asleep in its slot.
template <typename Use>
void for_each_sleeper(Use use) {
  const v8_state::ThreadState* main = &Runtime::current()->main().record.node;
  for (v8_state::ThreadState* node = main->next; node != main;) {
    v8_state::ThreadState* next = node->next;
    if (node->id == v8_state::kFiberThreadId) use(*reinterpret_cast<fiber::Fiber*>(node));
    node = next;
  }
}

bool is_home(const fiber::Fiber& fiber) {
  return fiber::StackPage::of(fiber.slot).fiber() == &fiber;
}

void tuck_some(double share) {
  for_each_sleeper([&](fiber::Fiber& fiber) {
    if (!is_home(fiber) || !chance(share)) return;
    if (&fiber == state->spared[0] || &fiber == state->spared[1]) return;
    state->tucks += state->attic.tuck(fiber, state->slot) ? 1 : 0;
  });
}

void before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags) {
  Runtime* runtime = Runtime::current();
  if (runtime != nullptr && runtime->is_direct()) tuck_some(state->before_collections);
}

// tuckBeforeCollections(share, slot)
Napi::Value tuck_before_collections(const Napi::CallbackInfo& info) {
  state->before_collections = info[0].ToNumber().DoubleValue();
  state->slot = static_cast<tucked::Slot>(info[1].ToNumber().Int32Value());
  return info.Env().Undefined();
}

void untuck_everybody() {
  state->attic.for_each([](fiber::Fiber& home) { state->attic.untuck(home); });
}

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// tuckAll(slot), untuckAll(): the nanoseconds that it took
Napi::Value tuck_all(const Napi::CallbackInfo& info) {
  state->slot = static_cast<tucked::Slot>(info[0].ToNumber().Int32Value());
  state->spared[0] = state->spared[1] = nullptr;
  const double begin = now();
  tuck_some(1);
  return Napi::Number::New(info.Env(), now() - begin);
}

Napi::Value untuck_all(const Napi::CallbackInfo& info) {
  const double begin = now();
  untuck_everybody();
  return Napi::Number::New(info.Env(), now() - begin);
}

// Brings the fiber home that the argument names. It stays there until the next call names others: a callback may
// allocate before it has continued the fiber.
void untuck_named(const fiber::Info& info, int place) {
  const v8_state::Tagged handle = v8_state::tagged_word(info[place]);
  state->spared[place == 0 ? 0 : 1] = nullptr;
  if (!v8_state::is_small_integer(handle) || v8_state::small_integer(handle) < 0) return;
  fiber::Fiber& fiber = Runtime::current()->fiber_of(v8_state::small_integer(handle));
  state->spared[place == 0 ? 0 : 1] = &fiber;
  state->untucks += state->attic.untuck(fiber) ? 1 : 0;
}

template <v8::FunctionCallback kCallback, int... kPlaces>
void after_untucking(const fiber::Info& info) {
  (untuck_named(info, kPlaces), ...);
  kCallback(info);
}

struct Definition {
  const char* name;
  v8::FunctionCallback callback;
};

// Those of fiber/callbacks.cc that are given handles.
constexpr Definition kDefinitions[] = {
    {"resume", after_untucking<fiber::resume, 0>},
    {"raise", after_untucking<fiber::raise_in, 0>},
    {"kill", after_untucking<fiber::kill, 0>},
    {"transfer", after_untucking<fiber::transfer, 0>},
    {"startOver", after_untucking<fiber::start_over, 6>},
    {"finishTask", after_untucking<fiber::finish_task, 0>},
    {"leave", after_untucking<fiber::leave, 0>},
    {"enter", after_untucking<fiber::enter, 0>},
    {"enterRaise", after_untucking<fiber::enter_raise, 0>},
    {"enterKill", after_untucking<fiber::enter_kill, 0>},
    {"handOver", after_untucking<fiber::hand_over, 0, 1>},
    {"isAsleep", after_untucking<fiber::is_asleep, 0>},
    {"isParkable", after_untucking<fiber::is_parkable, 0>},
    {"state", after_untucking<fiber::state, 0>},
    {"resumedBy", after_untucking<fiber::resumed_by, 0>},
    {"inspect", after_untucking<fiber::inspect, 0>},
};

// create(options, hooks): as the addon's, with the functions above.
Napi::Value create_with_attic(const Napi::CallbackInfo& info) {
  Napi::Value created = create(info);
  if (!created.IsObject()) return created;
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  auto callbacks = to_v8(created).As<v8::Object>();
  for (const Definition& definition : kDefinitions) {
    v8::Local<v8::String> name = v8::String::NewFromUtf8(isolate, definition.name).ToLocalChecked();
    v8::Local<v8::FunctionTemplate> shape = v8::FunctionTemplate::New(isolate, definition.callback);
    shape->RemovePrototype();
    callbacks->Set(context, name, shape->GetFunction(context).ToLocalChecked()).Check();
  }
  return created;
}

// tuckStats(): sizes are sums over all that were ever tucked.
Napi::Value tuck_stats(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  auto set = [&](const char* name, double value) { result.Set(name, value); };
  const Attic::Sums& sums = state->attic.sums();
  set("tucked", static_cast<double>(state->attic.size()));
  set("tucks", state->tucks);
  set("untucks", state->untucks);
  set("patterns", static_cast<double>(state->attic.patterns()));
  set("fiber", static_cast<double>(fiber::kFiberSize));
  set("blocks", sums.blocks);
  set("callback", sums.callback);
  set("javascript", sums.javascript);
  set("bottom", sums.bottom);
  set("handles", sums.handles);
  set("differences", sums.differences);
  const char* const reasons[] = {"", "awake", "inChain", "unarchived", "tooManyHandles", "frames"};
  for (std::size_t i = 1; i < std::size(reasons); ++i) set(reasons[i], sums.refusals[i]);
  return result;
}

Napi::Value destroy_with_attic(const Napi::CallbackInfo& info) {
  untuck_everybody();
  return destroy(info);
}

Napi::Object initialize_with_attic(Napi::Env env, Napi::Object exports) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  state = new State{Attic{reinterpret_cast<v8_state::Word>(isolate)}};
  isolate->AddGCPrologueCallback(before_gc);
  initialize(env, exports);
  exports.Set("destroy", Napi::Function::New(env, destroy_with_attic, "destroy"));
  exports.Set("create", Napi::Function::New(env, create_with_attic, "create"));
  // Hooks run in reverse order: everybody is home when the runtime goes.
  env.AddCleanupHook([isolate] {
    isolate->RemoveGCPrologueCallback(before_gc);
    untuck_everybody();
  });
  exports.Set("tuckBeforeCollections", Napi::Function::New(env, tuck_before_collections));
  exports.Set("tuckAll", Napi::Function::New(env, tuck_all));
  exports.Set("untuckAll", Napi::Function::New(env, untuck_all));
  exports.Set("tuckStats", Napi::Function::New(env, tuck_stats));
  return exports;
}

NAPI_MODULE_INIT() { return Napi::RegisterModule(env, exports, initialize_with_attic); }

}  // namespace

}  // namespace greenfiber
