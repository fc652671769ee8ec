# Benchmarks of src-native/stack. From anywhere: make -f bench/native/stack.mk bench
# Needs Google Benchmark (Debian: libbenchmark-dev).

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
BUILD ?= $(ROOT)/build/native/stack
CXX ?= g++
CXXFLAGS += -std=c++20 -O2 -g -DNDEBUG -fno-exceptions -fno-rtti -Wall -Wextra -Werror -pthread

SOURCES := $(wildcard $(ROOT)/src-native/stack/*.cc) $(ROOT)/bench/native/stack_bench.cc
HEADERS := $(wildcard $(ROOT)/src-native/stack/*.h)

.PHONY: bench

bench: $(BUILD)/stack_bench
	$(BUILD)/stack_bench --benchmark_min_time=0.3

$(BUILD)/stack_bench: $(SOURCES) $(HEADERS)
	@mkdir -p $(BUILD)
	$(CXX) $(CXXFLAGS) $(SOURCES) -lbenchmark -o $@
