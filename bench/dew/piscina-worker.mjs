import { kernels } from './kernels.mjs';

export default function group({ kernel, all, stride, first, count, calls, n }) {
  const dowork = kernels[kernel];
  for (let i = first; i < first + count; i++) {
    for (let call = 0; call < calls; call++) dowork(all, i * stride, n);
  }
}
