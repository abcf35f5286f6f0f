// kubectl applies the manifests and queries allowed and forbidden actions.
import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { some } from '../../test/kit/delivered.ts'
import { findKubectl } from '../../test/real/install/kubectl.ts'
import { startKubeFor } from '../../test/real/kit/kube.ts'

/** `verb resource[.group][/name] [-n namespace] [--subresource s]`, as after `kubectl auth can-i`. */
type Question = string

const core = [
  'pods',
  'services',
  'nodes',
  'namespaces',
  'configmaps',
  'endpoints',
  'events',
  'persistentvolumes',
  'persistentvolumeclaims',
  'serviceaccounts',
  'replicationcontrollers',
  'resourcequotas',
  'limitranges',
  'podtemplates',
]
const groups = [
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'endpointslices.discovery.k8s.io',
  'leases.coordination.k8s.io',
  'events.events.k8s.io',
  'horizontalpodautoscalers.autoscaling',
  'poddisruptionbudgets.policy',
  'storageclasses.storage.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'certificatesigningrequests.certificates.k8s.io',
]

const watching = (kinds: readonly string[]) => kinds.flatMap((kind) => [`list ${kind} -A`, `watch ${kind} -A`])

/** Of both manifests. */
const allowed: readonly Question[] = [
  ...watching([...core, ...groups]),
  'get /api',
  'get /apis',
  'get /version',
  'create leases.coordination.k8s.io -n kollect',
  'get leases.coordination.k8s.io/kollect -n kollect',
  'update leases.coordination.k8s.io/kollect -n kollect',
]

const written = [
  'pods',
  'secrets',
  'configmaps',
  'services',
  'nodes',
  'namespaces',
  'serviceaccounts',
  'deployments.apps',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
]

/** Of both manifests. */
const refused: readonly Question[] = [
  ...written.flatMap((kind) =>
    ['create', 'update', 'patch', 'delete', 'deletecollection'].map((verb) => `${verb} ${kind} -A`),
  ),
  ...['exec', 'attach', 'portforward', 'proxy', 'log', 'ephemeralcontainers'].flatMap((part) => [
    `get pods -A --subresource=${part}`,
    `create pods -A --subresource=${part}`,
  ]),
  'get nodes --subresource=proxy',
  'create nodes --subresource=proxy',
  'get services -A --subresource=proxy',
  'create pods -n kollect --subresource=eviction',
  'update pods -A --subresource=status',
  'create serviceaccounts -A --subresource=token',
  'create serviceaccounts/kollect -n kollect --subresource=token',
  'get secrets -A',
  'get secrets -n kollect',
  'get configmaps -A',
  'impersonate users',
  'impersonate groups',
  'impersonate serviceaccounts -A',
  'bind clusterroles.rbac.authorization.k8s.io',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'escalate roles.rbac.authorization.k8s.io -A',
  'approve signers.certificates.k8s.io',
  'update certificatesigningrequests.certificates.k8s.io --subresource=approval',
  'create leases.coordination.k8s.io -n kube-system',
  'create leases.coordination.k8s.io -A',
  'update leases.coordination.k8s.io/kube-scheduler -n kube-system',
  'update leases.coordination.k8s.io/other -n kollect',
  'delete leases.coordination.k8s.io/kollect -n kollect',
  'get /metrics',
  'get /logs',
]

const secrets = watching(['secrets'])
const ownKinds = watching(['widgets.example.com'])

interface Manifest {
  readonly name: string
  readonly folder: string
  /** `namespace:name`. */
  readonly account: string
  readonly yes: readonly Question[]
  readonly no: readonly Question[]
  /** `here`: allowed once the server knows the roles; `gone`: refused after their removal. */
  readonly signs: { readonly here: readonly Question[]; readonly gone: readonly Question[] }
  /** Objects to remove afterwards. */
  readonly made: readonly string[]
}

