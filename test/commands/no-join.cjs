// Takes away what calibration looks at, in the process that doctor starts.
if (process.argv[1].endsWith('try-fibers.js')) Array.prototype.join = () => '';
