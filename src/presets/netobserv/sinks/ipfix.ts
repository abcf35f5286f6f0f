import { PresetProblem } from '../../given.ts'
import { durationText, hostPortText, reads, type Assembly, type Branch } from '../branch.ts'
import type { Write } from '../flp-file.ts'

export function ipfixSink(
  name: string,
  branch: Branch,
  settings: NonNullable<Write['ipfix']>,
  path: string,
  assembly: Assembly,
): void {
  const { targetHost = '', targetPort = 0, transport = 'tcp', enterpriseId = 0, tplSendInterval } = settings
  if (targetHost === '' || targetPort === 0) throw new PresetProblem(`${path}: targetHost and targetPort are required`)
  assembly.sinks[assembly.id(name)] = {
    type: 'ipfix',
    target: hostPortText(targetHost, targetPort),
    transport,
    elements: 'netobserv',
    enterprise_id: enterpriseId,
    ...(tplSendInterval === undefined ? {} : { template_interval: durationText(tplSendInterval) }),
    ...reads(branch),
  }
}