const lease = 'leases.coordination.k8s.io/cts-exporter'
const kollect = {
  account: 'kollect:kollect',
  signs: { here: ['list pods -A', 'update leases.coordination.k8s.io/kollect -n kollect'], gone: ['list pods -A'] },
  made: ['kollect-watch', 'kollect-watch-more'].flatMap((name) => [
    `clusterrole/${name}`,
    `clusterrolebinding/${name}`,
  ]),
}
const manifests: readonly Manifest[] = [
  {
    ...kollect,
    name: 'with-secrets',
    folder: 'deploy/kustomize/kollect/overlays/with-secrets',
    yes: [...allowed, ...secrets, ...ownKinds],
    no: refused,
  },
  {
    ...kollect,
    name: 'without-secrets',
    folder: 'deploy/kustomize/kollect/overlays/without-secrets',
    yes: allowed,
    no: [...refused, ...secrets, ...ownKinds, 'list secrets -n kollect', 'list secrets -n kube-system'],
  },
  {
    name: 'cts-exporter with a Lease',
    folder: 'deploy/knative/lease',
    account: 'default:cts-exporter',
    yes: [`get ${lease} -n default`, `update ${lease} -n default`, 'create leases.coordination.k8s.io -n default'],
    no: [
      ...watching(['pods', 'secrets', 'configmaps', 'leases.coordination.k8s.io']),
      ...['pods', 'secrets', 'configmaps', 'roles.rbac.authorization.k8s.io'].flatMap((kind) =>
        ['get', 'create', 'update', 'delete'].map((verb) => `${verb} ${kind} -n default`),
      ),
      `delete ${lease} -n default`,
      `patch ${lease} -n default`,
      'list leases.coordination.k8s.io -n default',
      'get leases.coordination.k8s.io/other -n default',
      'update leases.coordination.k8s.io/other -n default',
      'create leases.coordination.k8s.io -n kube-system',
      `get ${lease} -n kube-system`,
      'create pods -n default --subresource=exec',
      'create serviceaccounts/cts-exporter -n default --subresource=token',
      'impersonate users',
    ],
    signs: {
      here: [`update ${lease} -n default`, 'create leases.coordination.k8s.io -n default'],
      gone: [`update ${lease} -n default`, 'create leases.coordination.k8s.io -n default'],
    },
    made: ['serviceaccount/cts-exporter', 'role/cts-exporter-lease', 'rolebinding/cts-exporter-lease'],
  },
]

export default {
  name: 'rbac',
  issue: '5.8',
  title: 'A real API server grants each manifest the rights that it needs, and none of a list of others.',
  async run(context) {
    const kubectl = await findKubectl()
    if (kubectl.path === undefined) return context.skip(kubectl.reason)
    const { kube, kubeconfig } = await startKubeFor(context)
    try {
      const run = (args: readonly string[]) =>
        runCommand('kubectl', ['--kubeconfig', kubeconfig, ...args], { limit: 120_000, env: { HOME: context.folder } })
      for (const manifest of manifests) await judge(context, run, manifest)
    } finally {
      await kube.stop()
    }
  },
} satisfies AcceptanceRun

type Kubectl = (args: readonly string[]) => ReturnType<typeof runCommand>

async function judge(
  { figure, expect }: AcceptanceContext,
  kubectl: Kubectl,
  { name, folder, account, yes, no, signs, made }: Manifest,
) {
  const applied = await kubectl(['apply', '--server-side', '-k', join(ROOT, folder)])
  expect(applied.code === 0, `the server takes ${name}${applied.code === 0 ? '' : `: ${applied.output.slice(-500)}`}`)
  await until(kubectl, account, signs.here, 'yes')
  const [answers, refusals] = [await ask(kubectl, account, yes), await ask(kubectl, account, no)]
  figure(`questions about ${name}`, answers.length + refusals.length)
  const lacking = answers.filter(({ answer }) => answer !== 'yes')
  const beyond = refusals.filter(({ answer }) => answer !== 'no')
  expect(
    lacking.length === 0,
    `${name} has its rights (${some(lacking.map(({ question, answer }) => `${question}: ${answer}`))})`,
  )
  expect(
    beyond.length === 0,
    `${name} can do nothing that it must not (${some(beyond.map(({ question, answer }) => `${question}: ${answer}`))})`,
  )
  // The namespace stays: no controller removes one here.
  const gone = await kubectl(['delete', '--ignore-not-found', ...made])
  if (gone.code !== 0) throw new Error(`the roles of ${name} can't be taken away: ${gone.output}`)
  await until(kubectl, account, signs.gone, 'no')
}

/** The server's authorizer watches roles asynchronously. */
async function until(kubectl: Kubectl, account: string, questions: readonly Question[], wanted: 'yes' | 'no') {
  for (let tries = 0; tries < 300; tries++) {
    const answers = await ask(kubectl, account, questions)
    if (answers.every(({ answer }) => answer === wanted)) return
  }
}

async function ask(
  kubectl: Kubectl,
  account: string,
  questions: readonly Question[],
): Promise<{ question: Question; answer: string }[]> {
  const answers: { question: Question; answer: string }[] = []
  const as = [
    `--as=system:serviceaccount:${account}`,
    ...['system:serviceaccounts', `system:serviceaccounts:${account.split(':')[0] ?? ''}`, 'system:authenticated'].map(
      (group) => `--as-group=${group}`,
    ),
  ]
  for (let at = 0; at < questions.length; at += 4) {
    answers.push(
      ...(await Promise.all(
        questions.slice(at, at + 4).map(async (question) => {
          const { stdout, stderr } = await kubectl(['auth', 'can-i', ...question.split(' '), ...as])
          return { question, answer: stdout.trim() === '' ? stderr.trim().slice(0, 200) : stdout.trim() }
        }),
      )),
    )
  }
  return answers
}
