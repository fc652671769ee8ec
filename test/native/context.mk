# Unit tests of src-native/context. From anywhere:
#   make -f test/native/context.mk test            every compiler x optimisation level, plain
#   make -f test/native/context.mk test-sanitize   AddressSanitizer + UndefinedBehaviorSanitizer
#   make -f test/native/context.mk test-valgrind   under Valgrind, where it is installed
# For another machine: COMPILERS=aarch64-linux-gnu-g++, and RUN names the emulator.

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
BUILD ?= $(ROOT)/build/native/context
COMPILERS ?= $(foreach cxx,g++ clang++,$(if $(shell command -v $(cxx)),$(cxx)))
MACHINE := $(firstword $(subst -, ,$(shell $(firstword $(COMPILERS)) -dumpmachine)))
RUN ?=
export GREENFIBER_EMULATED := $(RUN)

# As the addon is compiled; -fno-optimize-sibling-calls keeps the frames that backtraces look for.
FLAGS := -std=c++20 -g -fPIC -Wall -Wextra -Werror -fno-omit-frame-pointer -pthread \
  -fno-optimize-sibling-calls -I$(ROOT)/src-native
NO_EXCEPTIONS := -fno-exceptions -fno-rtti
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
ASAN_ENVIRONMENT := ASAN_OPTIONS=detect_stack_use_after_return=1:detect_leaks=0

PROGRAMS := context_test context_backtrace_test flow_locals_test
HEADERS := $(wildcard $(ROOT)/src-native/context/*.h) \
  $(addprefix $(ROOT)/test/native/,check.h context_fixture.h landing_pads.h)
ASSEMBLY_x86_64 := $(ROOT)/src-native/context/context_x86_64_sysv.S
ASSEMBLY_aarch64 := $(ROOT)/src-native/context/context_aarch64_aapcs64.S
ASSEMBLY := $(ASSEMBLY_$(MACHINE))

# A variant is a name and its flags; it is built by each compiler.
PLAIN_x86_64 := O0 O2 O3 native lto cet
# An emulator is a processor with everything.
PLAIN_aarch64 := O0 O2 O3 lto bti $(if $(RUN),lse sve,native)
PLAIN := $(PLAIN_$(MACHINE))
SANITIZED := sanitize-O0 sanitize-O2
FLAGS_O0 := -O0
FLAGS_O2 := -O2
FLAGS_O3 := -O3
FLAGS_native := -O3 -march=native
FLAGS_lto := -O2 -flto
FLAGS_cet := -O2 -fno-plt -fcf-protection=full
FLAGS_bti := -O2 -mbranch-protection=standard
FLAGS_lse := -O2 -march=armv8.1-a
FLAGS_sve := -O3 -march=armv8.2-a+sve
FLAGS_sanitize-O0 := -O0 $(SANITIZE)
FLAGS_sanitize-O2 := -O2 $(SANITIZE)
FLAGS_valgrind := -O2 -DGREENFIBER_VALGRIND=1

FLAGS_context_test := $(NO_EXCEPTIONS)
FLAGS_context_backtrace_test := $(NO_EXCEPTIONS)

.PHONY: test test-sanitize test-valgrind test-property-note clean
.SECONDARY:

test: $(foreach c,$(COMPILERS),$(foreach v,$(PLAIN),$(PROGRAMS:%=run/$(c)/$(v)/%))) \
  test-property-note
test-sanitize: $(foreach c,$(COMPILERS),$(foreach v,$(SANITIZED),$(PROGRAMS:%=run/$(c)/$(v)/%)))

# run/<compiler>/<variant>/<program>
run/%: $(BUILD)/%
	@echo "== $*"
	@$(ASAN_ENVIRONMENT) $(RUN) $<

define program_rule
$(BUILD)/$(1)/$(2)/$(3): $(ROOT)/test/native/$(3).cc $(HEADERS) $(ASSEMBLY)
	@mkdir -p $$(@D)
	$(1) $(FLAGS) $(FLAGS_$(2)) $(FLAGS_$(3)) $$< $(ASSEMBLY) -o $$@
endef
$(foreach c,$(COMPILERS),$(foreach v,$(PLAIN) $(SANITIZED) valgrind,$(foreach p,$(PROGRAMS),\
  $(eval $(call program_rule,$(c),$(v),$(p))))))

# The note claims landing pads and must not claim shadow stacks, even with the compiler's claim of them around it.
NOTE_x86_64 := x86 feature: IBT
NOTE_aarch64 := AArch64 feature: BTI, PAC
NOTED_x86_64 := cet
NOTED_aarch64 := bti
test-property-note: $(BUILD)/$(firstword $(COMPILERS))/$(NOTED_$(MACHINE))/context_test
	@$(firstword $(COMPILERS)) -c $(ASSEMBLY) -o $(BUILD)/assembly.o
	@readelf -n $(BUILD)/assembly.o | grep -q '$(NOTE_$(MACHINE))$$'
	@! readelf -n $< | grep -qE 'SHSTK|GCS'
	@readelf -lW $< | grep -q 'GNU_STACK.* RW '
	@echo "ok      property note: $(NOTE_$(MACHINE)), no shadow stacks; stack not executable"

# gdb cannot run under Valgrind, so its test stays out.
test-valgrind: $(BUILD)/g++/valgrind/context_test $(BUILD)/g++/valgrind/flow_locals_test
	@command -v valgrind > /dev/null || { echo "skip    valgrind is not installed"; exit 0; }; \
	for program in $^; do valgrind -q --error-exitcode=9 --max-stackframe=8388608 $$program || exit; done

clean:
	rm -rf $(BUILD)
