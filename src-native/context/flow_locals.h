// What the C and C++ runtimes keep per thread but mean per control flow.
//
// Each flow has a stack of exceptions that it is handling (catch blocks entered and not left), a
// count of exceptions in flight, and errno. A switch carries them by hand:
//
//   const FlowLocals::Place place = FlowLocals::locate();   // once per thread
//   const FlowLocals mine = FlowLocals::save(place);
//   switch_to(...);                                         // a new flow begins with
//   mine.restore(place);                                    //   FlowLocals{}.restore(place)
#pragma once

#include <cxxabi.h>
#include <cerrno>
#include <cstddef>

namespace greenfiber::context {

struct FlowLocals {
  void* cxa_caught = nullptr;
  unsigned cxa_uncaught = 0;
  int errno_value = 0;

  // __cxa_eh_globals as the Itanium C++ ABI lays it out; <cxxabi.h> only declares it.
  struct [[gnu::may_alias]] CxaGlobals {
    void* caught_exceptions;
    unsigned uncaught_exceptions;
  };

  // Where a thread keeps its locals. The addresses hold as long as the thread lives, so that a
  // switch pays plain loads and stores instead of two calls.
  struct Place {
    CxaGlobals* cxa;
    int* errno_address;
  };

  static Place locate() {
    return {reinterpret_cast<CxaGlobals*>(abi::__cxa_get_globals()), &errno};
  }

  static FlowLocals save(const Place& place) {
    return {place.cxa->caught_exceptions, place.cxa->uncaught_exceptions, *place.errno_address};
  }

  // Whether the running flow handles an exception. Few do: one that does takes its exceptions along
  // and leaves none behind, so that all others save and restore errno only.
  static bool handles_exception(const Place& place) {
    return place.cxa->caught_exceptions != nullptr || place.cxa->uncaught_exceptions != 0;
  }
  static FlowLocals take(const Place& place) {
    const FlowLocals mine = save(place);
    FlowLocals{.errno_value = mine.errno_value}.restore(place);
    return mine;
  }

  void restore(const Place& place) const {
    place.cxa->caught_exceptions = cxa_caught;
    place.cxa->uncaught_exceptions = cxa_uncaught;
    *place.errno_address = errno_value;
  }
};

static_assert(offsetof(FlowLocals::CxaGlobals, caught_exceptions) == 0);
static_assert(offsetof(FlowLocals::CxaGlobals, uncaught_exceptions) == sizeof(void*));

}  // namespace greenfiber::context
