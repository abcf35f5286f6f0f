// The collector of go-ipfix on loopback.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export type GoIpfixRecord = Readonly<Record<string, string | number>>

export interface GoIpfixCollector {
  /** `host:port` */
  readonly address: string
  /** Data records so far, in order. */
  readonly records: readonly GoIpfixRecord[]
  /** Its log. */
  log(): string
  [Symbol.asyncDispose](): Promise<void>
}

/** Resolves when it listens. `certificate`: paths of certificate and key, for TLS. */
export async function startGoIpfix(
  path: string,
  transport: 'udp' | 'tcp',
  certificate: readonly [cert: string, key: string] | readonly [] = [],
): Promise<GoIpfixCollector> {
  const child = spawn(path, [transport, ...certificate], { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'close')
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const records: GoIpfixRecord[] = []
  const address = await new Promise<string>((resolve, reject) => {
    let first = true
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (first) resolve(JSON.parse(line) as string)
      else records.push(JSON.parse(line) as GoIpfixRecord)
      first = false
    })
    void exited.then(() => reject(new Error(`go-ipfix ended:\n${log}`)))
  })
  return {
    address,
    records,
    log: () => log,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      kill()
      await exited
    },
  }
}
