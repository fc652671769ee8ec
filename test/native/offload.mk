# Unit tests of src-native/offload, the part that knows nothing of V8. From anywhere:
#   make -f test/native/offload.mk test            plain
#   make -f test/native/offload.mk test-sanitize   AddressSanitizer + UndefinedBehaviorSanitizer, ThreadSanitizer

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
BUILD ?= $(ROOT)/build/native/offload
CXX ?= g++
# An emulator, where CXX compiles for another machine.
RUN ?=
export GREENFIBER_EMULATED := $(RUN)
CXXFLAGS += -std=c++20 -O2 -g -fno-exceptions -fno-rtti -Wall -Wextra -Werror -pthread \
  -I$(ROOT)/src-native -I$(ROOT)/include -isystem $(ROOT)/src-native/third_party
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# The sanitizer knows no fences, which order the queue: what crosses it is ordered by a word of its own as well (batch.h),
# and offload.tsan names the queue.
# It cannot live with the addresses of today's kernels unless they are the same in every run.
THREADS := -O1 -fsanitize=thread -Wno-tsan

SOURCES := $(addprefix $(ROOT)/src-native/offload/,crash_report.cc library.cc pool.cc work_queue.cc) \
  $(ROOT)/test/native/offload_test.cc
HEADERS := $(wildcard $(ROOT)/src-native/offload/*.h) $(ROOT)/include/greenfiber.h $(ROOT)/test/native/check.h

.PHONY: test test-sanitize clean

test: $(BUILD)/offload_test
	$(RUN) $(BUILD)/offload_test

test-sanitize: $(BUILD)/offload_test_sanitize $(BUILD)/offload_test_threads
	$(RUN) $(BUILD)/offload_test_sanitize
	TSAN_OPTIONS="halt_on_error=1 suppressions=$(ROOT)/test/native/offload.tsan" setarch -R $(BUILD)/offload_test_threads

$(BUILD)/offload_test: EXTRA :=
$(BUILD)/offload_test_sanitize: EXTRA := $(SANITIZE)
$(BUILD)/offload_test_threads: EXTRA := $(THREADS)

$(BUILD)/%: $(SOURCES) $(HEADERS)
	@mkdir -p $(BUILD)
	$(CXX) $(CXXFLAGS) $(EXTRA) $(SOURCES) -o $@ -ldl

clean:
	rm -rf $(BUILD)
