process.on('exit', (code) => console.log('exit', code));
await null;
throw new TypeError('thrown at the top level');
