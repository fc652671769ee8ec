import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/**
 * Node's deprecated `domain` module keeps the active domain in `process.domain` and a stack of those entered beside it.
 * Once the program has loaded it, every fiber has its own of both. Domains are entered and left by their own methods,
 * which also tell Node whether somebody handles uncaught errors.
 */
interface Domain {
  enter(): void;
  exit(): void;
}

interface DomainModule {
  _stack: Domain[];
  active: unknown;
  Domain: { prototype: Domain };
}

/** What is active on one stack. */
export interface ActiveDomains {
  /** `process.domain`: the innermost of `stack`, unless the program has set it by hand. */
  domain: unknown;
  stack: Domain[];
}

/** Whether the program has loaded `domain`. (`process.domain` is there from the start.) */
export function usesDomains(): boolean {
  return (EventEmitter as { usingDomains?: boolean }).usingDomains === true;
}

const requireBuiltin = createRequire(process.execPath);

let domainModule: DomainModule | undefined;

/** The module, which the program has loaded; kept, since to require it takes microseconds. */
function loaded(): DomainModule {
  return (domainModule ??= requireBuiltin('node:domain') as DomainModule);
}

function setDomain(domain: unknown): void {
  Reflect.set(process, 'domain', domain);
  loaded().active = domain;
}

/** What is active on the running stack; undefined when nothing is. */
export function activeDomains(): ActiveDomains | undefined {
  const { domain } = process as { domain?: unknown };
  const stack = loaded()._stack;
  if ((domain === null || domain === undefined) && stack.length === 0) return undefined;
  return { domain, stack: [...stack] };
}

/** Returns what is active on the running stack, and makes nothing active. */
export function leaveDomains(): ActiveDomains | undefined {
  const active = activeDomains();
  if (active === undefined) return undefined;
  const domains = loaded();
  const { exit } = domains.Domain.prototype;
  // Leaving the outermost one leaves those above it, too, but it may have been entered several times.
  while (domains._stack[0] !== undefined) exit.call(domains._stack[0]);
  setDomain(null);
  return active;
}

/** Makes `active`, and nothing else, active on the running stack. */
export function enterDomains(active: ActiveDomains | undefined): void {
  leaveDomains();
  if (active === undefined) return;
  enterAll(active.stack);
  if (Reflect.get(process, 'domain') !== active.domain) setDomain(active.domain);
}

function enterAll(stack: readonly Domain[]): void {
  const { enter } = loaded().Domain.prototype;
  for (const domain of stack) enter.call(domain);
}

/** The domains that an error has left behind with the fibers that it left, the outermost first. */
const leftBehind = new WeakMap<object, Domain[]>();
let lastPrimitive: { error: unknown; stack: Domain[] } | undefined;
let watches = false;

/**
 * To be told of every error that leaves the running fiber. Whoever catches it is in the domains of its own; if nobody
 * does, it belongs to the domain that it was thrown in, as an error that leaves a function does.
 */
export function keepDomainsOf(error: unknown): void {
  const stack = [...(activeDomains()?.stack ?? []), ...domainsOf(error)];
  if (stack.length === 0) return;
  if (isObject(error)) leftBehind.set(error, stack);
  else lastPrimitive = { error, stack };
  if (watches) return;
  watches = true;
  // Comes before Node asks whether process.domain handles the error.
  process.on('uncaughtExceptionMonitor', (uncaught) => {
    enterAll(domainsOf(uncaught));
  });
}

function domainsOf(error: unknown): Domain[] {
  if (isObject(error)) return leftBehind.get(error) ?? [];
  return lastPrimitive !== undefined && lastPrimitive.error === error ? lastPrimitive.stack : [];
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
