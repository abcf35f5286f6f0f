import type { RequestOptions } from 'node:https'
import type { Host } from '../../host/index.ts'
import type { Identity } from './client.ts'
import { dictOf, listOf, loginError, readText, reasonOf, textOf, type Entry } from './kubeconfig.ts'

const freshMs = 30_000
/** Limits calls of a plugin that returns expired credentials. */
const execFreshMs = 1000

type Headers = Identity['headers']

type IdentitySource = Readonly<{
  read: () => Promise<Identity>
  forget: () => void
}>

export function identityOf(host: Host, user: Entry): IdentitySource | undefined {
  const { settings, near } = user
  const also = impersonation(user)
  const provider = dictOf(settings['auth-provider'])
  const exec = settings['exec'] ?? dictOf(provider['config'])['exec']
  if (exec !== undefined && exec !== null) return execIdentity(host, user, dictOf(exec), also)
  if (provider['name'] === 'oidc') {
    return renewed(host, async () => {
      const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js')
      return applied(new OpenIDConnectAuth(), { name: user.name, authProvider: provider }, also)
    })
  }
  const tokenFile =
    textOf(settings['tokenFile']) ?? textOf(settings['token-file']) ?? textOf(dictOf(provider['config'])['tokenFile'])
  if (tokenFile !== undefined) {
    return renewed(host, async () => {
      const token = await readText(host, near(tokenFile)).catch((error: unknown) => {
        throw loginError(
          `user ${user.name}: the token file ${near(tokenFile)} cannot be read (${reasonOf(error)})`,
          error,
        )
      })
      return { headers: { ...also, ...bearer(token) } }
    })
  }
  const [token, name] = [textOf(settings['token']), textOf(settings['username'])]
  if (token !== undefined) return fixed({ ...also, ...bearer(token) })
  if (name !== undefined)
    return fixed({
      ...also,
      authorization: `Basic ${Buffer.from(`${name}:${textOf(settings['password']) ?? ''}`).toString('base64')}`,
    })
  return Object.keys(also).length === 0 ? undefined : fixed(also)
}

/** Headers of https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation({ name, settings }: Entry): Headers {
  const [as, uid, groups] = [textOf(settings['as']), textOf(settings['as-uid']), settings['as-groups']]
  const extra = Object.entries(dictOf(settings['as-user-extra']))
  if (as === undefined && (uid !== undefined || extra.length > 0 || (Array.isArray(groups) && groups.length > 0)))
    throw loginError(`user ${name} has \`as-groups\`, \`as-uid\` or \`as-user-extra\` without \`as\``)
  return {
    ...(as === undefined ? {} : { 'impersonate-user': as }),
    ...(uid === undefined ? {} : { 'impersonate-uid': uid }),
    ...(Array.isArray(groups) && groups.length > 0 ? { 'impersonate-group': groups.map(String) } : {}),
    ...Object.fromEntries(
      extra.map(([key, values]) => [
        `impersonate-extra-${encodeURIComponent(key.toLowerCase())}`,
        (Array.isArray(values) ? values : [values]).map(String),
      ]),
    ),
  }
}

interface Authenticator {
  applyAuthentication(user: never, options: RequestOptions): Promise<void>
}

async function applied(by: Authenticator, user: object, also: Headers): Promise<Identity> {
  const options: RequestOptions = { headers: {} }
  await by.applyAuthentication(user as never, options)
  const { Authorization: authorization } = options.headers as Readonly<Record<string, string | undefined>>
  const { cert, key } = options
  return {
    headers: { ...also, ...(authorization === undefined ? {} : { authorization }) },
    ...(typeof cert === 'string' ? { cert } : {}),
    ...(typeof key === 'string' ? { key } : {}),
  }
}

function execIdentity(
  host: Host,
  { name, near }: Entry,
  exec: Readonly<Record<string, unknown>>,
  also: Headers,
): IdentitySource {
  const given = textOf(exec['command']) ?? ''
  if (given === '') throw loginError(`user ${name}: the exec plugin has no \`command\``)
  // A name is searched on PATH, a path is relative to the kubeconfig.
  const command = given.includes('/') ? near(given) : given
  const apiVersion = textOf(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1'
  const info = {
    name: 'KUBERNETES_EXEC_INFO',
    value: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } }),
  }
  const user = {
    name,
    exec: {
      ...exec,
      command,
      args: Array.isArray(exec['args']) ? exec['args'] : [],
      env: [...listOf(exec['env']), info],
    },
  }
  let plugin: Promise<Authenticator> | undefined
  const load = () =>
    (plugin ??= import('@kubernetes/client-node/dist/exec_auth.js').then(({ ExecAuth }) => new ExecAuth()))
  const { read, forget } = renewed(
    host,
    async () => {
      try {
        return await applied(await load(), user, also)
      } catch (error) {
        const hint = textOf(exec['installHint'])
        if (reasonOf(error) === 'ENOENT')
          throw loginError(
            `user ${name}: the exec plugin ${command} is not installed${hint === undefined ? '' : `. ${hint.trim()}`}`,
            error,
          )
        const reason = error instanceof Error ? error.message.trim().slice(0, 500) : String(error)
        throw loginError(`user ${name}: the exec plugin ${command} failed${reason === '' ? '' : `: ${reason}`}`, error)
      }
    },
    execFreshMs,
  )
  return {
    read,
    forget: () => {
      plugin = undefined
      forget()
    },
  }
}

/** Concurrent calls share one read. The result is used again for `lastsMs`. */
export function renewed(host: Host, read: () => Promise<Identity>, lastsMs = freshMs): IdentitySource {
  let identity: Promise<Identity> | undefined
  let until = 0
  const use = (reading: Promise<Identity>, forMs: number) => {
    if (reading === identity) until = host.clock.monotonic() + forMs
  }
  return {
    read: () => {
      if (identity === undefined || host.clock.monotonic() >= until) {
        const reading = read()
        identity = reading
        use(reading, freshMs)
        reading.then(
          () => use(reading, lastsMs),
          () => use(reading, 0),
        )
      }
      return identity
    },
    forget: () => {
      identity = undefined
    },
  }
}

function fixed(headers: Headers): IdentitySource {
  return { read: () => Promise.resolve({ headers }), forget: () => undefined }
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token.trim()}` }
}
