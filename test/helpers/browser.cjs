// Chromium, headless, through playwright-core: nothing is downloaded, it has to be on the machine.
'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync } = require('node:fs');
const { createInterface } = require('node:readline');

const { chromium } = require('playwright-core');

const places = [
  process.env.GREENFIBER_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Where Chromium is; undefined: nowhere that we know of. */
const executablePath = places.find((place) => place !== '' && existsSync(place));

function launch() {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, args, timeout: 90_000 });
}

/** Starts a program that prints the address of its page; answers that and how to end it. */
async function startServing(file, options = {}) {
  const child = spawn(process.execPath, [file], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${file} ended with ${code}`);
    }),
  ]);
  return {
    url,
    pid: child.pid,
    async end() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

module.exports = { executablePath, launch, startServing };
