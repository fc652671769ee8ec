/*
 * The external function of docs/offload.md.
 *
 *   cc -shared -fPIC -O2 -Iinclude -o image.so examples/offload/image.c
 */
#include "greenfiber.h"

/* How often z = z * z + c can be repeated for each point of a row before z leaves the circle, at most `limit`. */
static int32_t mandelbrot_row(greenfiber_call* call, greenfiber_message* message) {
  uint8_t* row = call->data;
  const int64_t limit = call->integers[0];
  const double y = call->doubles[0];
  if (limit < 1 || limit > 255)
    return greenfiber_fail(message, 1, "the limit must be from 1 to 255: a point is a byte");
  int64_t inside = 0;
  for (size_t i = 0; i < call->length; i++) {
    const double x = -2.2 + 3.2 * (double)i / (double)call->length;
    double re = 0, im = 0;
    int64_t n = 0;
    for (; n < limit && re * re + im * im <= 4; n++) {
      const double next = re * re - im * im + x;
      im = 2 * re * im + y;
      re = next;
    }
    row[i] = (uint8_t)n;
    inside += n == limit;
  }
  call->result.integer = inside;
  return 0;
}

/* The mean of a buffer of bytes. */
static int32_t mean(greenfiber_call* call, greenfiber_message* message) {
  const uint8_t* bytes = call->data;
  if (call->length == 0) return greenfiber_fail(message, 2, "nothing has no mean");
  double sum = 0;
  for (size_t i = 0; i < call->length; i++) sum += bytes[i];
  call->result.number = sum / (double)call->length;
  return 0;
}

GREENFIBER_EXPORTS({"mandelbrot_row", "bid:i", mandelbrot_row}, {"mean", "b:d", mean})
