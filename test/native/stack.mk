# Unit tests of src-native/stack. From anywhere: make -f test/native/stack.mk test test-sanitize

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
BUILD ?= $(ROOT)/build/native/stack
CXX ?= g++
# An emulator, where CXX compiles for another machine.
RUN ?=
export GREENFIBER_EMULATED := $(RUN)
WARNINGS := -Wall -Wextra -Werror
CXXFLAGS += -std=c++20 -O2 -g -fno-exceptions -fno-rtti $(WARNINGS) -pthread
CXXFLAGS += $(if $(RUN),-DGREENFIBER_RESERVATION=0x40000000)
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

SOURCES := $(wildcard $(ROOT)/src-native/stack/*.cc) \
  $(wildcard $(ROOT)/test/native/stack_*test.cc)
HEADERS := $(wildcard $(ROOT)/src-native/stack/*.h) $(ROOT)/test/native/check.h \
  $(ROOT)/test/native/stack_fixture.h

.PHONY: test test-plain test-sanitize clean

# As shipped, and with the checks of debug_ledger.h.
test: test-plain $(BUILD)/stack_test_debug
	$(RUN) $(BUILD)/stack_test_debug

test-plain: $(BUILD)/stack_test
	$(RUN) $(BUILD)/stack_test

test-sanitize: $(BUILD)/stack_test_sanitize $(BUILD)/stack_test_debug_sanitize
	$(RUN) $(BUILD)/stack_test_sanitize
	$(RUN) $(BUILD)/stack_test_debug_sanitize

$(BUILD)/stack_test: EXTRA :=
$(BUILD)/stack_test_debug: EXTRA := -DGREENFIBER_DEBUG_STACKS
$(BUILD)/stack_test_sanitize: EXTRA := $(SANITIZE)
$(BUILD)/stack_test_debug_sanitize: EXTRA := $(SANITIZE) -DGREENFIBER_DEBUG_STACKS

$(BUILD)/%: $(SOURCES) $(HEADERS)
	@mkdir -p $(BUILD)
	$(CXX) $(CXXFLAGS) $(EXTRA) $(SOURCES) -o $@

clean:
	rm -rf $(BUILD)
