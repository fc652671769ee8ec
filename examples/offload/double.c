/* A library of one external function: see docs/offload.md. cc -shared -fPIC -O2 -Iinclude -o double.so double.c */
#include <greenfiber.h>

/* Doubles the integers of 32 bits that the buffer holds. */
static int32_t twice(greenfiber_call* call, greenfiber_message* message) {
  uint32_t* numbers = call->data;
  if (call->length % sizeof *numbers != 0)
    return greenfiber_fail(message, 1, "the buffer does not end after an integer of 32 bits");
  for (size_t i = 0; i < call->length / sizeof *numbers; i++) numbers[i] *= 2;
  return 0;
}

GREENFIBER_EXPORTS({"twice", "b", twice})
