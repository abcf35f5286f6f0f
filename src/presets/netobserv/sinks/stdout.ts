import { reads, type Assembly, type Branch } from '../branch.ts'
import type { Write } from '../flp-file.ts'

export function stdoutSink(
  name: string,
  branch: Branch,
  { format = 'printf' }: NonNullable<Write['stdout']>,
  path: string,
  assembly: Assembly,
): void {
  if (format !== 'json')
    assembly.report.note(`${path}.format`, `\`${format}\` is not supported; each flow is one line of JSON`)
  assembly.sinks[assembly.id(name)] = {
    type: 'stdout',
    codec: 'netobserv-json',
    tcp_flags: branch.flagNames ? 'names' : 'number',
    ...reads(branch),
  }
}
