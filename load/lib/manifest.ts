/** What a Job on Kubernetes is made of. */
export interface JobOptions {
  /** Of the Job and its Service: a label of DNS. */
  readonly name: string;
  readonly namespace: string | undefined;
  readonly image: string;
  readonly shards: number;
  /** As Kubernetes writes quantities. */
  readonly cpu: string;
  readonly memory: string;
  /** The scenario's file within the image. */
  readonly scenario: string;
  /** Options of `greenfiber load`. */
  readonly args: readonly string[];
  /** After so many seconds pods are ended. */
  readonly deadline: number;
}

/** Where the first shard waits for the others. */
const PORT = 7000;

/** The Service by which shards find the first one, and the Job. */
export function manifests(options: JobOptions): object[] {
  const { name, namespace, image, shards, cpu, memory, scenario, args, deadline } = options;
  const labels = {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/managed-by': 'greenfiber-load',
  };
  const metadata = { name, ...(namespace !== undefined && { namespace }), labels };
  const meeting = ['--rendezvous', `${name}-0.${name}:${String(PORT)}`];
  const command = ['greenfiber-load', scenario, ...args, ...meeting, '--json', '-'];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      clusterIP: 'None',
      // Shards meet before any of them is ready.
      publishNotReadyAddresses: true,
      selector: { 'app.kubernetes.io/name': name },
      ports: [{ name: 'rendezvous', port: PORT }],
    },
  };
  const container = {
    name: 'load',
    image,
    // JOB_COMPLETION_INDEX counts from 0, shards from 1.
    command: [
      'sh',
      '-c',
      `exec npx --no-install "$@" --shard "$((JOB_COMPLETION_INDEX + 1))/${String(shards)}"`,
      'load',
    ],
    args: command,
    resources: { requests: { cpu, memory }, limits: { memory } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: shards,
      // A shard that begins anew would put its load on twice.
      backoffLimit: 0,
      activeDeadlineSeconds: deadline,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          subdomain: name,
          terminationGracePeriodSeconds: 30,
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [container],
        },
      },
    },
  };
  return [service, job];
}

/** How to run what {@link manifests} describe, as comments. */
export function instructions({ name, namespace, image }: JobOptions): string {
  const within = namespace === undefined ? '' : ` -n ${namespace}`;
  return `# A load test as an indexed Job, one pod a shard, all beginning together. Each prints its results as the last line:
#
#   docker build -t ${image} . && docker push ${image}
#   kubectl apply${within} -f job.yaml
#   kubectl wait${within} --for=condition=complete --timeout=1h job/${name}
#   for pod in $(kubectl get pods${within} -l job-name=${name} -o name); do
#     kubectl logs${within} "$pod" --tail=1 > "$(basename "$pod").json"
#   done
#   npx greenfiber load merge ${name}-*.json --html report.html
`;
}

/** The image: the folder of the scenario with what it needs. */
export function dockerfile(version: string, hasPackage: boolean): string {
  const packages = `greenfiber@${version} greenfiber-load@${version}`;
  const install = hasPackage
    ? `COPY package*.json ./\nRUN npm install --omit=dev && npm install ${packages}`
    : `RUN npm init --yes && npm install ${packages}`;
  return `# The image of a load test: its scenario, and greenfiber.
FROM node:24-slim
WORKDIR /load
${install}
COPY . .
USER node
`;
}

/** YAML in blocks, with texts as JSON has them. */
export function yaml(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return ` ${JSON.stringify(value)}\n`;
  const entries = Object.entries(value);
  if (entries.length === 0) return Array.isArray(value) ? ' []\n' : ' {}\n';
  const lines = entries.map(([key, each]: [string, unknown]) => {
    if (!Array.isArray(value)) return `${indent}${keyOf(key)}:${yaml(each, `${indent}  `)}`;
    // The first line of a block stands behind the hyphen.
    const block = yaml(each, `${indent}  `);
    return `${indent}-${block.startsWith('\n') ? ` ${block.slice(indent.length + 3)}` : block}`;
  });
  return `\n${lines.join('')}`;
}

const keyOf = (key: string): string => (/^[A-Za-z][\w./-]*$/.test(key) ? key : JSON.stringify(key));
