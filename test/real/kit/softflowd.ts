// A real exporter: softflowd replays a capture and exports it as NetFlow or IPFIX.
import { runCommand } from '../../../tools/kit/command.ts'
import { install } from '../install/apt.ts'
import { softflowd } from '../install/softflowd.ts'

export interface ReplayOptions {
  readonly file: string
  readonly port: number
  readonly also?: number
  readonly version: 1 | 5 | 9 | 10
  /** Further arguments, for example `['-s', '10']` for sampling. */
  readonly args?: readonly string[]
}

/**
 * Replays the capture and resolves when softflowd has ended. Returns its statistics, an oracle for sent flows.
 * Throws if it is unavailable or fails.
 */
export async function replaySoftflowd(
  options: ReplayOptions,
): Promise<{ packets: number; flows: number; output: string }> {
  const program = await install(softflowd)
  if (program.path === undefined) throw new Error(program.reason)
  // -d: in the foreground, -a: times of the capture, -c none: no control socket, -m: no flow is sent early.
  const args = [
    '-r',
    options.file,
    '-n',
    [options.port, options.also]
      .filter((port) => port !== undefined)
      .map((port) => `127.0.0.1:${port}`)
      .join(','),
    '-v',
    String(options.version),
    '-d',
    '-a',
    '-c',
    'none',
    '-m',
    '1000000',
    '-p',
    `${options.file}.pid`,
  ]
  const result = await runCommand(program.path, [...args, ...(options.args ?? [])], { limit: 120_000 })
  if (result.code !== 0) throw new Error(`softflowd failed (exit ${result.code}):\n${result.output}`)
  const packets = Number(/Packets processed: (\d+)/.exec(result.output)?.[1] ?? Number.NaN)
  const flows = Number(/Flows exported: (\d+)/.exec(result.output)?.[1] ?? Number.NaN)
  return { packets, flows, output: result.output }
}
