import type { Histogram as HdrHistogram } from 'hdr-histogram-js';

import { wrongNumber } from 'greenfiber/lowlevel';

import { lazily } from './lazy';

/** Values are kept as whole thousandths: microseconds, for milliseconds. */
const SCALE = 1000;
/** A value is known to one part in a thousand. */
const DIGITS = 3;
/** Values below it, in thousandths, are counted here first: the library takes two logarithms for each. */
const SMALL = 4096;
/** Thousandths of larger values are no longer whole numbers that can be told apart. */
const LARGEST = 9e12;

/**
 * What a distribution can hold; everything else is refused, here and nowhere else.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function checkSample(name: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0 && value <= LARGEST) return;
  throw wrongNumber(name, `a number from 0 to ${String(LARGEST)}`, value);
}

/**
 * A distribution in constant memory: Gil Tene's HDR histogram, through hdr-histogram-js. Two of them can be merged
 * without loss, also when one comes from another thread or machine in its encoded form, which is that of the other
 * HdrHistogram libraries.
 */
export class Histogram {
  readonly #large: HdrHistogram;
  readonly #small = new Uint32Array(SMALL);
  #hasSmall = false;
  #sum = 0;

  constructor() {
    this.#large = lazily.hdr().build({
      bitBucketSize: 32,
      autoResize: true,
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2_000_000,
      numberOfSignificantValueDigits: DIGITS,
      useWebAssembly: false,
    });
  }

  /**
   * One value, from 0 to 9e12.
   *
   * @throws as {@link checkSample}
   */
  record(value: number): void {
    checkSample('value', value);
    const thousandths = Math.round(value * SCALE);
    if (thousandths < SMALL) {
      this.#small[thousandths] = (this.#small[thousandths] ?? 0) + 1;
      this.#hasSmall = true;
    } else {
      this.#large.recordValue(thousandths);
    }
    this.#sum += value;
  }

  /** All values. */
  get #hdr(): HdrHistogram {
    if (this.#hasSmall) {
      for (const [thousandths, count] of this.#small.entries()) {
        if (count > 0) this.#large.recordValueWithCount(thousandths, count);
      }
      this.#forgetSmall();
    }
    return this.#large;
  }

  #forgetSmall(): void {
    this.#small.fill(0);
    this.#hasSmall = false;
  }

  get count(): number {
    return this.#hdr.totalCount;
  }

  get sum(): number {
    return this.#sum;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  get min(): number {
    return this.percentile(0);
  }

  get max(): number {
    return this.#hdr.maxValue / SCALE;
  }

  /** The value that `share` percent of all values do not exceed. */
  percentile(share: number): number {
    return this.count === 0 ? 0 : this.#hdr.getValueAtPercentile(share) / SCALE;
  }

  add(other: Histogram): void {
    this.#hdr.add(other.#hdr);
    this.#sum += other.#sum;
  }

  reset(): void {
    this.#large.reset();
    this.#forgetSmall();
    this.#sum = 0;
  }

  encode(): EncodedHistogram {
    return { sum: this.#sum, hdr: lazily.hdr().encodeIntoCompressedBase64(this.#hdr) };
  }

  static decode({ sum, hdr }: EncodedHistogram): Histogram {
    const histogram = new Histogram();
    histogram.#hdr.add(lazily.hdr().decodeFromCompressedBase64(hdr, 32, false));
    histogram.#sum = sum;
    return histogram;
  }
}

/** A {@link Histogram} as JSON. */
export interface EncodedHistogram {
  /** The sum of all values, which the histogram itself knows to three digits only. */
  readonly sum: number;
  /** Of values times 1000, in the compressed base64 format (V2) of HdrHistogram. */
  readonly hdr: string;
}
