// The manifests' rights as the API server itself judges them: kubectl applies them, and asks for what must be allowed and what must not.
import { join } from 'node:path'
import type { Bar, BarContext } from '../../tools/kit/bar.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { some } from '../kit/delivered.ts'
import { findKubectl } from '../real/install/kubectl.ts'
import { startKubeFor } from '../real/kit/kube.ts'

/** `verb resource[.group][/name] [-n namespace] [--subresource s]`, as after `kubectl auth can-i`. */
type Question = string

const core = ['pods', 'services', 'nodes', 'namespaces', 'configmaps', 'endpoints', 'events', 'persistentvolumes', 'persistentvolumeclaims', 'serviceaccounts', 'replicationcontrollers', 'resourcequotas', 'limitranges', 'podtemplates']
const groups = [
  'deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch', 'ingresses.networking.k8s.io', 'networkpolicies.networking.k8s.io', 'endpointslices.discovery.k8s.io',
  'leases.coordination.k8s.io', 'events.events.k8s.io', 'horizontalpodautoscalers.autoscaling', 'poddisruptionbudgets.policy', 'storageclasses.storage.k8s.io', 'clusterroles.rbac.authorization.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io', 'apiservices.apiregistration.k8s.io', 'validatingwebhookconfigurations.admissionregistration.k8s.io', 'priorityclasses.scheduling.k8s.io', 'flowschemas.flowcontrol.apiserver.k8s.io',
  'certificatesigningrequests.certificates.k8s.io',
]

const watching = (kinds: readonly string[]): Question[] => kinds.flatMap((kind) => [`list ${kind} -A`, `watch ${kind} -A`])

/** Of both manifests. */
const allowed: readonly Question[] = [
  ...watching([...core, ...groups]), 'get /api', 'get /apis', 'get /version',
  'create leases.coordination.k8s.io -n kollect', 'get leases.coordination.k8s.io/kollect -n kollect', 'update leases.coordination.k8s.io/kollect -n kollect',
]

const written = ['pods', 'secrets', 'configmaps', 'services', 'nodes', 'namespaces', 'serviceaccounts', 'deployments.apps', 'clusterroles.rbac.authorization.k8s.io', 'clusterrolebindings.rbac.authorization.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io', 'validatingwebhookconfigurations.admissionregistration.k8s.io']

/** Of both manifests. */
const refused: readonly Question[] = [
  ...written.flatMap((kind) => ['create', 'update', 'patch', 'delete', 'deletecollection'].map((verb) => `${verb} ${kind} -A`)),
  ...['exec', 'attach', 'portforward', 'proxy', 'log', 'ephemeralcontainers'].flatMap((part) => [`get pods -A --subresource=${part}`, `create pods -A --subresource=${part}`]),
  'get nodes --subresource=proxy', 'create nodes --subresource=proxy', 'get services -A --subresource=proxy', 'create pods -n kollect --subresource=eviction', 'update pods -A --subresource=status',
  'create serviceaccounts -A --subresource=token', 'create serviceaccounts/kollect -n kollect --subresource=token', 'get secrets -A', 'get secrets -n kollect', 'get configmaps -A',
  'impersonate users', 'impersonate groups', 'impersonate serviceaccounts -A', 'bind clusterroles.rbac.authorization.k8s.io', 'escalate clusterroles.rbac.authorization.k8s.io', 'escalate roles.rbac.authorization.k8s.io -A',
  'approve signers.certificates.k8s.io', 'update certificatesigningrequests.certificates.k8s.io --subresource=approval',
  'create leases.coordination.k8s.io -n kube-system', 'create leases.coordination.k8s.io -A', 'update leases.coordination.k8s.io/kube-scheduler -n kube-system', 'update leases.coordination.k8s.io/other -n kollect',
  'delete leases.coordination.k8s.io/kollect -n kollect', 'get /metrics', 'get /logs',
]

const secrets = watching(['secrets'])
const ownKinds = watching(['widgets.example.com'])

