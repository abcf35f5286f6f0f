import { PresetProblem } from '../../given.ts'
import { hostPortText, reads, type Assembly, type Branch } from '../branch.ts'
import type { Write } from '../flp-file.ts'

export function grpcSink(
  name: string,
  branch: Branch,
  { targetHost = '', targetPort = 0 }: NonNullable<Write['grpc']>,
  path: string,
  assembly: Assembly,
): void {
  if (targetHost === '' || targetPort === 0) throw new PresetProblem(`${path}: targetHost and targetPort are required`)
  assembly.sinks[assembly.id(name)] = {
    type: 'netobserv',
    url: `grpc://${hostPortText(targetHost, targetPort)}`,
    tcp_flags: branch.flagNames ? 'names' : 'number',
    ...reads(branch),
  }
}
