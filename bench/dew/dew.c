/*
 * Dew in plain C on one core: dew KERNEL THREADS CALLS N FRAMES prints the milliseconds of each frame, a line each.
 * The kernels are those of kernels.c, called through a pointer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void none(uint32_t* chunk, int n) {
  (void)chunk;
  (void)n;
}

static void arith(uint32_t* chunk, int n) {
  (void)chunk;
  uint32_t x = (uint32_t)n;
  for (int i = 0; i < n; i++) {
    x *= (uint32_t)n;
    __asm__ volatile("" : "+r"(x));
  }
}

static void memory(uint32_t* chunk, int n) {
  for (int i = 0; i < n; i++) chunk[i] *= 2;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  void (*volatile dowork)(uint32_t*, int) = strcmp(argv[1], "arith") == 0    ? arith
                                            : strcmp(argv[1], "memory") == 0 ? memory
                                                                             : none;
  const int threads = atoi(argv[2]), calls = atoi(argv[3]), n = atoi(argv[4]),
            frames = atoi(argv[5]);
  const size_t stride = ((size_t)n + 15) / 16 * 16;
  uint32_t* all = aligned_alloc(64, (size_t)threads * stride * sizeof *all);
  if (all == NULL) return 1;
  for (size_t i = 0; i < (size_t)threads * stride; i++) all[i] = 1;
  for (int frame = 0; frame <= frames; frame++) {
    const double start = now();
    for (int i = 0; i < threads; i++)
      for (int call = 0; call < calls; call++) dowork(all + (size_t)i * stride, n);
    if (frame > 0) printf("%f\n", now() - start);
  }
  free(all);
  return 0;
}
