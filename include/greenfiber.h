/*
 * External functions for greenfiber: native code that a fiber calls as if it were synchronous, and that runs on
 * another core meanwhile. docs/offload.md tells how they are called.
 *
 *   static int32_t scale(greenfiber_call *call, greenfiber_message *message) {
 *     double *values = call->data;
 *     if (call->length % sizeof(double) != 0)
 *       return greenfiber_fail(message, 1, "the buffer holds no doubles");
 *     for (size_t i = 0; i < call->length / sizeof(double); i++) values[i] *= call->doubles[0];
 *     call->result.integer = (int64_t)(call->length / sizeof(double));
 *     return 0;
 *   }
 *
 *   GREENFIBER_EXPORTS({"scale", "bd:i", scale})
 *
 *   cc -shared -fPIC -O2 -o libscale.so scale.c
 *
 * A function is called on a thread of the pool, several at a time, without any lock. It must not call V8, Node or
 * Node-API, must not let a C++ exception or a Rust panic out (the process would end), and may block only the thread
 * it runs on. Rust declares the structures with #[repr(C)] and the functions with extern "C".
 */
#ifndef GREENFIBER_H
#define GREENFIBER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a library built for it could not run with an older greenfiber. */
#define GREENFIBER_ABI_VERSION 1

#define GREENFIBER_MAX_INTEGERS 3
#define GREENFIBER_MAX_DOUBLES 2

/* One call: a cache line. What the signature does not name is 0. */
typedef struct greenfiber_call {
  void*
      data; /* the buffer's bytes; stays valid until the function returns. NULL when length is 0 */
  size_t length;                             /* of the buffer, in bytes */
  int64_t integers[GREENFIBER_MAX_INTEGERS]; /* in the order of the arguments */
  double doubles[GREENFIBER_MAX_DOUBLES];
  union {
    int64_t integer;
    double number;
  } result; /* 0 until the function sets it */
} greenfiber_call;

/* What went wrong, for the error that the caller gets: UTF-8, ends with a 0. Empty until the function sets it. */
typedef struct greenfiber_message {
  char text[256];
} greenfiber_message;

/* Answers 0, or a status of its own: then the caller gets an ERR_OFFLOAD_FAILED with that status and the message. */
typedef int32_t (*greenfiber_function)(greenfiber_call* call, greenfiber_message* message);

/*
 * A function that JavaScript can ask for. The signature is a letter for each argument, then, if it answers
 * something, a colon and the letter of the result:
 *
 *   b   a buffer: an ArrayBuffer, a SharedArrayBuffer or a view on one; at most one
 *   i   an integer of 64 bits; at most GREENFIBER_MAX_INTEGERS
 *   d   a double; at most GREENFIBER_MAX_DOUBLES
 */
typedef struct greenfiber_export {
  const char* name;
  const char* signature;
  greenfiber_function function;
} greenfiber_export;

/* What a library exports under the name greenfiber_exports. All of it has to stay as it is once it is loaded. */
typedef struct greenfiber_library {
  uint32_t
      abi_version; /* GREENFIBER_ABI_VERSION of the header that it was compiled with; always the first word */
  uint32_t count;
  const greenfiber_export* functions;
} greenfiber_library;

#if defined(__GNUC__)
#define GREENFIBER_VISIBLE __attribute__((visibility("default")))
#else
#define GREENFIBER_VISIBLE
#endif

extern GREENFIBER_VISIBLE const greenfiber_library greenfiber_exports;

/* Once in a library: {"name", "signature", function}, ... */
#define GREENFIBER_EXPORTS(...)                                                           \
  static const greenfiber_export greenfiber_functions[] = {__VA_ARGS__};                  \
  const greenfiber_library greenfiber_exports = {                                         \
      GREENFIBER_ABI_VERSION, sizeof greenfiber_functions / sizeof *greenfiber_functions, \
      greenfiber_functions};

/* return greenfiber_fail(message, status, "why"); the text is cut where the message is full. */
static inline int32_t greenfiber_fail(greenfiber_message* message, int32_t status,
                                      const char* text) {
  strncpy(message->text, text, sizeof message->text - 1);
  message->text[sizeof message->text - 1] = '\0';
  return status;
}

#ifdef __cplusplus
}
#endif

#endif
