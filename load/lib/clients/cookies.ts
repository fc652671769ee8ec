import type { CookieJar } from 'tough-cookie';

import { lazily } from '../lazy';

/** The cookies of one user: kept from one iteration to the next, and sent where they belong, as a browser does. */
export class Cookies {
  readonly #jar: CookieJar = new (lazily.cookies().CookieJar)();

  /** The value of `Cookie` for a request to `url`; undefined if there are none. */
  for(url: string): string | undefined {
    const value = this.#jar.getCookieStringSync(url);
    return value === '' ? undefined : value;
  }

  /** Takes what the answer from `url` sets, and leaves what no browser would take. */
  take(url: string, lines: readonly string[]): void {
    for (const line of lines) this.#jar.setCookieSync(line, url, { ignoreError: true });
  }

  destroy(): void {
    this.#jar.removeAllCookiesSync();
  }
}
