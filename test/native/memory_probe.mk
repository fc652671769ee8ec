# Unit tests of src-native/v8_state/memory_probe, which knows nothing of V8. From anywhere:
# make -f test/native/memory_probe.mk test test-sanitize

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
BUILD ?= $(ROOT)/build/native/memory_probe
CXX ?= g++
# An emulator, where CXX compiles for another machine.
RUN ?=
WARNINGS := -Wall -Wextra -Werror
CXXFLAGS += -std=c++20 -O2 -g -fno-exceptions -fno-rtti $(WARNINGS) -pthread -I$(ROOT)/src-native
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

SOURCES := $(ROOT)/src-native/v8_state/memory_probe.cc $(ROOT)/src-native/stack/peek.cc \
  $(ROOT)/test/native/memory_probe_test.cc
HEADERS := $(ROOT)/src-native/v8_state/memory_probe.h $(ROOT)/src-native/stack/peek.h \
  $(ROOT)/test/native/check.h

.PHONY: test test-plain test-sanitize clean

test: test-plain

test-plain: $(BUILD)/memory_probe_test
	$(RUN) $(BUILD)/memory_probe_test

test-sanitize: $(BUILD)/memory_probe_test_sanitize
	$(RUN) $(BUILD)/memory_probe_test_sanitize

$(BUILD)/memory_probe_test: EXTRA :=
$(BUILD)/memory_probe_test_sanitize: EXTRA := $(SANITIZE)

$(BUILD)/%: $(SOURCES) $(HEADERS)
	@mkdir -p $(BUILD)
	$(CXX) $(CXXFLAGS) $(EXTRA) $(SOURCES) -o $@

clean:
	rm -rf $(BUILD)
