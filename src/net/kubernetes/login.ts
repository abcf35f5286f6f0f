/** How an API server is reached and who we are there: out of a kubeconfig file, or of the pod that we run in. */
import type { RequestOptions } from 'node:https'
import { posix } from 'node:path'
import type { Host } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import type { ClientOptions } from './client.ts'

/** Where Kubernetes puts what a pod needs to speak with its cluster. */
const mounted = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Tokens are renewed in place, and programs that log in keep theirs for a while: both are asked again so often. */
const freshMs = 30_000

export interface LoginOptions {
  readonly host: Host
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of a kubeconfig file. */
  readonly path: string | null
  readonly context: string | null
}

export interface Login extends ClientOptions {
  /** Of the pod, or of the context; undefined: neither says one. */
  readonly namespace?: string
}

type Headers = Readonly<Record<string, string>>

/** Throws WEIR_KUBERNETES_LOGIN with what is missing and where. */
export async function login(options: LoginOptions): Promise<Login> {
  const { host, env, context } = options
  const path = options.path ?? env['KUBECONFIG']?.split(':').find((each) => each !== '')
  const inPod = env['KUBERNETES_SERVICE_HOST']
  if (path === undefined && inPod !== undefined) return ofPod(host, inPod, env['KUBERNETES_SERVICE_PORT'] ?? '443')
  const file = path ?? `${env['HOME'] ?? ''}/.kube/config`
  const text = await readText(host, file).catch((error: unknown) => {
    const hint = path === undefined ? 'Set `kubeconfig`, or run inside of the cluster.' : 'Look at `kubeconfig`.'
    throw new WeirError('WEIR_KUBERNETES_LOGIN', `There is no readable kubeconfig at ${file}. ${hint}`, { cause: error })
  })
  return ofFile(host, file, text, context)
}

async function ofPod(host: Host, name: string, port: string): Promise<Login> {
  const server = name.includes(':') ? `[${name}]` : name
  const namespace = await readText(host, `${mounted}/namespace`).catch(() => '')
  return {
    ...(namespace.trim() === '' ? {} : { namespace: namespace.trim() }),
    url: `https://${server}:${port}`,
    tls: { ca: await readText(host, `${mounted}/ca.crt`) },
    headers: renewed(host, async () => bearer(await readText(host, `${mounted}/token`))),
  }
}

async function ofFile(host: Host, file: string, text: string, wanted: string | null): Promise<Login> {
  const refuse = (message: string): never => {
    throw new WeirError('WEIR_KUBERNETES_LOGIN', `${file}: ${message}`)
  }
  // Not the library's main module, which loads a client of every API there is, 90 MB of it.
  const { newClusters, newContexts, newUsers } = await import('@kubernetes/client-node/dist/config_types.js')
  const written = (await readYaml(text)) ?? refuse('it is no YAML with clusters, users and contexts')
  const current = written['current-context']
  const name = wanted ?? (typeof current === 'string' && current !== '' ? current : refuse('it has no `current-context`; set `context`'))
  const context = newContexts(written['contexts']).find((each) => each.name === name) ?? refuse(`it has no context ${name}`)
  const cluster = newClusters(written['clusters']).find((each) => each.name === context.cluster) ?? refuse(`it has no cluster ${context.cluster}`)
  const user = context.user === undefined ? undefined : newUsers(written['users']).find((each) => each.name === context.user)
  const near = (path: string): string => posix.resolve(posix.dirname(file), path)
  const bytesOf = async (data: string | undefined, path: string | undefined): Promise<Buffer | undefined> =>
    data !== undefined && data !== '' ? Buffer.from(data, 'base64') : path !== undefined && path !== '' ? Buffer.from(await host.disk.readFile(near(path))) : undefined
  const [ca, cert, key] = await Promise.all([bytesOf(cluster.caData, cluster.caFile), bytesOf(user?.certData, user?.certFile), bytesOf(user?.keyData, user?.keyFile)])
  const tls: NonNullable<ClientOptions['tls']> = {
    ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }),
    ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}), ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
  }
  const headers = user === undefined ? undefined : await headersOf(host, user, near)
  return { url: cluster.server, tls, ...(context.namespace === undefined || context.namespace === '' ? {} : { namespace: context.namespace }), ...(headers === undefined ? {} : { headers }) }
}

interface User {
  readonly name: string
  readonly token?: string
  readonly username?: string
  readonly password?: string
  readonly exec?: unknown
  readonly authProvider?: { readonly name?: string; readonly config?: { readonly tokenFile?: string } }
  readonly impersonateUser?: string
}

async function headersOf(host: Host, user: User, near: (path: string) => string): Promise<(() => Promise<Headers>) | undefined> {
  const also: Headers = user.impersonateUser === undefined ? {} : { 'impersonate-user': user.impersonateUser }
  const provider = user.authProvider
  if (user.exec !== undefined && user.exec !== null || provider?.name === 'exec') {
    const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js')
    return applied(host, new ExecAuth(), user, also)
  }
  if (provider?.name === 'oidc') {
    const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js')
    return applied(host, new OpenIDConnectAuth(), user, also)
  }
  const tokenFile = provider?.config?.tokenFile
  if (tokenFile !== undefined) return renewed(host, async () => ({ ...also, ...bearer(await readText(host, near(tokenFile))) }))
  if (user.token !== undefined && user.token !== '') return () => Promise.resolve({ ...also, ...bearer(user.token ?? '') })
  if (user.username !== undefined) return () => Promise.resolve({ ...also, authorization: `Basic ${Buffer.from(`${user.username ?? ''}:${user.password ?? ''}`).toString('base64')}` })
  return Object.keys(also).length === 0 ? undefined : () => Promise.resolve(also)
}

interface Authenticator {
  applyAuthentication(user: never, options: RequestOptions): Promise<void>
}

/** What the library's login puts into a request's headers. It asks again when what it has is over. */
function applied(host: Host, by: Authenticator, user: User, also: Headers): () => Promise<Headers> {
  return renewed(host, async () => {
    const options: RequestOptions = { headers: {} }
    await by.applyAuthentication(user as never, options)
    const { Authorization: authorization } = options.headers as Readonly<Record<string, string | undefined>>
    return { ...also, ...(authorization === undefined ? {} : { authorization }) }
  })
}

function renewed(host: Host, ask: () => Promise<Headers>): () => Promise<Headers> {
  let known: Promise<Headers> | undefined
  let until = 0
  return () => {
    const now = host.clock.monotonic()
    if (known === undefined || now >= until) {
      until = now + freshMs
      known = ask()
      known.catch(() => (until = 0))
    }
    return known
  }
}

function bearer(token: string): Headers {
  return { authorization: `Bearer ${token.trim()}` }
}

async function readText(host: Host, path: string): Promise<string> {
  return Buffer.from(await host.disk.readFile(path)).toString('utf8')
}

async function readYaml(text: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  // In a pod there is nothing to read with it.
  const { parse } = await import('yaml')
  try {
    const value: unknown = parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
