// State that belongs to a native stack although V8 does not archive it: the top of the Relocatable chain (it
// is archived, but must be found), the vector of objects to destroy before a sudden shutdown (V8 12.4), and the
// flag that says a stack trace is being formatted.
#include <algorithm>
#include <cstring>
#include <tuple>

#include "v8_state/calibration/calibration.h"
#include "v8_state/calibration/observation.h"
#include "v8_state/call_to_the_end.h"
#include "v8_state/safepoint.h"

namespace greenfiber::v8_state {

namespace {

bool on_this_stack(const Layout& layout, Word word, const void* here) {
  return word > reinterpret_cast<Word>(here) && word < layout.main_stack_start && (word & 7) == 0;
}

// --- Relocatable ------------------------------------------------------------------------------------------
// V8 puts the arguments of a property interceptor into a Relocatable on the stack: { vtable, isolate, outer }.
// An interceptor that runs inside another one sees its own on top and the outer one behind it.

// Words of the isolate that point to such an object on this stack. Some word may do so by chance, since what a
// frame leaves behind stays on the stack: only the top moves on from the outer object to the inner one.
std::vector<std::size_t> relocatable_candidates(const Layout& layout) {
  std::vector<std::size_t> found;
  const void* here = __builtin_frame_address(0);
  const Word* words = isolate_words(layout);
  constexpr std::size_t kTopBegin = kThreadLocalTopOffset / sizeof(Word);
  constexpr std::size_t kTopEnd = kTopBegin + kThreadLocalTopSize / sizeof(Word);
  for (std::size_t i = 0; i < isolate_word_count(layout); ++i) {
    if (i >= kTopBegin && i < kTopEnd) continue;  // archived with ThreadLocalTop
    if (!on_this_stack(layout, words[i], here)) continue;
    auto* object = reinterpret_cast<const Word*>(words[i]);
    if (foreign_word(object + 1) != reinterpret_cast<Word>(layout.isolate)) continue;
    const Word table = foreign_word(object);
    if (table < 4096 || table % 8 != 0) continue;
    found.push_back(i);
  }
  return found;
}

void observe_interceptor(v8::Isolate* isolate, v8::Local<v8::Object> holder,
                         v8::Local<v8::Value> data) {
  Observation& seen = *unwrap(data);
  const Word* words = isolate_words(*seen.layout);
  const auto now = relocatable_candidates(*seen.layout);
  if (seen.depth == 1) {
    std::vector<std::size_t> moved;
    for (std::size_t k = 0; k < seen.candidates.size(); ++k) {
      const std::size_t i = seen.candidates[k];
      if (std::count(now.begin(), now.end(), i) == 0) continue;
      if (foreign_word(reinterpret_cast<const Word*>(words[i]) + 2) == seen.values[k])
        moved.push_back(i);
    }
    seen.candidates = moved;
    return;
  }
  seen.candidates = now;
  for (std::size_t i : now) seen.values.push_back(words[i]);
  seen.depth = 1;
  v8::Local<v8::Value> ignored;
  std::ignore =
      holder->Get(isolate->GetCurrentContext(), v8::String::NewFromUtf8Literal(isolate, "inner"))
          .ToLocal(&ignored);
  seen.depth = 2;
}

// Its first name is deprecated where it has a second.
template <typename Info>
v8::Local<v8::Object> holder_of(const Info& info) {
  if constexpr (requires { info.HolderV2(); }) {
    return info.HolderV2();
  } else {
    return info.Holder();
  }
}

#if GREENFIBER_HAS_INTERCEPTED
v8::Intercepted interceptor(v8::Local<v8::Name>, const v8::PropertyCallbackInfo<v8::Value>& info) {
  observe_interceptor(info.GetIsolate(), holder_of(info), info.Data());
  return v8::Intercepted::kNo;
}
#else
void interceptor(v8::Local<v8::Name>, const v8::PropertyCallbackInfo<v8::Value>& info) {
  observe_interceptor(info.GetIsolate(), holder_of(info), info.Data());
}
#endif

std::string find_relocatable(v8::Isolate* isolate, v8::Local<v8::Context> context,
                             Observation& seen, Layout& layout) {
  v8::Local<v8::ObjectTemplate> shape = v8::ObjectTemplate::New(isolate);
  shape->SetHandler(v8::NamedPropertyHandlerConfiguration(interceptor, nullptr, nullptr, nullptr,
                                                          nullptr, wrap(isolate, &seen)));
  v8::Local<v8::Object> object;
  v8::Local<v8::Value> ignored;
  const std::vector<Word> before(isolate_words(layout),
                                 isolate_words(layout) + isolate_word_count(layout));
  if (!shape->NewInstance(context).ToLocal(&object) ||
      !object->Get(context, v8::String::NewFromUtf8Literal(isolate, "outer")).ToLocal(&ignored)) {
    return "an object with an interceptor";
  }
  // The chain is as long as before.
  std::erase_if(seen.candidates,
                [&](std::size_t i) { return isolate_words(layout)[i] != before[i]; });
  if (seen.depth != 2 || seen.candidates.size() != 1) {
    return "the top of the Relocatable chain (" + std::to_string(seen.candidates.size()) +
           " candidates)";
  }
  layout.relocatable_top = &isolate_words(layout)[seen.candidates.front()];
  return "";
}

// --- Objects to destroy before a sudden shutdown ------------------------------------------------------------
// V8 12.4 keeps a std::vector of stack objects: while a native toJSON runs it holds one pointer into the stack,
// and before and after it is empty. V8s without it are fine: none must be found there.

void observe_to_json(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Observation& seen = *unwrap(info.Data());
  const void* here = __builtin_frame_address(0);
  const Word* words = isolate_words(*seen.layout);
  for (std::size_t i = 0; i + 2 < isolate_word_count(*seen.layout); ++i) {
    const Word begin = words[i], end = words[i + 1], capacity = words[i + 2];
    Word element;
    if (end != begin + sizeof(Word) || capacity < end || capacity - begin > 1024) continue;
    if (!seen.probe->looks_like_pointer(begin)) continue;
    if (!seen.probe->read(reinterpret_cast<void*>(begin), &element, sizeof element)) continue;
    if (on_this_stack(*seen.layout, element, here)) seen.candidates.push_back(i);
  }
  info.GetReturnValue().Set(1);
}

std::string find_sudden_shutdown_vector(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                        Observation& seen, Layout& layout) {
  v8::Local<v8::Function> to_json;
  v8::Local<v8::String> text;
  v8::Local<v8::Object> object = v8::Object::New(isolate);
  if (!v8::Function::New(context, observe_to_json, wrap(isolate, &seen)).ToLocal(&to_json) ||
      object->Set(context, v8::String::NewFromUtf8Literal(isolate, "toJSON"), to_json)
          .IsNothing() ||
      !v8::JSON::Stringify(context, object).ToLocal(&text)) {
    return "JSON.stringify with a native toJSON";
  }
  const Word* words = isolate_words(layout);
  std::erase_if(seen.candidates, [&](std::size_t i) { return words[i] != words[i + 1]; });
  if (seen.candidates.size() > 1) return "objects to destroy before shutdown (ambiguous)";
  if (kHasSuddenShutdownVector && seen.candidates.empty()) {
    return "objects to destroy before shutdown";
  }
  if (!kHasSuddenShutdownVector && !seen.candidates.empty()) {
    return "no objects to destroy before shutdown";
  }
  if (!seen.candidates.empty()) {
    layout.sudden_shutdown_vector = &isolate_words(layout)[seen.candidates.front()];
  }
  return "";
}

// --- Formatting a stack trace -------------------------------------------------------------------------------
// One byte of the isolate is 1 while a stack trace is formatted and 0 outside, in every round. Whoever formats, be it
// Node under --frozen-intrinsics or an Error.prepareStackTrace that cannot be replaced, asks the error for its name.

void take_snapshot(const v8::FunctionCallbackInfo<v8::Value>& info) {
  safepoint(info.GetIsolate());
  Observation& seen = *unwrap(info.Data());
  seen.snapshots.emplace_back(seen.layout->isolate,
                              seen.layout->isolate + seen.layout->isolate_extent);
}

// Called without `snapshot` it puts back what was there: a termination runs no finally block, and what it would leave
// behind refers to the observation.
constexpr char kFormatTwice[] = R"((() => {
  const define = (object, name, descriptor) => {
    try { Object.defineProperty(object, name, { configurable: true, ...descriptor }); } catch {}
  };
  const names = ['prepareStackTrace', 'stackTraceLimit'];
  const before = names.map((name) => Object.getOwnPropertyDescriptor(Error, name));
  return (snapshot) => {
    if (snapshot === undefined) {
      names.forEach((name, i) => {
        if (before[i]) define(Error, name, before[i]); else delete Error[name];
      });
      return;
    }
    define(Error, 'stackTraceLimit', { value: 10, writable: true });
    for (let round = 0; round < 2; round++) {
      let seen = false;
      const see = () => { if (!seen) snapshot(); seen = true; return ''; };
      const error = new Error('greenfiber');
      snapshot();
      define(error, 'name', { get: see });
      define(Error, 'prepareStackTrace', { value: see, writable: true });
      void error.stack;
      define(Error, 'prepareStackTrace', { value: undefined, writable: true });
    }
    snapshot();
  };
})())";

