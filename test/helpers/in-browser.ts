import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { ROOT } from './root';

const { executablePath } = require(join(ROOT, 'test/helpers/browser.cjs')) as {
  executablePath: string | undefined;
};

/** Declares a test that needs a browser. Where there is none, it is skipped and says so. */
export function inBrowser(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  if (executablePath === undefined) {
    const reason = 'no Chromium on this machine; GREENFIBER_CHROMIUM names one elsewhere';
    test.serial.skip(`${title} (skipped: ${reason})`, body);
  } else {
    test.serial(title, body);
  }
}