const manifests: readonly { readonly overlay: string; readonly yes: readonly Question[]; readonly no: readonly Question[] }[] = [
  { overlay: 'with-secrets', yes: [...allowed, ...secrets, ...ownKinds], no: refused },
  { overlay: 'without-secrets', yes: allowed, no: [...refused, ...secrets, ...ownKinds, 'list secrets -n kollect', 'list secrets -n kube-system'] },
]

export default {
  name: 'rbac',
  issue: '5.8',
  title: 'Each manifest can do what it needs, and nothing of a negative list, as kubectl hears from a real API server.',
  async run(context) {
    const kubectl = await findKubectl()
    if (kubectl.path === undefined) return context.skip(kubectl.reason)
    const { kube, kubeconfig } = await startKubeFor(context)
    try {
      const run = (args: readonly string[]) => runCommand('kubectl', ['--kubeconfig', kubeconfig, ...args], { limit: 120_000, env: { HOME: context.folder } })
      for (const manifest of manifests) await judge(context, run, manifest)
    } finally {
      await kube.stop()
    }
  },
} satisfies Bar

type Kubectl = (args: readonly string[]) => ReturnType<typeof runCommand>

async function judge({ figure, expect }: BarContext, kubectl: Kubectl, { overlay, yes, no }: (typeof manifests)[number]): Promise<void> {
  const folder = join(ROOT, 'deploy/kustomize/kollect/overlays', overlay)
  const applied = await kubectl(['apply', '--server-side', '-k', folder])
  expect(applied.code === 0, `the server takes ${overlay}${applied.code === 0 ? '' : `: ${applied.output.slice(-500)}`}`)
  await until(kubectl, 'yes')
  const [answers, refusals] = [await ask(kubectl, yes), await ask(kubectl, no)]
  figure(`questions about ${overlay}`, answers.length + refusals.length)
  const lacking = answers.filter(({ answer }) => answer !== 'yes')
  const beyond = refusals.filter(({ answer }) => answer !== 'no')
  expect(lacking.length === 0, `${overlay} can do what it needs (${some(lacking.map(({ question, answer }) => `${question}: ${answer}`))})`)
  expect(beyond.length === 0, `${overlay} can do nothing that it must not (${some(beyond.map(({ question, answer }) => `${question}: ${answer}`))})`)
  // The namespace stays: nothing here ends one.
  const gone = await kubectl(['delete', '--ignore-not-found', ...['kollect-watch', 'kollect-watch-more'].flatMap((name) => [`clusterrole/${name}`, `clusterrolebinding/${name}`])])
  if (gone.code !== 0) throw new Error(`the roles of ${overlay} can't be taken away: ${gone.output}`)
  await until(kubectl, 'no')
}

/** The server's authorizer learns of roles by a watch of its own. */
async function until(kubectl: Kubectl, wanted: 'yes' | 'no'): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const answers = await ask(kubectl, wanted === 'yes' ? ['list pods -A', 'update leases.coordination.k8s.io/kollect -n kollect'] : ['list pods -A'])
    if (answers.every(({ answer }) => answer === wanted)) return
  }
}

async function ask(kubectl: Kubectl, questions: readonly Question[]): Promise<{ question: Question; answer: string }[]> {
  const answers: { question: Question; answer: string }[] = []
  const as = ['--as=system:serviceaccount:kollect:kollect', ...['system:serviceaccounts', 'system:serviceaccounts:kollect', 'system:authenticated'].map((group) => `--as-group=${group}`)]
  for (let at = 0; at < questions.length; at += 4) {
    answers.push(...await Promise.all(questions.slice(at, at + 4).map(async (question) => {
      const { stdout, stderr } = await kubectl(['auth', 'can-i', ...question.split(' '), ...as])
      return { question, answer: stdout.trim() === '' ? stderr.trim().slice(0, 200) : stdout.trim() }
    })))
  }
  return answers
}
