process.exitCode = 3;
process.on('beforeExit', () => console.log('before the exit'));
