import { PresetProblem } from '../../given.ts'
import { durationText, hostPortText, reads, type Assembly, type Branch, type Settings } from '../branch.ts'
import { tlsOf } from '../credentials.ts'
import type { Encode } from '../flp-file.ts'
import { definitions } from './prometheus.ts'

type Connection = NonNullable<Encode['otlplogs']>

export function otlpLogsSink(
  name: string,
  branch: Branch,
  settings: Connection,
  path: string,
  assembly: Assembly,
): void {
  assembly.sinks[assembly.id(name)] = {
    ...connection(settings, path),
    signals: ['logs'],
    ...(branch.renamed === undefined ? {} : { fields_mapping: branch.renamed }),
    ...reads(branch),
  }
}

export function otlpMetricsSink(
  name: string,
  branch: Branch,
  settings: NonNullable<Encode['otlpmetrics']>,
  path: string,
  assembly: Assembly,
): void {
  const { metrics = [], prefix = '', pushTimeInterval, expiryTime } = settings
  assembly.sinks[assembly.id(name)] = {
    ...connection(settings, path),
    signals: ['metrics'],
    ...definitions(metrics, `${path}.metrics`, assembly.report),
    prefix,
    ...(pushTimeInterval === undefined ? {} : { interval: durationText(pushTimeInterval) }),
    ...(expiryTime === undefined ? {} : { expiry: durationText(expiryTime) }),
    ...reads(branch),
  }
}

function connection(
  { address = '', port = 0, connectionType = 'grpc', tls, headers = {} }: Connection,
  path: string,
): Settings {
  if (address === '' || port === 0) throw new PresetProblem(`${path}: address and port are required`)
  const scheme = tls === undefined ? 'http' : 'https'
  return {
    type: 'otlp',
    url: `${scheme}://${hostPortText(address, port)}`,
    protocol: connectionType === 'http' ? 'http' : 'grpc',
    ...tlsOf(tls),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  }
}
