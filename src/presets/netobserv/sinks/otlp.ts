import { resolveFieldName } from '../../../model/fields.ts'
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
  const id = assembly.id(name)
  assembly.sinks[id] = {
    ...connection(settings, id, path, assembly),
    signal: 'logs',
    tcp_flags: branch.flagNames ? 'names' : 'number',
    ...mapped(branch, path, assembly),
    ...reads(branch),
  }
}

export function otlpMetricsSink(
  name: string,
  branch: Branch,
  settings: NonNullable<Encode['otlpmetrics']>,
  path: string,
  assembly: Assembly,
): string {
  const id = assembly.id(name)
  const { metrics = [], prefix = '', pushTimeInterval, expiryTime } = settings
  assembly.sinks[id] = {
    ...connection(settings, id, path, assembly),
    signal: 'metrics',
    ...definitions(metrics, `${path}.metrics`, branch, assembly.report),
    prefix,
    ...(pushTimeInterval === undefined ? {} : { interval: durationText(pushTimeInterval) }),
    ...(expiryTime === undefined ? {} : { expiry: durationText(expiryTime) }),
    ...reads(branch.aggregated?.before ?? branch),
  }
  return id
}

function connection(
  { address = '', port = 0, connectionType = 'grpc', tls, headers = {} }: Connection,
  id: string,
  path: string,
  assembly: Assembly,
): Settings {
  if (address === '' || port === 0) throw new PresetProblem(`${path}: address and port are required`)
  const isToken = ([name, value]: readonly [string, string]) =>
    name.toLowerCase() === 'authorization' && value.startsWith('Bearer ')
  const token = Object.entries(headers).find(isToken)?.[1].slice('Bearer '.length)
  const others = Object.entries(headers).filter((header) => !isToken(header))
  const scheme =
    connectionType === 'http' ? (tls === undefined ? 'http' : 'https') : tls === undefined ? 'grpc' : 'grpcs'
  return {
    type: 'otlp',
    url: `${scheme}://${hostPortText(address, port)}`,
    service_name: 'netobserv-otlp',
    ...tlsOf(tls),
    // The configuration is printed, but not its secrets.
    ...(token === undefined ? {} : { auth: { type: 'bearer', token: assembly.secret(`${id}-token`, token) } }),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
  }
}

function mapped({ renamed = {} }: Branch, path: string, { report }: Assembly): Settings {
  const entries = Object.entries(renamed).filter(([field]) => resolveFieldName(field) !== undefined)
  for (const field of Object.keys(renamed))
    if (resolveFieldName(field) === undefined)
      report.note(path, `\`${field}\` is no field of a flow and is not renamed`)
  return entries.length === 0 ? {} : { fields_mapping: Object.fromEntries(entries) }
}
