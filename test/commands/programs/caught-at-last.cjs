process.on('uncaughtException', ({ message }, origin) => console.log('told', message, origin));
setTimeout(() => console.log('and goes on'), 5);
throw new Error('thrown at the top level');
