import type { Host } from '../../host/index.ts'
import type { ClientOptions } from './client.ts'
import { bearer, identityOf, renewed } from './identity.ts'
import { loginError, readKubeconfig, readText, reasonOf, textOf, type Entry } from './kubeconfig.ts'
import { withoutUndefined } from '../../model/json.ts'

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'

type LoginOptions = Readonly<{
  host: Host
  env: Readonly<Record<string, string | undefined>>
  path: string | null
  context: string | null
}>

interface Login extends ClientOptions {
  readonly namespace?: string
}

export async function login({ host, env, path, context }: LoginOptions): Promise<Login> {
  const named = path === null ? (env['KUBECONFIG'] ?? '').split(':').filter((file) => file !== '') : [path]
  const inPod = env['KUBERNETES_SERVICE_HOST']
  if (named.length === 0 && inPod !== undefined) return ofPod(host, inPod, env['KUBERNETES_SERVICE_PORT'] ?? '443')
  const files = named.length > 0 ? named : [`${env['HOME'] ?? ''}/.kube/config`]
  const hint =
    named.length === 0
      ? 'Set `kubeconfig`, or run inside the cluster.'
      : path === null
        ? 'The variable KUBECONFIG names it.'
        : 'Look at `kubeconfig`.'
  const { cluster, user, namespace } = await readKubeconfig(host, files, context, hint)
  const url = textOf(cluster.settings['server'])
  if (url === undefined || !URL.canParse(url))
    throw loginError(`cluster ${cluster.name} of the kubeconfig has no \`server\` that is a URL`)
  const identity = user === undefined ? undefined : identityOf(host, user)
  const proxy = proxyOf(cluster)
  return {
    url: url.replace(/\/$/, ''),
    tls: await tlsOf(host, cluster, user),
    ...withoutUndefined({ namespace }),
    ...(identity === undefined ? {} : { identity: identity.read, refused: identity.forget }),
    ...withoutUndefined({ proxy }),
  }
}

async function ofPod(host: Host, name: string, port: string): Promise<Login> {
  const server = name.includes(':') ? `[${name}]` : name
  const namespace = await readText(host, `${mounted}/namespace`).catch(() => '')
  const { read, forget } = renewed(host, async () => ({ headers: bearer(await readText(host, `${mounted}/token`)) }))
  const ca = await readText(host, `${mounted}/ca.crt`).catch((error: unknown) => {
    throw loginError(
      `the certificate ${mounted}/ca.crt of the pod's account cannot be read (${reasonOf(error)})`,
      error,
    )
  })
  return {
    ...(namespace.trim() === '' ? {} : { namespace: namespace.trim() }),
    url: `https://${server}:${port}`,
    tls: { ca },
    identity: read,
    refused: forget,
  }
}

async function tlsOf(host: Host, cluster: Entry, user: Entry | undefined): Promise<NonNullable<ClientOptions['tls']>> {
  const bytesOf = async (entry: Entry | undefined, member: string): Promise<Buffer | undefined> => {
    const [data, file] = [textOf(entry?.settings[`${member}-data`]), textOf(entry?.settings[member])]
    if (data !== undefined) return Buffer.from(data, 'base64')
    if (entry === undefined || file === undefined) return undefined
    const path = entry.near(file)
    return Buffer.from(
      await host.disk.readFile(path).catch((error: unknown) => {
        throw loginError(
          `the file ${path} cannot be read (${reasonOf(error)}); it is the \`${member}\` of ` +
            `${entry === cluster ? 'cluster' : 'user'} ${entry.name} of the kubeconfig`,
          error,
        )
      }),
    )
  }
  const [ca, cert, key] = await Promise.all([
    bytesOf(cluster, 'certificate-authority'),
    bytesOf(user, 'client-certificate'),
    bytesOf(user, 'client-key'),
  ])
  const servername = textOf(cluster.settings['tls-server-name'])
  return {
    ...withoutUndefined({ ca, cert, key }),
    ...(cluster.settings['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    ...withoutUndefined({ servername }),
  }
}

function proxyOf({ name, settings }: Entry): string | undefined {
  const proxy = textOf(settings['proxy-url'])
  if (proxy === undefined) return undefined
  if (!URL.canParse(proxy) || !/^https?:$/.test(new URL(proxy).protocol))
    throw loginError(
      `the \`proxy-url\` of cluster ${name} is neither http:// nor https://; other proxies are unsupported`,
    )
  return proxy
}
