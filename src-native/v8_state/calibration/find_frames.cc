// How V8's frames are chained. A frame begins { caller's frame pointer, return address }, and below that lies the
// context of a function of JavaScript or, a small integer, the kind of frame. JavaScript calls C++ through an exit frame,
// which keeps its stack pointer next; C++ calls JavaScript through an entry frame, which keeps the exit frame that was
// the innermost one then.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "v8_state/calibration/calibration.h"
#include "v8_state/calibration/observation.h"
#include "v8_state/safepoint.h"

namespace greenfiber::v8_state {

namespace {

#ifdef __x86_64__
constexpr bool kKnowsProcessor = true;
#else
constexpr bool kKnowsProcessor =
    false;  // where return addresses may be signed with the place they lie at
#endif

constexpr std::size_t kMostFrames = 64;
constexpr Word kMostKinds = 64;
constexpr std::ptrdiff_t kNearestSaved = -16, kFarthestSaved = -160;  // in an entry frame

// What the callbacks below see of the thread's own stack.
struct Look : Observation {
  FrameLayout found = {};
  std::vector<Word> outer_top = {};     // the words of ThreadLocalTop in the outer callback
  std::vector<std::ptrdiff_t> at = {};  // where an entry frame may keep the outer exit frame
  std::vector<Word> top_before = {};    // the same words before all this began
  int rounds = 0;
  bool ambiguous = false;
};

Word load(Word at) { return foreign_word(reinterpret_cast<const void*>(at)); }

bool is_kind(Word word) { return (word & 1) == 0 && word >> 1 < kMostKinds; }

bool is_frame(const Look& look, Word frame) {
  const Word here = reinterpret_cast<Word>(__builtin_frame_address(0));
  return frame > here && frame + 16 < look.layout->main_stack_start && (frame & 7) == 0 &&
         look.found.is_code(load(frame + 8));
}

bool is_exit_frame(const Look& look, Word frame) {
  if (!is_frame(look, frame) || !is_kind(load(frame - 8))) return false;
  const Word sp = load(frame - 16);
  return sp < frame && sp > reinterpret_cast<Word>(__builtin_frame_address(0)) && (sp & 7) == 0 &&
         look.found.is_code(load(sp - 8));
}

// Calls `use` with one frame after the other until it answers false.
template <typename Use>
void each_caller(const Look& look, Word frame, Use use) {
  for (std::size_t i = 0; i < kMostFrames && is_frame(look, frame); ++i) {
    const Word caller = load(frame);
    if (caller <= frame || caller >= look.layout->main_stack_start || !use(caller)) return;
    frame = caller;
  }
}

// The frame through which C++ called JavaScript keeps `outer`, and is the first to do so.
Word entry_between(const Look& look, Word inner, Word outer, std::vector<std::ptrdiff_t>& at) {
  Word entry = 0;
  each_caller(look, inner, [&](Word frame) {
    if (frame >= outer) return false;
    if (!is_kind(load(frame - 8))) return true;
    for (std::ptrdiff_t saved = kNearestSaved; saved >= kFarthestSaved; saved -= 8) {
      if (load(frame + Word(saved)) == outer) at.push_back(saved);
    }
    entry = at.empty() ? 0 : frame;
    return entry == 0;
  });
  return entry;
}

void look_inside(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Look& look = *static_cast<Look*>(unwrap(info.Data()));
  const Word* top = look.layout->thread_local_top();
  std::vector<std::size_t> words;
  for (std::size_t i = 0; i < look.outer_top.size(); ++i) {
    std::vector<std::ptrdiff_t> at;
    const Word outer = look.outer_top[i];
    if (!is_exit_frame(look, top[i]) || !is_exit_frame(look, outer) || top[i] >= outer) continue;
    const Word entry = entry_between(look, top[i], outer, at);
    if (entry == 0) continue;
    words.push_back(i);
    // The second round calls a constructor.
    (look.rounds == 0 ? look.found.entry_marker : look.found.construct_entry_marker) =
        load(entry - 8);
    if (look.rounds == 0) look.at = at;
    std::erase_if(look.at,
                  [&](auto place) { return std::count(at.begin(), at.end(), place) == 0; });
  }
  if (words.size() != 1 || (look.rounds > 0 && words.front() != look.found.exit_frame)) {
    look.ambiguous = true;
  } else {
    look.found.exit_frame = words.front();
  }
  if (look.at.size() == 1) look.found.next_exit = look.at.front();
  ++look.rounds;
}

std::vector<Word> copy_of_top(const Layout& layout) {
  const Word* top = layout.thread_local_top();
  return {top, top + kThreadLocalTopSize / sizeof(Word)};
}

// Called with a function and a class that call look_inside.
void look_outside(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Look& look = *static_cast<Look*>(unwrap(info.Data()));
  v8::Isolate* isolate = info.GetIsolate();
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  look.outer_top = copy_of_top(*look.layout);
  v8::Local<v8::Value> ignored;
  v8::Local<v8::Object> also_ignored;
  safepoint(isolate);
  if (!info[0].As<v8::Function>()->Call(context, info[0], 0, nullptr).ToLocal(&ignored)) return;
  safepoint(isolate);
  if (!info[1].As<v8::Function>()->NewInstance(context).ToLocal(&also_ignored)) return;
}

// What of the chain was not found; empty: nothing.
std::string_view conclude(const Look& look) {
  const FrameLayout& found = look.found;
  if (look.ambiguous || look.rounds != 2) return "the innermost exit frame";
  if (look.at.size() != 1) return "the exit frame that an entry frame keeps";
  if (found.entry_marker == found.construct_entry_marker) return "the kinds of entry frames";
  return "";
}

// Notes of which kinds the frames are that lie between here and where all this began.
void look_along(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Look& look = *static_cast<Look*>(unwrap(info.Data()));
  const auto note = [&](Word frame) {
    const Word kind = load(frame - 8);
    if (is_kind(kind)) look.found.plain_kinds |= Word{1} << (kind >> 1);
  };
  if (!conclude(look).empty()) return;
  const Word end = look.top_before[look.found.exit_frame];
  Word frame = look.layout->thread_local_top()[look.found.exit_frame];
  while (is_exit_frame(look, frame) && frame != end) {
    note(frame);
    Word entry = 0;
    each_caller(look, frame, [&](Word caller) {
      frame = caller;
      note(caller);
      const Word kind = load(caller - 8);
      if (kind == look.found.entry_marker || kind == look.found.construct_entry_marker) {
        entry = caller;
      }
      return entry == 0;
    });
    if (entry == 0) return;
    frame = load(entry + Word(look.found.next_exit));
  }
}

// What built-ins call functions through. Where a program has changed them, fewer kinds of frames are known.
constexpr char kCallsBack[] = R"(((outside, inside, along) => {
  outside(() => inside(), class { constructor() { inside(); } });
  const one = () => along();
  class Base { constructor() { along(); } }
  class Derived extends Base {}
  const ways = [
    one,
    () => new Derived(),
    () => Reflect.construct(Base, []),
    () => Reflect.apply(one, undefined, []),
    () => ({ get x() { return one(); } }).x,
    () => { ({ set x(value) { one(); } }).x = 1; },
    () => [1].map(one),
    () => [3, 2, 1].sort(() => (one(), 0)),
    () => [...(function* () { yield one(); })()],
    () => 'a'.replace(/a/, one),
    () => JSON.stringify({ toJSON: () => one() }),
    () => new Proxy({}, { get: () => one() }).x,
    () => String({ toString: () => (one(), '') }),
    () => one.bind(1)(2),
    () => one(...[1, 2, 3]),
  ];
  for (const way of ways) try { way(); } catch {}
}))";