using Snapshots = std::vector<std::vector<std::byte>>;

// Bytes that are 0 in the first snapshot, 1 in the second, and so on.
std::vector<std::size_t> toggling_bytes(const Snapshots& shots) {
  std::vector<std::size_t> found;
  const std::byte* const before = shots[0].data();
  const std::byte* const after = shots[1].data();
  for (std::size_t i = 0; i < shots[0].size(); ++i) {
    if (before[i] != std::byte{0} || after[i] != std::byte{1}) [[likely]]
      continue;
    bool toggles = true;
    for (std::size_t k = 2; k < shots.size(); ++k) toggles &= shots[k][i] == std::byte(k & 1);
    if (toggles) found.push_back(i);
  }
  return found;
}

// Whether nothing else in the byte's word ever differs.
bool toggles_alone(const Snapshots& shots, std::size_t at) {
  const std::size_t begin = at & ~(sizeof(Word) - 1);
  for (const auto& shot : shots) {
    for (std::size_t i = begin; i < begin + sizeof(Word) && i < shot.size(); ++i) {
      if (i != at && shot[i] != shots[0][i]) return false;
    }
  }
  return true;
}

std::string find_formatting_flag(v8::Isolate* isolate, v8::Local<v8::Context> context,
                                 Observation& seen, Layout& layout) {
  v8::Local<v8::Function> snapshot;
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> run, ignored;
  if (!v8::Function::New(context, take_snapshot, wrap(isolate, &seen)).ToLocal(&snapshot) ||
      !v8::Script::Compile(context, v8::String::NewFromUtf8Literal(isolate, kFormatTwice))
           .ToLocal(&script) ||
      !script->Run(context).ToLocal(&run) || !run->IsFunction()) {
    return "a script that formats a stack trace";
  }
  v8::Local<v8::Value> argument = snapshot;
  const v8::Local<v8::Function> format = run.As<v8::Function>();
  safepoint(isolate);
  std::ignore = format->Call(context, v8::Undefined(isolate), 1, &argument).ToLocal(&ignored);
  std::ignore = call_to_the_end(isolate, context, format, v8::Undefined(isolate));
  if (seen.snapshots.size() != 5) {
    return "a stack trace that is being formatted";
  }
  std::vector<std::size_t> found = toggling_bytes(seen.snapshots);
  // A pointer that moves on, into the handle block say, may do so across a multiple of 256: then its second byte may
  // toggle, too, but not alone.
  if (found.size() > 1) {
    std::erase_if(found, [&](std::size_t i) { return !toggles_alone(seen.snapshots, i); });
  }
  if (found.size() != 1) {
    return "the stack-trace formatting flag (" + std::to_string(found.size()) + " candidates)";
  }
  layout.formatting_stack_trace = reinterpret_cast<std::uint8_t*>(layout.isolate + found.front());
  return "";
}

}  // namespace

