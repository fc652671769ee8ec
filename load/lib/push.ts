import { FiberError } from 'greenfiber';
import { messageOf, wrongValue } from 'greenfiber/lowlevel';

/** How long a receiver may take, in milliseconds. */
const PATIENCE = 2000;

/**
 * Sends what is reported to an HTTP endpoint, one after the other. The first failure is kept, and nothing is sent any more:
 * the run itself goes on.
 */
export class Push {
  readonly #option: string;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  #queue: Promise<void> = Promise.resolve();
  #error: Error | undefined = undefined;

  /**
   * @param option - that names it
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(option: string, url: string, headers: Readonly<Record<string, string>>) {
    this.#option = option;
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      throw wrongValue(option, 'a URL of http: or https:', url);
    }
    this.#url = parsed;
    this.#headers = headers;
  }

  /**
   * Sends something that changes nothing, to see whether there is somebody who takes it.
   *
   * @throws {@link FiberError} `ERR_LOAD_OUTPUT`
   */
  async probe(body: string): Promise<void> {
    this.send(body);
    await this.#queue;
    if (this.#error === undefined) return;
    const message = `${this.#option} cannot be written: ${messageOf(this.#error)}`;
    throw new FiberError('ERR_LOAD_OUTPUT', message);
  }

  /** Does not wait. */
  send(body: string): void {
    this.#queue = this.#queue.then(() => this.#post(body));
  }

  /**
   * Waits until all was sent.
   *
   * @throws what it failed with
   */
  async flush(): Promise<void> {
    await this.#queue;
    if (this.#error !== undefined) throw this.#error;
  }

  async #post(body: string): Promise<void> {
    if (this.#error !== undefined) return;
    try {
      const { username, password } = this.#url;
      const url = new URL(this.#url);
      url.username = url.password = '';
      const basic = Buffer.from(`${username}:${password}`).toString('base64');
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers: { ...this.#headers, ...(username !== '' && { authorization: `Basic ${basic}` }) },
        signal: AbortSignal.timeout(PATIENCE),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${String(answer.status)} ${text.slice(0, 200)}`.trim());
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      this.#error = new Error(`${url(this.#url)}: ${messageOf(cause ?? error)}`, { cause: error });
    }
  }
}

const url = ({ origin, pathname }: URL): string => origin + pathname;
