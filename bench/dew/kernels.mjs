// The kernels in JavaScript, for worker threads.
export const kernels = {
  none: () => undefined,
  arith: (_all, _first, n) => {
    let x = n;
    for (let i = 0; i < n; i++) x = Math.imul(x, n);
    sink = x;
  },
  memory: (all, first, n) => {
    for (let i = first; i < first + n; i++) all[i] *= 2;
  },
};

// So that the multiplications are not left out.
export let sink = 0;
