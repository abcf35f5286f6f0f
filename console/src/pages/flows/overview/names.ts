import { dropCause, networkEventsText, tcpState, tlsVersion } from '../../../parts/flows/field-values.ts'
import { firewallEvent, firewallReason, natEvent } from '../../../parts/flows/firewall-values.ts'
import { count, protocol, volume } from '../../../parts/format.ts'
import type { GroupField } from './families.ts'
import { isVolume, measureNames } from '../../../parts/measure-names.ts'
import type { Measure } from './state.ts'
import { overviewText } from '../../../text/overview.ts'

export { amount, measureNames } from '../../../parts/measure-names.ts'

const ends = { src: overviewText.sourceEnd, dst: overviewText.destinationEnd } as const
const parts = {
  endpoint: overviewText.endpoint,
  name: overviewText.nameField,
  namespace: overviewText.namespaceField,
  owner_name: overviewText.owner,
  node: overviewText.nodeField,
  zone: overviewText.zone,
  label: overviewText.network,
  addr: overviewText.address,
  port: overviewText.portField,
} as const
const own: Readonly<Record<string, string>> = {
  service_port: overviewText.servicePortField,
  proto: overviewText.protocolField,
  exporter_addr: overviewText.exporterField,
  drop_state: overviewText.dropState,
  drop_cause: overviewText.dropCause,
  dns_rcode: overviewText.responseCode,
  dns_name: overviewText.queryName,
  tls_version: overviewText.versionField,
  tls_cipher_suite: overviewText.cipherSuiteField,
  tls_group: overviewText.groupField,
  network_events: overviewText.eventsField,
  ipsec_status: overviewText.statusField,
  firewall_event: overviewText.firewallEvent,
  firewall_reason: overviewText.firewallReason,
  in_acl: overviewText.accessList,
  nat_event: overviewText.firewallEvent,
  application: overviewText.application,
  user: overviewText.user,
  src_as: overviewText.sourceSystems,
  dst_as: overviewText.destinationSystems,
  src_country: overviewText.sourceCountries,
  dst_country: overviewText.destinationCountries,
  in_if: overviewText.inputInterfaces,
  out_if: overviewText.outputInterfaces,
}

export function dimensionName(field: GroupField | 'src_port'): string {
  const [, end, part] = /^(src|dst)_(.+)$/.exec(field) ?? []
  return own[field] ?? `${ends[end as keyof typeof ends]} ${parts[part as keyof typeof parts]}`
}

const absent: Readonly<Record<string, string>> = {
  drop_state: overviewText.noState,
  drop_cause: overviewText.noCause,
  dns_rcode: overviewText.noCode,
  tls_version: overviewText.noVersion,
  tls_cipher_suite: overviewText.noCipherSuite,
  tls_group: overviewText.noGroup,
  service_port: overviewText.noServicePort,
  proto: overviewText.noProtocol,
  exporter_addr: overviewText.noExporter,
  in_if: overviewText.noInterface,
  out_if: overviewText.noInterface,
}
const absentParts: Readonly<Record<string, string>> = {
  port: overviewText.noPort,
  addr: overviewText.noAddress,
  endpoint: overviewText.noAddress,
  namespace: overviewText.noNamespace,
  label: overviewText.noNetwork,
  owner_name: overviewText.noOwner,
  node: overviewText.noNode,
  zone: overviewText.noZone,
  as: overviewText.noSystem,
  country: overviewText.noCountry,
}

const systemName = (value: unknown) => (Number(value) === 0 ? overviewText.noSystem : `AS${String(value as number)}`)

const countries = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' })

/** @param code ISO 3166-1 alpha-2; other texts stay. */
export function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code
}

export const readableValues: Record<string, (value: unknown) => string> = {
  proto: (value) => protocol(Number(value)),
  drop_cause: (value) => dropCause(String(value)),
  firewall_event: (value) => firewallEvent(Number(value)),
  firewall_reason: (value) => firewallReason(Number(value)),
  nat_event: (value) => natEvent(Number(value)),
  drop_state: (value) => tcpState(String(value)),
  network_events: networkEventsText,
  src_as: systemName,
  dst_as: systemName,
  src_country: (value) => countryName(String(value)),
  dst_country: (value) => countryName(String(value)),
  tls_version: (value) => {
    const { name, differs } = tlsVersion(String(value))
    return differs ? overviewText.versionsDiffer(name) : name
  },
}

export function valueName(field: string, value: unknown): string {
  if (value === null || value === undefined)
    return absent[field] ?? absentParts[/^(?:src|dst)_(.+)$/.exec(field)?.[1] ?? ''] ?? overviewText.noName
  const readable = readableValues[field]
  if (readable !== undefined) return readable(value)
  return value === '' ? '(empty)' : String(value as string | number)
}

export function amountOf(measure: Measure, value: number): string {
  return measure === 'bytes'
    ? volume(value)
    : measure === 'drop_bytes'
      ? overviewText.droppedAmount(volume(value))
      : `${count(Math.round(value))} ${measureNames[measure].toLowerCase()}`
}

export function unitName(measure: Measure): string {
  return isVolume(measure)
    ? overviewText.inTotal
    : measure === 'flows'
      ? 'flows'
      : measure === 'packets'
        ? 'packets'
        : 'dropped'
}

export function rate(measure: Measure, value: number): string {
  const amount = value > 0 && value < 9.95 ? value.toFixed(1) : count(Math.round(value))
  return `${isVolume(measure) ? volume(value) : amount}/s`
}

/** `12.5 %`; small shares are not rounded to 0. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (100 * part) / whole
  return share > 0 && share < 0.1 ? '< 0.1 %' : `${share.toFixed(1)} %`
}