const char* find(v8::Isolate* isolate, Look& look) {
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> run, ignored, callbacks[3];
  if (!v8::Script::Compile(context, v8::String::NewFromUtf8Literal(isolate, kCallsBack))
           .ToLocal(&script) ||
      !script->Run(context).ToLocal(&run) || !run->IsFunction()) {
    return "a script that calls back";
  }
  constexpr v8::FunctionCallback kCallbacks[] = {look_outside, look_inside, look_along};
  for (std::size_t i = 0; i < std::size(callbacks); ++i) {
    v8::Local<v8::Function> callback;
    if (!v8::Function::New(context, kCallbacks[i], wrap(isolate, &look)).ToLocal(&callback)) {
      return "a script that calls back";
    }
    callbacks[i] = callback;
  }
  look.top_before = copy_of_top(*look.layout);
  safepoint(isolate);
  if (!run.As<v8::Function>()
           ->Call(context, v8::Undefined(isolate), std::size(callbacks), callbacks)
           .ToLocal(&ignored)) {
    return "a script that calls back";
  }
  return "";
}

// { isolate, next, .. }: two of them, one in the other.
const char* find_try_catch(v8::Isolate* isolate, const Layout& layout, FrameLayout& found) {
  v8::TryCatch outer(isolate);
  v8::TryCatch inner(isolate);
  const auto* words = reinterpret_cast<const Word*>(&inner);
  if (foreign_word(words + 1) != reinterpret_cast<Word>(&outer)) return "the chain of v8::TryCatch";
  std::size_t places = 0;
  for (std::size_t i = 0; i < kThreadLocalTopSize / sizeof(Word); ++i) {
    if (layout.thread_local_top()[i] != reinterpret_cast<Word>(&inner)) continue;
    found.try_catch = i;
    ++places;
  }
  return places == 1 ? "" : "the chain of v8::TryCatch (ambiguous)";
}

AddressRange code_range(v8::Isolate* isolate) {
  void* start = nullptr;
  std::size_t bytes = 0;
  isolate->GetCodeRange(&start, &bytes);
  return {reinterpret_cast<Word>(start), reinterpret_cast<Word>(start) + bytes};
}

AddressRange embedded_code_range(v8::Isolate* isolate) {
  const void* start = nullptr;
  std::size_t bytes = 0;
  isolate->GetEmbeddedCodeRange(&start, &bytes);
  return {reinterpret_cast<Word>(start), reinterpret_cast<Word>(start) + bytes};
}

}  // namespace

FrameLayout find_frames(v8::Isolate* isolate, const Layout& layout) {
  Look look;
  look.layout = &layout;
  if (!kKnowsProcessor) {
    look.found.missing = "the frames of this processor are not known";
    return look.found;
  }
  v8::HandleScope scope(isolate);
  v8::TryCatch try_catch(isolate);
  look.found.code = code_range(isolate);
  look.found.embedded = embedded_code_range(isolate);
  look.found.missing = find_try_catch(isolate, layout, look.found);
  if (*look.found.missing != '\0') return look.found;
  look.found.missing = find(isolate, look);
  if (*look.found.missing != '\0') return look.found;
  look.found.missing = conclude(look).data();
  if (*look.found.missing != '\0') return look.found;
  for (const Word kind : {look.found.entry_marker, look.found.construct_entry_marker}) {
    look.found.plain_kinds |= Word{1} << (kind >> 1);
  }
  return look.found;
}

}  // namespace greenfiber::v8_state
