// What happens at safepoints of a build for tests, by the environment variable GREENFIBER_AT_SAFEPOINT:
//
//   terminate:N   the N-th safepoint that a thread comes to asks V8 to terminate its JavaScript
//   stop:N        the same, and the environment ends, as by worker.terminate()
//   pause:N:MS    it waits MS milliseconds there, so that a termination asked for elsewhere comes just then
//   count         the number of safepoints is written to stderr when the thread ends
//   collect:N     each N-th safepoint collects the young generation, then everything, and moves what can be moved;
//                 `collect` is collect:1
#ifdef GREENFIBER_SAFEPOINTS

#include "v8_state/safepoint.h"

#include <node.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace greenfiber::v8_state {

namespace {

struct Counter {
  unsigned long passed = 0;
  bool tells = false;
  node::Environment* environment = nullptr;

  ~Counter() {
    if (tells) std::fprintf(stderr, "safepoints: %lu\n", passed);
  }
};

thread_local Counter counter;

// What comes behind `verb`, or null when the variable says something else.
const char* asked(const char* verb) {
  const char* given = std::getenv("GREENFIBER_AT_SAFEPOINT");
  const std::size_t length = std::strlen(verb);
  return given != nullptr && std::strncmp(given, verb, length) == 0 ? given + length : nullptr;
}

// Collections call us as well: in one, nothing is collected.
thread_local bool collects = false;

void collect(v8::Isolate* isolate) {
  if (collects || isolate->IsExecutionTerminating()) return;
  collects = true;
  v8::V8::SetFlagsFromString("--expose-gc");  // which the next two ask for
  v8::V8::SetFlagsFromString("--stress-compaction");
  isolate->RequestGarbageCollectionForTesting(v8::Isolate::kMinorGarbageCollection);
  isolate->RequestGarbageCollectionForTesting(v8::Isolate::kFullGarbageCollection);
  collects = false;
}

}  // namespace

void at_safepoint(v8::Isolate* isolate) {
  ++counter.passed;
  counter.tells = asked("count") != nullptr;
  if (counter.environment == nullptr) {
    const v8::HandleScope scope(isolate);
    counter.environment = node::GetCurrentEnvironment(isolate->GetCurrentContext());
  }
  if (const char* rest = asked("collect")) {
    const unsigned long interval = *rest == ':' ? std::strtoul(rest + 1, nullptr, 10) : 1;
    if (interval != 0 && counter.passed % interval == 0) collect(isolate);
  }
  if (const char* number = asked("terminate:")) {
    if (std::strtoul(number, nullptr, 10) == counter.passed) isolate->TerminateExecution();
  }
  if (const char* number = asked("stop:")) {
    if (std::strtoul(number, nullptr, 10) == counter.passed) node::Stop(counter.environment);
  }
  if (const char* number = asked("pause:")) {
    char* rest = nullptr;
    if (std::strtoul(number, &rest, 10) == counter.passed && *rest == ':') {
      usleep(1000 * static_cast<useconds_t>(std::strtoul(rest + 1, nullptr, 10)));
    }
  }
}

}  // namespace greenfiber::v8_state

#endif
