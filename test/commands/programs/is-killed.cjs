process.kill(process.pid, 'SIGTERM');
setTimeout(() => undefined, 10_000);
