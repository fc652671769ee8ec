// Makes Node believe that it is on a system without glibc, where binaries of Linux cannot be loaded.
module.exports = (platform, arch) => {
  for (const [name, value] of Object.entries({ platform, arch })) {
    Object.defineProperty(process, name, { value });
  }
  const getReport = process.report.getReport.bind(process.report);
  process.report.getReport = () => {
    const { header, ...others } = getReport();
    delete header.glibcVersionRuntime;
    return { ...others, header };
  };
  process.dlopen = (module, file) => {
    throw new Error(`${file}: not for this system`);
  };
};
