// Runs `weir cts-exporter` as a separate process, configured by variables, with a cloud for it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localBin, ROOT } from '../../tools/kit/command.ts'
import { CtsServer, type CtsProject, type CtsTrace } from './cts.ts'
import { freePorts } from './free-port.ts'

const READY_LIMIT = 60_000

/** Without the variables of cts_exporter and Knative. */
const bare = Object.fromEntries(
  [
    'OS_CLOUD',
    'OS_DEBUG',
    'CTS_TRACKER',
    'CTS_FROM',
    'CTS_X_PNP',
    'CTS_STREAMS',
    'CTS_LEASE',
    'K_SINK',
    'K_CE_OVERRIDES',
    'K_CA_CERTS',
    'WEIR_DATA',
  ].map((name) => [name, '']),
)

export interface Exporter {
  /** API, metrics and health. */
  readonly url: string
  readonly opsUrl: string
  /** Standard error. */
  log(): string
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL; resolves at its exit. */
  kill(): Promise<unknown>
  /** SIGSTOP. */
  freeze(): void
  thaw(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Resolves when it is ready; `args` as in `weir ARGS`. */
export async function startExporter(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = ['cts-exporter'],
): Promise<Exporter> {
  const [api = 0, ops = 0] = await freePorts(2)
  const child = spawn(
    localBin('node'),
    [join(ROOT, 'bin/weir.mjs'), ...args, '--listen', `127.0.0.1:${api}`, '--ops', `127.0.0.1:${ops}`],
    { env: { ...process.env, ...bare, ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'close')
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    process.off('exit', kill)
    child.kill(signal)
    await exited
    return child.exitCode
  }
  for (let waited = 0; !output.includes('weir is ready'); waited += 50) {
    if (child.exitCode !== null || waited > READY_LIMIT) {
      await end('SIGKILL')
      throw new Error(`weir ${args.join(' ')} is not ready:\n${output}`)
    }
    await sleep(50)
  }
  return {
    url: `http://127.0.0.1:${api}`,
    opsUrl: `http://127.0.0.1:${ops}`,
    log: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  }
}

/** A cloud with a project, and a clouds.yaml that names it `otc`. */
export class ExportedCloud {
  readonly server: CtsServer
  readonly project: CtsProject
  /** Variables for an exporter of this cloud. */
  readonly env: Readonly<Record<string, string>>
  #made = 0

  private constructor(server: CtsServer, project: CtsProject, env: Readonly<Record<string, string>>) {
    this.server = server
    this.project = project
    this.env = env
  }

  /** `folder`: for clouds.yaml and the exporter's data folder. */
  static async start(folder: string): Promise<ExportedCloud> {
    const server = await new CtsServer().start()
    const project = server.project('eu-de_prod')
    const auth = {
      auth_url: `${server.url}/v3`,
      username: server.user.name,
      password: server.user.password,
      user_domain_name: server.domain.name,
      project_name: project.name,
    }
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { otc: { auth } } }), { mode: 0o600 })
    return new ExportedCloud(server, project, {
      OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.yaml'),
      OS_CLOUD: 'otc',
      WEIR_SOURCES_CTS_EVERY: '1s',
      WEIR_DATA: join(folder, 'data'),
    })
  }

  /**
   * Traces of seven resources, oldest first; the last one happened `agoMs` ago. `visible`: Unix ms from which they are
   * returned.
   */
  put(count: number, agoMs = 0, visible = 0): CtsTrace[] {
    const now = Date.now() - agoMs
    const traces = Array.from({ length: count }, (_, at) => {
      const number = this.#made++
      return {
        trace_id: `t-${number}`,
        time: now - count + at,
        record_time: now,
        service_type: 'ECS',
        resource_type: 'ecs',
        resource_name: `Büro-web 0${number % 7}`,
        resource_id: `r-${number % 7}`,
        trace_name: 'startServer',
        trace_type: 'ApiCall',
        trace_rating: 'normal',
        code: 200,
        source_ip: '203.0.113.9',
        request_id: `req-${number}`,
        user: { id: 'u', name: 'jdoe', domain: this.server.domain },
      }
    })
    this.server.put(this.project, traces, { visible })
    return traces
  }

  stop(): Promise<void> {
    return this.server.stop()
  }
}
