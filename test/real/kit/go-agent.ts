// The exporters of NetObserv's eBPF agent as a program.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { installGoAgent } from '../install/go-agent.ts'

/** A flow as the agent's own decoder shows it. */
export type AgentFlow = Readonly<Record<string, unknown>>

export interface AgentRun {
  readonly to: readonly ['grpc', host: string, port: number] | readonly ['kafka', brokers: string, topic: string]
  readonly count: number
  readonly seed: number
  /** Flows in one message, or in one batch. */
  readonly batch?: number
}

/** Exports seeded flows, whose `Bytes` are 1 to `count`, and resolves with them when all are acknowledged. */
export async function exportFlows({ to, count, seed, batch = 100 }: AgentRun): Promise<AgentFlow[]> {
  const program = await installGoAgent()
  if (program.path === undefined) throw new Error(program.reason)
  const { stdout, stderr } = await promisify(execFile)(program.path, [...to, count, seed, batch].map(String), {
    maxBuffer: 256 * 2 ** 20,
  })
  if (/error/i.test(stderr)) throw new Error(stderr)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AgentFlow)
}
