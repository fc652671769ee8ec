// What is on the site, in the order of the sidebar. Every page of pages.mjs is here once.
export const contents = [
  {
    text: 'Guides',
    items: [
      ['Waiting in plugins', 'guides/plugins'],
      ['From async/await', 'guides/from-async-await'],
      ['From node-fibers and Meteor', 'guides/from-node-fibers-and-meteor'],
      ['From deasync and synckit', 'guides/from-deasync-and-synckit'],
      ['Express and Fastify', 'guides/express-and-fastify'],
      ['Testing with simulate', 'guides/testing-with-simulate'],
      ['Cookbook', 'guides/cookbook'],
      ['When fibers are wrong', 'guides/when-fibers-are-wrong'],
      ['Comparison', 'guides/comparison'],
    ],
  },
  {
    text: 'Tasks',
    items: [
      ['Tasks', 'tasks'],
      ['Channels and locks', 'sync'],
      ['Everyday helpers', 'everyday'],
      ['Sockets and streams', 'io'],
      ['HTTP', 'http'],
      ['Servers', 'servers'],
      ['Offload', 'offload'],
      ['Testing', 'testing'],
      ['Running programs and tests', 'running'],
      ['Load tests', 'load'],
    ],
  },
  {
    text: 'Fibers',
    items: [
      ['API', 'api'],
      ['Effects', 'effects'],
      ['Errors', 'errors'],
      ['Primitives of your own', 'lowlevel'],
      ['Stack sizes', 'stack-sizes'],
      ['Migrating from node-fibers', 'migrating-from-node-fibers'],
    ],
  },
  {
    text: 'Seeing inside',
    items: [
      ['Inspector', 'inspect'],
      ['Debugging', 'debugging'],
      ['Troubleshooting', 'troubleshooting'],
      ['Limits', 'limits'],
    ],
  },
  {
    text: 'Performance',
    items: [
      ['What it costs', 'performance'],
      ['A million fibers', 'million-fibers'],
      ['Flat scavenges', 'flat-scavenges'],
      ['Results', 'benchmarks/results'],
      ['How it is measured', 'benchmarks/README'],
    ],
  },
  {
    text: 'Project',
    items: [
      ['Bundlers', 'bundlers'],
      ['Contributing', 'contributing'],
      ['Architecture', 'architecture'],
      ["V8's state", 'internals/v8-state'],
      ['No preemption', 'internals/preemption'],
      ['Tucked stacks', 'internals/tucked-stacks'],
      ['Changelog', 'changelog'],
    ],
  },
].map(({ text, items }) => ({
  text,
  items: items.map(([title, page]) => ({ text: title, link: `/${page}` })),
}));
