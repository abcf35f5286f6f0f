// One Weir that watches a real API server through four kubeconfigs, each with another way to log in.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { WatchedCluster } from '../../src/engine/control.ts'
import { realHost } from '../../src/host/index.ts'
import { openClient } from '../../src/net/kubernetes/client.ts'
import { login } from '../../src/net/kubernetes/login.ts'
import { readObject } from '../../src/net/kubernetes/object.ts'
import { selfSigned } from '../kit/certificate.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { prepareWeir, type WeirProcess } from '../kit/weir-process.ts'
import { useKube } from './kit/kube-stage.ts'

// The server reads its client authority when it starts.
const folder = mkdtempSync(join(tmpdir(), 'weir-kube-login-files-'))
const authority = selfSigned('weir-authority')
writeFileSync(join(folder, 'client-ca.crt'), authority.cert)

const stage = useKube('weir-kube-login', [`--client-ca-file=${join(folder, 'client-ca.crt')}`])
const limit = { timeout: 30_000, interval: 200 }
const proxies: ConnectProxy[] = []
let weir: WeirProcess | undefined

afterAll(async () => {
  await weir?.kill()
  for (const proxy of proxies) proxy.close()
  rmSync(folder, { recursive: true, force: true })
})

/** An HTTP proxy that opens a tunnel to the API server for every CONNECT, whatever host it names. */
class ConnectProxy {
  readonly targets: string[] = []
  readonly logins: string[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(port: number) {
    this.#server = createServer((_, response) => void response.writeHead(405).end())
    this.#server.on('connect', (request, client: Socket, head) => {
      this.targets.push(request.url ?? '')
      this.logins.push(request.headers['proxy-authorization'] ?? '')
      const upstream = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        upstream.write(head)
        client.pipe(upstream).pipe(client)
      })
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket
          .on('error', () => undefined)
          .on('close', () => {
            this.#sockets.delete(socket)
            client.destroy()
            upstream.destroy()
          })
      }
    })
  }

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(Number(new URL(stage.kube.url).port))
    await new Promise<void>((resolve) => void proxy.#server.listen(0, '127.0.0.1', resolve))
    proxies.push(proxy)
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}

function kubeconfig(name: string, user: object, cluster: object = {}): string {
  const path = join(folder, name)
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      clusters: [
        {
          name: 'x',
          cluster: {
            server: stage.kube.url,
            'certificate-authority-data': Buffer.from(stage.kube.ca()).toString('base64'),
            ...cluster,
          },
        },
      ],
      users: [{ name: 'x', user }],
    }),
  )
  return path
}

const rbac = (path: string, kind: string, name: string, more: object): Promise<unknown> =>
  stage.kube.call('POST', `/apis/rbac.authorization.k8s.io/v1/${path}`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name },
    ...more,
  })
async function allow(name: string, rules: readonly object[], subjects: readonly object[]): Promise<void> {
  await rbac('clusterroles', 'ClusterRole', name, { rules })
  await rbac('clusterrolebindings', 'ClusterRoleBinding', name, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects,
  })
}

const inDefault = '/api/v1/namespaces/default'
const create = (path: string, kind: string, name: string): Promise<Record<string, unknown>> =>
  stage.kube.call('POST', `${inDefault}/${path}`, { apiVersion: 'v1', kind, metadata: { name } })

