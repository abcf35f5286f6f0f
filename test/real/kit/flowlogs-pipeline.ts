// flowlogs-pipeline as an IPFIX collector on loopback, or as a consumer of Kafka; it prints each flow as JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'

export type PipelineFlow = Readonly<Record<string, unknown>>

export interface Pipeline {
  readonly flows: readonly PipelineFlow[]
  [Symbol.asyncDispose](): Promise<void>
}

export interface PipelineCollector extends Pipeline {
  readonly port: number
}

const readyLimit = 60_000

/** Resolves when it listens. `texts`: elements of enterprise 2 by their field in the flow. */
export async function startPipelineCollector(
  path: string,
  folder: string,
  texts: Readonly<Record<string, number>>,
): Promise<PipelineCollector> {
  const [port = 0] = await freePorts(1)
  const mapping = Object.entries(texts).map(([destination, field]) => ({
    penprovided: true,
    pen: 2,
    field,
    destination,
  }))
  const ingest = { type: 'ipfix', ipfix: { hostName: '127.0.0.1', port, mapping } }
  return { port, ...(await startPipeline(path, folder, ingest)) }
}

/** Resolves when it is ready. `ingest`: parameters of its first stage. */
export async function startPipeline(path: string, folder: string, ingest: object): Promise<Pipeline> {
  const [metrics = 0, health = 0] = await freePorts(2)
  const file = join(folder, 'pipeline.json')
  await writeFile(
    file,
    JSON.stringify({
      'log-level': 'error',
      metricsSettings: { port: metrics },
      pipeline: [{ name: 'in' }, { name: 'out', follows: 'in' }],
      parameters: [
        { name: 'in', ingest },
        { name: 'out', write: { type: 'stdout', stdout: { format: 'json' } } },
      ],
    }),
  )
  const child = spawn(path, ['--config', file, '--healthAddr', `127.0.0.1:${health}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'close')
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-5000)))
  const flows: PipelineFlow[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"')) flows.push(JSON.parse(line) as PipelineFlow)
  })
  for (let waited = 0; ; waited += 100) {
    const ready = await fetch(`http://127.0.0.1:${health}/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) break
    if (child.exitCode !== null || waited > readyLimit) throw new Error(`flowlogs-pipeline did not start:\n${log}`)
    await sleep(100)
  }
  return {
    flows,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      kill()
      await exited
    },
  }
}
