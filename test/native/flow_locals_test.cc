// Exceptions and errno belong to the control flow that meets them
// (src-native/context/flow_locals.h). Compiled with exceptions, unlike the addon: the program
// around it may well use them.
#include "context/flow_locals.h"

#include <exception>
#include <string>

#include "check.h"
#include "context_fixture.h"

namespace greenfiber::test {
namespace {

using context::FlowLocals;

// resume() and yield() that carry the flow's locals as well.
struct Host {
  Flow* flow = nullptr;
  FlowLocals::Place place = FlowLocals::locate();
};

void resume_with_locals(Host& host) {
  const FlowLocals mine = FlowLocals::save(host.place);
  resume(*host.flow);
  mine.restore(host.place);
}

Transfer yield_with_locals(Host& host, Transfer transfer) {
  const FlowLocals mine = FlowLocals::save(host.place);
  transfer = yield(*host.flow, transfer.from);
  mine.restore(host.place);
  return transfer;
}

bool flow_ok = false;

// Suspended inside a catch block, it must still hold its own exception afterwards.
void yield_while_handling(Transfer transfer, void* argument) {
  Host& host = *static_cast<Host*>(argument);
  arrive(*host.flow);
  FlowLocals{}.restore(host.place);
  try {
    try {
      throw std::string("of the flow");
    } catch (const std::string&) {
      transfer = yield_with_locals(host, transfer);
      throw;  // Takes the exception on top of the stack of caught ones.
    }
  } catch (const std::string& text) {
    flow_ok = text == "of the flow";
  }
  flow_ok = flow_ok && std::current_exception() == nullptr;
  finish(*host.flow, transfer.from);
}

TEST(a_flow_suspended_in_a_catch_block_keeps_its_exception_and_hides_it_from_its_resumer) {
  Stacks stacks(1);
  Host host;
  Flow flow(stacks, 0, yield_while_handling, &host);
  host.flow = &flow;
  flow_ok = false;
  try {
    throw 42;
  } catch (int number) {
    CHECK(number == 42);
    resume_with_locals(host);  // The flow handles its own exception now and is suspended.
    try {
      throw;
    } catch (int again) {
      CHECK(again == 42);
    }
    resume_with_locals(host);
    CHECK(std::current_exception() != nullptr);
  }
  CHECK(std::current_exception() == nullptr);
  CHECK(flow_ok);
}

// Suspended by a destructor while an exception is in flight.
struct YieldsInDestructor {
  Host& host;
  Transfer& transfer;
  int& in_flight;
  ~YieldsInDestructor() {
    transfer = yield_with_locals(host, transfer);
    in_flight = std::uncaught_exceptions();
  }
};

void yield_while_unwinding(Transfer transfer, void* argument) {
  Host& host = *static_cast<Host*>(argument);
  arrive(*host.flow);
  FlowLocals{}.restore(host.place);
  int in_flight = 0;
  try {
    YieldsInDestructor guard{host, transfer, in_flight};
    throw 1;
  } catch (int) {
    flow_ok = in_flight == 1 && std::uncaught_exceptions() == 0;
  }
  finish(*host.flow, transfer.from);
}

TEST(a_flow_suspended_by_a_destructor_during_unwinding_leaves_no_exception_in_flight_elsewhere) {
  Stacks stacks(1);
  Host host;
  Flow flow(stacks, 0, yield_while_unwinding, &host);
  host.flow = &flow;
  flow_ok = false;
  resume_with_locals(host);
  CHECK(std::uncaught_exceptions() == 0);
  try {
    throw 2;
  } catch (int) {
  }
  resume_with_locals(host);
  CHECK(flow_ok);
  CHECK(std::uncaught_exceptions() == 0);
}

void set_errno(Transfer transfer, void* argument) {
  Host& host = *static_cast<Host*>(argument);
  arrive(*host.flow);
  FlowLocals{}.restore(host.place);
  flow_ok = errno == 0;
  errno = EAGAIN;
  transfer = yield_with_locals(host, transfer);
  flow_ok = flow_ok && errno == EAGAIN;
  finish(*host.flow, transfer.from);
}

TEST(each_flow_has_an_errno_of_its_own) {
  Stacks stacks(1);
  Host host;
  Flow flow(stacks, 0, set_errno, &host);
  host.flow = &flow;
  flow_ok = false;
  errno = ENOENT;
  resume_with_locals(host);
  CHECK(errno == ENOENT);
  errno = EINTR;
  resume_with_locals(host);
  CHECK(errno == EINTR);
  CHECK(flow_ok);
}

TEST(locate_finds_the_globals_of_this_thread) {
  const FlowLocals::Place place = FlowLocals::locate();
  CHECK(place.errno_address == &errno);
  CHECK(place.cxa->caught_exceptions == nullptr);
  try {
    throw 1;
  } catch (int) {
    CHECK(place.cxa->caught_exceptions != nullptr);
  }
  CHECK(place.cxa->caught_exceptions == nullptr);
}

}  // namespace
}  // namespace greenfiber::test

TEST_MAIN()