/** A token of the service account that is valid until the Secret `name` is deleted. */
async function tokenBoundTo(name: string): Promise<string> {
  const { uid } = (await create('secrets', 'Secret', name))['metadata'] as { uid: string }
  const answer = await stage.kube.call('POST', `${inDefault}/serviceaccounts/watcher/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid } },
  })
  return (answer['status'] as { token: string }).token
}

async function statusWith(token: string): Promise<number> {
  const client = openClient({
    url: stage.kube.url,
    tls: { ca: stage.kube.ca() },
    identity: () => Promise.resolve({ headers: { authorization: `Bearer ${token}` } }),
  })
  try {
    return (
      await client
        .ask('/version', {}, AbortSignal.timeout(10_000))
        .then(async (answer) => ({ answer, read: await readObject(answer) }))
    ).answer.status
  } finally {
    client.close()
  }
}

/** A plugin; its first certificate may read nothing and has expired; later ones belong to `right`. */
function makePlugin(): string {
  const dir = join(folder, 'plugin')
  mkdirSync(dir)
  const credential = (name: string, expirationTimestamp: string): string => {
    const { cert, key } = selfSigned(name, authority)
    return JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { clientCertificateData: cert, clientKeyData: key, expirationTimestamp },
    })
  }
  writeFileSync(join(dir, 'first.json'), credential('nobody', '2026-01-01T00:00:00Z'))
  writeFileSync(join(dir, 'later.json'), credential('certified', '2049-01-01T00:00:00Z'))
  writeFileSync(
    join(dir, 'login'),
    '#!/bin/sh\ncd "$(dirname "$0")"\necho call >> calls\nif [ "$(wc -l < calls)" -eq 1 ]; then cat ' +
      'first.json; else cat later.json; fi\n',
  )
  chmodSync(join(dir, 'login'), 0o755)
  return dir
}

const running = (): WeirProcess => weir ?? expect.unreachable('Weir does not run')
const clusterOf = async (cluster: string): Promise<WatchedCluster | undefined> =>
  (await running().get<{ clusters: WatchedCluster[] }>('/api/v1/clusters')).clusters.find(
    (each) => each.cluster === cluster,
  )
const stateOf = async (cluster: string): Promise<string> => {
  const found = await clusterOf(cluster)
  return (
    found?.problem ??
    found?.kinds.map(({ state, reason }) => `${state}${reason === undefined ? '' : `: ${reason}`}`).join('; ') ??
    'absent'
  )
}
const changeCount = async (cluster: string, name: string): Promise<number> =>
  Number(
    (
      await running().sql<{ n: number }>(
        `SELECT count(*) AS n FROM events WHERE type = 'weir.kubernetes.created' AND subject = ` +
          `'configmaps/default/${name}' AND ref LIKE 'k8s:${cluster}/%'`,
      )
    )[0]?.n,
  )

test('each login works: tokenFile, impersonation, exec plugin and proxy', async () => {
  await allow(
    'reads',
    [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
    [
      { kind: 'Group', name: 'dev' },
      { kind: 'User', name: 'certified' },
      { kind: 'ServiceAccount', name: 'watcher', namespace: 'default' },
    ],
  )
  const impersonate = (apiGroups: string, resources: string, name: string): object => ({
    apiGroups: [apiGroups],
    resources: [resources],
    resourceNames: [name],
    verbs: ['impersonate'],
  })
  await allow(
    'impersonates',
    [
      impersonate('', 'users', 'jane'),
      impersonate('', 'groups', 'dev'),
      impersonate('authentication.k8s.io', 'uids', '7'),
      impersonate('authentication.k8s.io', 'userextras/example.com/team', 'shop'),
    ],
    [{ kind: 'User', name: 'weir' }],
  )
  await create('serviceaccounts', 'ServiceAccount', 'watcher')
  writeFileSync(join(folder, 'token'), await tokenBoundTo('first'))
  const [cuttable, named] = [await ConnectProxy.start(), await ConnectProxy.start()]
  makePlugin()
  const configs = {
    token: kubeconfig('token-config', { tokenFile: 'token' }, { 'proxy-url': `http://127.0.0.1:${cuttable.port}` }),
    as: kubeconfig('as-config', {
      token: stage.kube.tokens.weir,
      as: 'jane',
      'as-groups': ['dev'],
      'as-uid': '7',
      'as-user-extra': { 'Example.com/Team': ['shop'] },
    }),
    exec: kubeconfig('exec-config', {
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin/login' },
    }),
    // A name that only the proxy knows, and that the certificate of the server has.
    proxy: kubeconfig(
      'proxy-config',
      { token: stage.kube.tokens.admin },
      {
        server: `https://kubernetes:${new URL(stage.kube.url).port}`,
        'proxy-url': `http://weir:pass%20word@127.0.0.1:${named.port}`,
      },
    ),
  }
  const broken = {
    refused: kubeconfig('refused-config', { token: 'unknown' }),
    pluginless: kubeconfig('pluginless-config', {
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'weir-no-such-plugin' },
    }),
    unreachable: kubeconfig('unreachable-config', { token: 'any' }, { server: 'https://127.0.0.1:1' }),
    forbidden: kubeconfig('forbidden-config', { token: stage.kube.tokens.weir }),
  }
  weir = await prepareWeir({
    folder: join(folder, 'weir'),
    config: {
      sources: Object.fromEntries(
        Object.entries({ ...configs, ...broken }).map(([name, path]) => [
          name,
          { type: 'kubernetes', cluster: name, kubeconfig: path, include: ['ConfigMap'] },
        ]),
      ),
    },
  })
  await weir.start()
  // Sooner than the 30 seconds after which any identity is read again: the first certificate of the plugin has expired.
  for (const cluster of Object.keys(configs))
    await expect.poll(() => stateOf(cluster), { ...limit, timeout: 15_000 }).toBe('watching')
  await create('configmaps', 'ConfigMap', 'one')
  for (const cluster of Object.keys(configs)) await expect.poll(() => changeCount(cluster, 'one'), limit).toBe(1)
  expect(new Set(named.targets)).toEqual(new Set([`kubernetes:${new URL(stage.kube.url).port}`]))
  expect(new Set(named.logins)).toEqual(new Set([`Basic ${Buffer.from('weir:pass word').toString('base64')}`]))
}, 120_000)

