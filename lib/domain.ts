import { createRequire } from 'node:module';

/**
 * Node's deprecated `domain` module keeps the active domain in `process.domain` and a stack beside it. Once it
 * is loaded, every fiber gets its own of both.
 */
/** What is active on one stack. */
export interface ActiveDomain {
  domain: unknown;
  stack: unknown[];
}

interface DomainModule {
  _stack: unknown[];
  active: unknown;
}

/** Whether the program has loaded `domain`, which defines `process.domain`. */
export function usesDomains(): boolean {
  return 'domain' in process;
}

const requireBuiltin = createRequire(__filename);

function loaded(): DomainModule {
  return requireBuiltin('node:domain') as DomainModule;
}

/** What is active on the running stack. */
export function saveDomain(): ActiveDomain {
  return { domain: Reflect.get(process, 'domain'), stack: [...loaded()._stack] };
}

/** Makes `saved` active again. */
export function restoreDomain(saved: ActiveDomain): void {
  const domains = loaded();
  domains._stack.splice(0, Infinity, ...saved.stack);
  Reflect.set(process, 'domain', saved.domain);
  domains.active = saved.domain;
}
