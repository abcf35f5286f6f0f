// Starts the container of a rendered pod as a process, with what a kubelet gives it: a read-only root, the volumes at
// their paths, its user without capabilities, its variables and a separate network. Needs Linux and root.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'

export interface Container {
  readonly args: readonly string[]
  readonly env?: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: {
      readonly secretKeyRef?: { readonly name: string; readonly key: string }
      readonly fieldRef?: { readonly fieldPath: string }
    }
  }[]
  readonly envFrom?: readonly {
    readonly secretRef?: { readonly name: string; readonly optional?: boolean }
    readonly configMapRef?: { readonly name: string }
  }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly startupProbe: Probe
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly securityContext: object
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

export interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
  readonly secret?: { readonly secretName: string }
  readonly emptyDir?: object
}

interface Pod {
  readonly container: Container
  readonly volumes: readonly Volume[]
  readonly name: string
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Token and authority of the account, and the port of the API server on this machine. */
  readonly account?: { readonly token: string; readonly ca: string; readonly namespace: string; readonly port: number }
  /** Ports of this machine's loopback that the pod reaches under the same address. */
  readonly reach?: readonly number[]
}

export interface RunningPod {
  /** Follows a probe until it succeeds; throws with the log if the process ends before. */
  passes(probe: Probe): Promise<number>
  /** From port `ops`, or another one by its name. */
  get(
    path: string,
    options?: { readonly port?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<{ readonly status: number; readonly body: string }>
  log(): string
  /** Exit code, once the process ends by itself. */
  ended(): Promise<number | null>
  /** Host folder of a volume. */
  volume(name: string): string
  stop(): Promise<number | null>
}

/** Why containers cannot be started here, or undefined. */
export async function podsMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root'
  const ran = await runCommand('unshare', ['--mount', '--net', '--pid', '--fork', 'true'], { limit: 30_000 })
  return ran.code === 0 ? undefined : '`unshare` is not permitted'
}

const user = 65_532
/** Bound read-only from this machine, as an image would have them. */
const system = ['usr', 'bin', 'sbin', 'lib', 'lib64']
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

// Connects Unix sockets outside with ports inside: [from, to] pairs of paths and port numbers.
const relay = `
import { connect, createServer } from 'node:net'
for (const [from, to] of JSON.parse(process.argv[1]))
  createServer((socket) => {
    const other = connect(typeof to === 'number' ? { host: '127.0.0.1', port: to } : { path: to })
    socket.pipe(other).pipe(socket)
    for (const [a, b] of [[socket, other], [other, socket]])
      a.on('error', () => b.destroy()).on('close', () => b.destroy())
  }).listen(typeof from === 'number' ? { host: '127.0.0.1', port: from } : { path: from })
`

export function startPod(pod: Pod, args: readonly string[] = pod.container.args): RunningPod {
  const home = mkdtempSync(join(tmpdir(), 'weir-pod-'))
  chmodSync(home, 0o755)
  const folders = new Map(pod.volumes.map(({ name }) => [name, join(home, 'volumes', name)]))
  for (const { name } of pod.container.volumeMounts) folders.set(name, join(home, 'volumes', name))
  for (const folder of folders.values()) makeVolume(folder)
  for (const volume of pod.volumes) {
    const folder = folders.get(volume.name)!
    if (volume.configMap !== undefined) fill(folder, pod.configMaps[volume.configMap.name], 0o644)
    if (volume.secret !== undefined) fill(folder, pod.secrets[volume.secret.secretName], 0o440)
  }
  const mounts = pod.container.volumeMounts.map(({ name, mountPath, readOnly }) => ({
    from: folders.get(name)!,
    to: mountPath,
    isReadOnly: readOnly === true,
  }))
  const sockets = join(home, 'sockets')
  mkdirSync(sockets)
  const pairs: [string | number, string | number][] = pod.container.ports.map(({ name, containerPort }) => [
    join(sockets, name),
    containerPort,
  ])
  const relays: Server[] = []
  for (const port of pod.reach ?? []) {
    relays.push(relayTo(port).listen(join(sockets, String(port))))
    pairs.push([port, join(sockets, String(port))])
  }
  if (pod.account !== undefined) {
    const { token, ca, namespace, port } = pod.account
    relays.push(relayTo(port).listen(join(sockets, 'api-server')))
    const folder = join(home, 'account')
    makeVolume(folder)
    fill(folder, { token, 'ca.crt': ca, namespace }, 0o444)
    mounts.push({ from: folder, to: accountFolder, isReadOnly: true })
    pairs.push([port, join(sockets, 'api-server')])
  }
  const root = join(home, 'root')
  mkdirSync(root)
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-ec',
      script(root, mounts, pairs.length > 0),
      'sh',
      JSON.stringify(pairs),
      'chroot',
      root,
      'setpriv',
      '--reuid',
      String(user),
      '--regid',
      String(user),
      '--clear-groups',
      '--no-new-privs',
      '--bounding-set=-all',
      '--inh-caps=-all',
      'env',
      '-i',
      ...environment(pod),
      'node',
      '/weir/bin/weir.mjs',
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-50_000)))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const ask = (
    socket: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      request({ socketPath: join(sockets, socket), path, headers, timeout: 60_000 }, (answer) => {
        let body = ''
        answer
          .setEncoding('utf8')
          .on('data', (text: string) => (body += text))
          .on('error', reject)
          .on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      })
        .on('error', reject)
        .end()
    })
  return {
    log: () => output,
    volume: (name) => folders.get(name)!,
    async ended() {
      await exited
      return child.exitCode
    },
    get: (path, { port = 'ops', headers } = {}) => ask(port, path, headers),
    async passes({ httpGet: { path, port } }) {
      for (;;) {
        const answer = await ask(port, path).catch(() => undefined)
        if (answer?.status === 200) return 200
        if (isOver()) throw new Error(`the container ended:\n${output}`)
        await sleep(200)
      }
    },
    async stop() {
      process.off('exit', kill)
      if (!isOver()) {
        // The first child of unshare is process 1 of the container.
        await runCommand('pkill', ['-TERM', '-P', String(child.pid)], { limit: 10_000 })
        await exited
      }
      for (const relay of relays) relay.close()
      rmSync(home, { recursive: true, force: true })
      return child.exitCode
    },
  }
}