std::string find_unarchived_state(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  v8::HandleScope scope(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  for (auto find : {find_relocatable, find_sudden_shutdown_vector, find_formatting_flag}) {
    Observation seen{.layout = &layout, .probe = &probe};
    std::string missed = find(isolate, context, seen, layout);
    if (!missed.empty()) return missed;
  }
  return "";
}

#if GREENFIBER_HAS_CONTINUATION_DATA
namespace {

template <typename Isolate>
v8::Local<v8::Data> get_continuation_data(Isolate* isolate) {
  if constexpr (requires { isolate->GetContinuationPreservedEmbedderDataV2(); }) {
    return isolate->GetContinuationPreservedEmbedderDataV2();
  } else {
    return isolate->GetContinuationPreservedEmbedderData();
  }
}

template <typename Isolate>
void set_continuation_data(Isolate* isolate, v8::Local<v8::Data> data) {
  if constexpr (requires { isolate->SetContinuationPreservedEmbedderDataV2(data); }) {
    isolate->SetContinuationPreservedEmbedderDataV2(data);
  } else {
    isolate->SetContinuationPreservedEmbedderData(data.As<v8::Value>());
  }
}

}  // namespace

std::string find_continuation_data(v8::Isolate* isolate, const MemoryProbe&, Layout& layout) {
  v8::HandleScope scope(isolate);
  auto* place =
      reinterpret_cast<Word*>(layout.isolate + Internals::kContinuationPreservedEmbedderDataOffset);
  v8::Local<v8::Data> before = get_continuation_data(isolate);
  bool follows = true;
  for (int round = 0; round < 2; ++round) {
    v8::Local<v8::Object> marker = v8::Object::New(isolate);
    set_continuation_data(isolate, marker);
    follows = follows && *place == tagged_word(marker);
  }
  set_continuation_data(isolate, before);
  if (!follows || *place != tagged_word(before)) return "continuation-preserved embedder data";
  layout.continuation_data = place;
  return "";
}
#else
std::string find_continuation_data(v8::Isolate*, const MemoryProbe&, Layout&) { return ""; }
#endif

}  // namespace greenfiber::v8_state
