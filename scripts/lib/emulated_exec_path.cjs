// What programs start as their own Node, where an emulator runs it: see emulated.mjs.
process.execPath = process.env.GREENFIBER_EMULATED;