test('an exec plugin is called again for an expired client certificate, and not for a valid one', () => {
  expect(readFileSync(join(folder, 'plugin/calls'), 'utf8')).toBe('call\ncall\n')
})

test('the server sees the user, groups, uid and further attributes that the kubeconfig impersonates', async () => {
  const client = openClient(await login({ host: realHost(), env: {}, path: join(folder, 'as-config'), context: null }))
  try {
    const answer = await client.write(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      AbortSignal.timeout(10_000),
    )
    expect(await readObject(answer)).toMatchObject({
      status: {
        userInfo: {
          username: 'jane',
          uid: '7',
          groups: ['dev', 'system:authenticated'],
          extra: { 'example.com/team': ['shop'] },
        },
      },
    })
  } finally {
    client.close()
  }
})

test('a watch continues with the token that replaced a revoked one in tokenFile', async () => {
  const old = readFileSync(join(folder, 'token'), 'utf8')
  writeFileSync(join(folder, 'token'), await tokenBoundTo('second'))
  await stage.kube.call('DELETE', `${inDefault}/secrets/first`)
  // The server caches a token review for ten seconds.
  await expect.poll(() => statusWith(old), limit).toBe(401)
  proxies[0]?.cut()
  await create('configmaps', 'ConfigMap', 'two')
  await expect.poll(() => changeCount('token', 'two'), limit).toBe(1)
  expect((await clusterOf('token'))?.kinds).toMatchObject([{ state: 'watching', lists: 1 }])
}, 90_000)

test('a watch through a proxy continues when the proxy loses its connections', async () => {
  const before = proxies[1]?.targets.length ?? 0
  proxies[1]?.cut()
  await create('configmaps', 'ConfigMap', 'three')
  await expect.poll(() => changeCount('proxy', 'three'), limit).toBe(1)
  expect(proxies[1]?.targets.length).toBeGreaterThan(before)
}, 60_000)

test("weir doctor reports the log's messages for 401, exec plugin, unreachable server and forbidden kind", async () => {
  const log = running().log
  const { stdout } = await weirCommand('doctor', '--config', join(folder, 'weir/weir.yaml'))
  const sentences = [
    'The cluster rejects the credentials (401); Weir retries.',
    'Weir cannot log in to the cluster; it retries.',
    'The cluster is unreachable; Weir retries.',
    'The account may not watch this kind; Weir retries it at least every ten minutes.',
  ]
  expect(
    sentences.filter((sentence) => !log.includes(sentence)),
    log,
  ).toEqual([])
  expect(
    sentences.filter((sentence) => !stdout.includes(sentence)),
    stdout,
  ).toEqual([])
  expect(stdout).toMatch(/cluster pluginless .*the exec plugin weir-no-such-plugin is not installed/)
}, 60_000)
