import { wrongType, wrongValue } from 'greenfiber/lowlevel';

import { checkSample } from './histogram';
import { declare, isBuiltIn } from './metric-names';
import { checkTags, type Metric, type MetricType, type Registry, type Tags } from './registry';
import { tagsOf, vu } from './vu';

/** A metric of a scenario's own. It is made where the scenario is loaded, and samples are added by its users. */
abstract class CustomMetric<T extends MetricType> {
  readonly #type: T;
  readonly #unit: string;
  /** Of the run that added last. */
  #registry: Registry | undefined = undefined;
  #metric: Metric<T> | undefined = undefined;

  /**
   * @param name - letters, digits, `_`, `.` and `-`; none that is recorded anyway
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(
    readonly name: string,
    type: T,
    unit: string,
  ) {
    if (typeof name !== 'string') throw wrongType('name', 'a string', name);
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
      throw wrongValue('name', 'a name of letters, digits, "_", "." and "-"', name);
    }
    if (isBuiltIn(name)) throw wrongValue('name', 'another: this one is recorded anyway', name);
    if (typeof unit !== 'string') throw wrongType('options.unit', 'a string', unit);
    this.#type = type;
    this.#unit = unit;
    declare(name, type);
  }

  protected record(value: number, tags: Tags | undefined): void {
    const user = vu();
    const { recorder, clock, start } = user.context;
    const { registry } = recorder;
    if (registry !== this.#registry || this.#metric === undefined) {
      this.#registry = registry;
      this.#metric = registry.metric(this.name, this.#type, this.#unit);
    }
    const own = tagsOf(user);
    const all = tags === undefined ? own : { ...own, ...checkTags('tags', tags) };
    this.#metric.with(all).add(value, clock.now() - start);
    recorder.sampled(this.name, value, all);
  }
}

function checkNumber(value: unknown, least: number): asserts value is number {
  if (typeof value !== 'number') throw wrongType('value', 'a number', value);
  if (!Number.isFinite(value) || value < least) {
    const wanted = least === 0 ? 'a number from 0' : 'a finite number';
    throw wrongValue('value', wanted, value);
  }
}

/** A sum. */
export class Counter extends CustomMetric<'counter'> {
  constructor(name: string, options: { unit?: string } = {}) {
    super(name, 'counter', options.unit ?? '');
  }

  /**
   * Adds a number from 0.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_LOAD_NO_USER`
   */
  add(value = 1, tags?: Tags): void {
    checkNumber(value, 0);
    this.record(value, tags);
  }
}

/** The last of several values, and their extremes. */
export class Gauge extends CustomMetric<'gauge'> {
  constructor(name: string, options: { unit?: string } = {}) {
    super(name, 'gauge', options.unit ?? '');
  }

  /**
   * Sets it.
   *
   * @throws as {@link Counter.add}
   */
  set(value: number, tags?: Tags): void {
    checkNumber(value, -Infinity);
    this.record(value, tags);
  }
}

/** How often something is true. */
export class Rate extends CustomMetric<'rate'> {
  constructor(name: string) {
    super(name, 'rate', '');
  }

  /**
   * Adds one observation.
   *
   * @throws {@link FiberError} `ERR_LOAD_NO_USER`
   */
  add(value: unknown, tags?: Tags): void {
    this.record(value ? 1 : 0, tags);
  }
}

/** A distribution of values from 0 to 9e12, known to one part in a thousand. */
export class Trend extends CustomMetric<'trend'> {
  /** @param options - `unit`, default `ms` */
  constructor(name: string, options: { unit?: string } = {}) {
    super(name, 'trend', options.unit ?? 'ms');
  }

  /**
   * Adds a value.
   *
   * @throws as {@link Counter.add}
   */
  add(value: number, tags?: Tags): void {
    checkSample('value', value);
    this.record(value, tags);
  }
}
