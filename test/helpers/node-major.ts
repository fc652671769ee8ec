/** The major version of the Node that runs the test. */
export const nodeMajor = Number(process.versions.node.split('.')[0]);
