// Both programs with the same work: flows of agents over gRPC, names of pods, JSON records to Kafka.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../../test/kit/free-port.ts'
import { cpuSeconds, memoryOf, type Memory } from '../../../test/kit/proc.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'

export interface Program {
  readonly name: string
  /** Of `pbflow.Collector/Send`. */
  readonly address: string
  cpuSeconds(): number
  memory(): Memory
  /** SIGKILL. */
  kill(): Promise<unknown>
  /** Starts it again with the same settings and folder. */
  restart(): Promise<void>
  /** SIGTERM; resolves at its exit. */
  stop(): Promise<unknown>
}

export interface Place {
  readonly folder: string
  readonly kubeconfig: string
  readonly broker: string
  readonly topic: string
}

export async function startWeirProgram({ folder, kubeconfig, broker, topic }: Place): Promise<Program> {
  const [port = 0] = await freePorts(1)
  const weir = await startWeir({
    folder: join(folder, topic),
    config: {
      sources: {
        netflow: { listen: 'off' },
        agents: { type: 'netobserv', listen: `127.0.0.1:${port}` },
        cluster: {
          type: 'kubernetes',
          cluster: 'test',
          kubeconfig,
          include: ['Pod', 'Node', 'Service', 'ReplicaSet', 'Deployment'],
        },
      },
      store: { enabled: 'none' },
      sinks: {
        export: {
          type: 'kafka',
          from: ['agents'],
          brokers: [broker],
          topic,
          codec: 'netobserv-json',
          mode: 'raw',
          delivery: { events: 10_000, bytes: '8MiB' },
        },
      },
    },
  })
  return {
    name: 'Weir',
    address: `127.0.0.1:${port}`,
    cpuSeconds: () => weir.cpuSeconds(),
    memory: () => weir.memory(),
    kill: () => weir.kill(),
    restart: () => weir.start(),
    stop: () => weir.stop(),
  }
}

export async function startOriginal(path: string, { folder, kubeconfig, broker, topic }: Place): Promise<Program> {
  const [port = 0, metrics = 0, health = 0] = await freePorts(3)
  const file = join(folder, `${topic}.json`)
  const names = (end: 'Src' | 'Dst') => ({
    type: 'add_kubernetes',
    kubernetes: {
      ipField: `${end}Addr`,
      macField: `${end}Mac`,
      interfacesField: 'Interfaces',
      udnsField: 'Udns',
      output: `${end}K8S`,
    },
  })
  writeFileSync(
    file,
    JSON.stringify({
      'log-level': 'error',
      metricsSettings: { port: metrics },
      pipeline: [{ name: 'agents' }, { name: 'names', follows: 'agents' }, { name: 'export', follows: 'names' }],
      parameters: [
        { name: 'agents', ingest: { type: 'grpc', grpc: { port } } },
        {
          name: 'names',
          transform: {
            type: 'network',
            network: {
              kubeConfig: { configPath: kubeconfig, trackedKinds: ['ReplicaSet', 'Deployment'] },
              directionInfo: {
                reporterIPField: 'AgentIP',
                srcHostField: 'SrcK8S_HostIP',
                dstHostField: 'DstK8S_HostIP',
                flowDirectionField: 'FlowDirection',
              },
              rules: [names('Src'), names('Dst'), { type: 'reinterpret_direction' }],
            },
          },
        },
        { name: 'export', encode: { type: 'kafka', kafka: { address: broker, topic, batchSize: 1000 } } },
      ],
    }),
  )
  let child: ChildProcess | undefined
  const pid = () => child?.pid ?? -1
  const launch = async () => {
    const started = spawn(path, ['--config', file, '--healthAddr', `127.0.0.1:${health}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child = started
    process.once('exit', () => void started.kill('SIGKILL'))
    let log = ''
    started.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-5000)))
    for (let waited = 0; !(await isReady(health)); waited += 100) {
      if (started.exitCode !== null || waited > 60_000) throw new Error(`flowlogs-pipeline did not start:\n${log}`)
      await sleep(100)
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    const ending = child
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill(signal)
    const late = AbortSignal.timeout(30_000)
    late.addEventListener('abort', () => void ending.kill('SIGKILL'))
    await ended
  }
  await launch()
  return {
    name: 'flowlogs-pipeline',
    address: `127.0.0.1:${port}`,
    cpuSeconds: () => cpuSeconds(pid()),
    memory: () => memoryOf(pid()),
    kill: () => end('SIGKILL'),
    restart: launch,
    stop: () => end('SIGTERM'),
  }
}

async function isReady(port: number) {
  return fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}
