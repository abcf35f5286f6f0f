// A real kube-apiserver with its etcd, for one test file.
import { spawn, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceContext } from '../../../bench/harness.ts'
import { freePorts } from '../../kit/free-port.ts'
import { findKubernetes } from '../install/kubernetes.ts'

const READY_LIMIT = 120_000

/** Users by token; RBAC gives their rights. */
const tokens = { admin: ['token-of-admin', 'system:masters'], weir: ['token-of-weir', ''] } as const

export interface Kube {
  readonly url: string
  ca(): string
  readonly tokens: { readonly admin: string; readonly weir: string }
  /** Sends a request as admin; throws unless it succeeds. */
  call(method: string, path: string, body?: object, type?: string): Promise<Record<string, unknown>>
  /** Frozen: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Removes the history up to now from etcd. The server answers from its own cache until its restart. */
  compact(): Promise<void>
  /** Restarts the API server; etcd keeps its data. A clean stop waits up to a minute for watches. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  stop(): Promise<void>
}

/** A kubeconfig file, of admin by default. */
export function kubeconfigOf(kube: Kube, token = kube.tokens.admin): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [
      {
        name: 'test',
        cluster: { server: kube.url, 'certificate-authority-data': Buffer.from(kube.ca()).toString('base64') },
      },
    ],
    users: [{ name: 'test', user: { token } }],
  })
}

/**
 * A cluster of an acceptance run, and a kubeconfig of its admin; without one, the run is skipped. The caller stops it.
 */
export async function startKubeFor(
  context: AcceptanceContext,
  flags: readonly string[] = [],
): Promise<{ readonly kube: Kube; readonly kubeconfig: string }> {
  const found = findKubernetes()
  if (found.path === undefined) return context.skip(found.reason)
  const folder = join(context.folder, 'kube')
  mkdirSync(folder)
  const kube = await startKube(folder, flags)
  const kubeconfig = join(context.folder, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
  return { kube, kubeconfig }
}

export async function startKube(dir: string, flags: readonly string[] = []): Promise<Kube> {
  const found = findKubernetes()
  if (found.path === undefined) throw new Error(found.reason)
  const programs = found.path
  const [client = 0, peer = 0, secure = 0] = await freePorts(3)
  const [etcdUrl, peerUrl, url] = [
    `http://127.0.0.1:${client}`,
    `http://127.0.0.1:${peer}`,
    `https://127.0.0.1:${secure}`,
  ]
  const certificates = join(dir, 'certificates')
  mkdirSync(certificates, { recursive: true })
  const [keyFile, tokenFile] = [join(dir, 'sa.key'), join(dir, 'tokens.csv')]
  writeFileSync(
    keyFile,
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
  )
  writeFileSync(
    tokenFile,
    Object.entries(tokens)
      .map(([name, [token, group]]) => `${token},${name},${name}${group === '' ? '' : `,"${group}"`}\n`)
      .join(''),
  )
  const etcd = launch(join(programs, 'etcd'), [
    '--data-dir',
    join(dir, 'etcd'),
    '--listen-client-urls',
    etcdUrl,
    '--advertise-client-urls',
    etcdUrl,
    '--listen-peer-urls',
    peerUrl,
    '--initial-advertise-peer-urls',
    peerUrl,
    '--initial-cluster',
    `default=${peerUrl}`,
    '--unsafe-no-fsync=true',
    '--log-level=error',
  ])
  const server = (): Running =>
    launch(join(programs, 'kube-apiserver'), [
      `--etcd-servers=${etcdUrl}`,
      `--cert-dir=${certificates}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${secure}`,
      `--service-account-issuer=${url}/`,
      `--service-account-key-file=${keyFile}`,
      `--service-account-signing-key-file=${keyFile}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${tokenFile}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--disable-admission-plugins=ServiceAccount',
      '--allow-privileged=true',
      '--endpoint-reconciler-type=none',
      ...flags,
    ])
  let api = server()
  const ca = (): string => readFileSync(join(certificates, 'apiserver.crt'), 'utf8')
  const call: Kube['call'] = async (method, path, body, type = 'application/json') =>
    ask(url + path, ca(), { method, ...(body === undefined ? {} : { body, type }) })
  const ready = async (): Promise<void> => {
    for (
      let waited = 0;
      !(await call('GET', '/readyz').then(
        () => true,
        () => false,
      ));
      waited += 100
    ) {
      for (const each of [etcd, api])
        if (each.ended()) throw new Error(`it ended before it was ready:\n${each.output()}`)
      if (waited > READY_LIMIT)
        throw new Error(`kube-apiserver was not ready after ${READY_LIMIT / 1000} s:\n${api.output()}`)
      await sleep(100)
    }
  }
  const askEtcd = async (path: string, body: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const answer = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }
  const compact = async (): Promise<void> => {
    const found = await askEtcd('range', { key: Buffer.from('/registry').toString('base64') })
    const { revision } = (found as { readonly header: { readonly revision: string } }).header
    await askEtcd('compaction', { revision, physical: true })
  }
  const stop = async (): Promise<void> => {
    await api.end('SIGKILL')
    await etcd.end('SIGKILL')
  }
  await ready().catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    url,
    ca,
    call,
    stop,
    compact,
    tokens: { admin: tokens.admin[0], weir: tokens.weir[0] },
    pause: () => void api.child.kill('SIGSTOP'),
    resume: () => void api.child.kill('SIGCONT'),
    async restart(signal = 'SIGTERM') {
      await api.end(signal)
      api = server()
      await ready()
    },
  }
}

interface Running {
  readonly child: ChildProcess
  output(): string
  ended(): boolean
  end(signal: NodeJS.Signals): Promise<void>
}

function launch(program: string, args: readonly string[]): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    child,
    ended,
    output: () => output,
    async end(signal) {
      process.off('exit', kill)
      if (ended()) return
      child.kill(signal)
      child.kill('SIGCONT')
      await exited
    },
  }
}

function ask(
  url: string,
  ca: string,
  { method, body, type }: { method: string; body?: object; type?: string },
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        ca,
        headers: {
          authorization: `Bearer ${tokens.admin[0]}`,
          ...(body === undefined ? {} : { 'content-type': type }),
        },
      },
      (answer) => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', (piece: string) => (text += piece))
          .on('error', reject)
          .on('end', () => {
            if ((answer.statusCode ?? 500) >= 300)
              reject(new Error(`${method} ${url}: ${answer.statusCode} ${text.slice(0, 500)}`))
            else resolve(text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text })
          })
      },
    )
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}