/** The network of the pod ends at its sockets. */
function relayTo(port: number): Server {
  return createServer((socket) => {
    const other = connect(port, '127.0.0.1')
    socket.pipe(other).pipe(socket)
    socket.on('error', () => other.destroy()).on('close', () => other.destroy())
    other.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  })
}

/** As with fsGroup. */
function makeVolume(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chownSync(folder, 0, user)
  chmodSync(folder, 0o2775)
}

function fill(folder: string, files: Readonly<Record<string, string>> | undefined, mode: number): void {
  if (files === undefined) throw new Error(`there is nothing for the volume ${folder}`)
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode })
    chownSync(join(folder, name), 0, user)
  }
}

function environment({ container, name, secrets, configMaps, account }: Pod): readonly string[] {
  const whole = (container.envFrom ?? []).flatMap(({ secretRef: secret, configMapRef: map }) => {
    const found = secret === undefined ? configMaps[map?.name ?? ''] : secrets[secret.name]
    if (found === undefined && secret?.optional !== true) throw new Error('there is nothing for `envFrom`')
    return Object.entries(found ?? {}).map(([variable, value]) => `${variable}=${value}`)
  })
  const given = (container.env ?? []).map(({ name: variable, value, valueFrom }) => {
    const { secretKeyRef: secret, fieldRef: field } = valueFrom ?? {}
    const text = secret === undefined ? (field === undefined ? value : name) : secrets[secret.name]?.[secret.key]
    if (text === undefined) throw new Error(`there is nothing for the variable ${variable}`)
    return `${variable}=${text}`
  })
  return [
    'PATH=/usr/local/bin:/usr/bin:/bin',
    `HOSTNAME=${name}`,
    'NODE_ENV=production',
    ...(account === undefined ? [] : ['KUBERNETES_SERVICE_HOST=127.0.0.1', `KUBERNETES_SERVICE_PORT=${account.port}`]),
    ...whole,
    ...given,
  ]
}

/** Prepares the root and then becomes the arguments after the first, which is for the relay. */
function script(
  root: string,
  mounts: readonly { readonly from: string; readonly to: string; readonly isReadOnly: boolean }[],
  hasRelay: boolean,
): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
  const bind = (from: string, to: string, isReadOnly: boolean): string[] => [
    `mount --bind ${quoted(from)} ${quoted(to)}`,
    ...(isReadOnly ? [`mount -o remount,bind,ro ${quoted(to)}`] : []),
  ]
  const targets = mounts.map(({ to }) => join(root, to))
  return [
    'mount --make-rprivate /',
    `mount -t tmpfs none ${quoted(root)}`,
    `mkdir -p ${[...system, 'proc', 'dev', 'etc', 'weir'].map((name) => quoted(join(root, name))).join(' ')}`,
    `mkdir -p ${targets.map(quoted).join(' ')}`,
    ...system.flatMap((name) => [
      `if [ -e /${name} ]; then ${bind(`/${name}`, join(root, name), true).join(' && ')}; fi`,
    ]),
    ...bind(ROOT, join(root, 'weir'), true),
    `mount -t proc none ${quoted(join(root, 'proc'))}`,
    ...['null', 'urandom', 'random', 'zero'].flatMap((name) => [
      `touch ${quoted(join(root, 'dev', name))}`,
      `mount --bind /dev/${name} ${quoted(join(root, 'dev', name))}`,
    ]),
    `for file in ssl ld.so.cache; do [ ! -e /etc/$file ] || cp -r /etc/$file ${quoted(join(root, 'etc'))}; done`,
    `printf '127.0.0.1 localhost\\n' > ${quoted(join(root, 'etc/hosts'))}`,
    ...mounts.flatMap(({ from, to, isReadOnly }) => bind(from, join(root, to), isReadOnly)),
    `mount -o remount,ro ${quoted(root)}`,
    'ip link set lo up',
    'pairs=$1; shift',
    ...(hasRelay ? [`node --input-type=module -e ${quoted(relay)} "$pairs" &`] : []),
    'exec "$@"',
  ].join('\n')
}
