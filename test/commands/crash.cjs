// Makes the process that doctor starts end as after a crash.
if (process.argv[1].endsWith('try-fibers.js')) process.abort();
