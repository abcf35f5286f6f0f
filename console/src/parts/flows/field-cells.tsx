import { count, duration, protocol, tcpFlags, time } from '../format.ts'
import { flowFieldsText } from '../../text/flow-fields.ts'
import {
  agentFlags,
  resetsFirst,
  direction,
  dnsFlags,
  dropCause,
  errorNumber,
  networkEvents,
  quicVersion,
  tcpState,
  tlsVersion,
} from './field-values.ts'
import { firewallEvent, firewallReason, natEvent } from './firewall-values.ts'

const deniedEvent = 3

export type Read = (name: string) => unknown
type Cell = (value: unknown, read: Read) => React.ReactNode

const mono = (text: string): React.ReactNode => <span className="mono">{text}</span>
const number: Cell = (value) => mono(String(value))
const yesNo: Cell = (value) => (value === 1 || value === true ? 'yes' : 'no')

function Flags({ text, reset }: { text: string; reset: boolean }) {
  return <span className={`mono${reset ? ' bad' : ''}`}>{resetsFirst(text)}</span>
}

function coded(readable: (code: string) => string): Cell {
  return (value) => {
    const code = String(value as string | number)
    const text = readable(code)
    return text === code ? code : <span title={code}>{text}</span>
  }
}

const list: Cell = (value) => (Array.isArray(value) ? value.join(', ') : String(value))

const byName: Readonly<Record<string, Cell>> = {
  proto: (value) => protocol(value as number),
  inner_proto: (value) => protocol(value as number),
  // The ninth bit is NS in NetFlow and IPFIX, and a combination in the message of the agent.
  tcp_flags: (value, read) => {
    const flags = value as number
    const ofAgent = read('protocol') === 'netobserv' || flags > 0x1ff
    return <Flags text={ofAgent ? agentFlags(flags) : tcpFlags(flags)} reset={(flags & 0x404) !== 0} />
  },
  drop_flags: (value) => <Flags text={agentFlags(value as number)} reset={((value as number) & 0x404) !== 0} />,
  drop_cause: coded(dropCause),
  drop_state: coded(tcpState),
  dns_flags: (value) => <span className="mono">{dnsFlags(value as number) || '0'}</span>,
  dns_rcode: (value) => <span className={value === 'NoError' ? '' : 'warning'}>{String(value)}</span>,
  dns_errno: (value) => <span className={value === 0 ? 'dim' : 'warning'}>{errorNumber(value as number)}</span>,
  ipsec_code: (value) => mono(errorNumber(value as number)),
  ipsec_status: (value) => <span className={value === 'error' ? 'bad' : ''}>{String(value)}</span>,
  firewall_event: (value) => (
    <span className={value === deniedEvent ? 'bad' : ''}>{firewallEvent(value as number)}</span>
  ),
  firewall_reason: (value) => firewallReason(value as number),
  nat_event: (value) => natEvent(value as number),
  node_direction: (value) => direction(value as number),
  direction: (value) => direction(value as number),
  if_directions: (value) => (Array.isArray(value) ? value.map((item) => direction(Number(item))).join(', ') : null),
  sampling: (value) => (value === 1 ? 'none' : `1 : ${count(value as number)}`),
  quic_version: (value) => quicVersion(Number(value)),
  quic_long_header: yesNo,
  quic_short_header: yesNo,
  conversation_first: yesNo,
  conversation: number,
  xlat_zone: number,
  network_events: (value) => <Events value={value} />,
  tls_version: (value) => {
    const { name, differs, old } = tlsVersion(String(value))
    return (
      <span className={old ? 'warning' : ''} title={old ? flowFieldsText.outdatedTls : undefined}>
        {name}
        {differs && <span className="beside">{flowFieldsText.mismatch}</span>}
      </span>
    )
  },
}

function Events({ value }: { value: unknown }) {
  const events = networkEvents(value)
  return (
    <>
      {events.map(({ action, text }, index) => (
        <span key={`${action} ${text}`} className="network-event">
          {index > 0 && ', '}
          {action !== '' && <span className={action === 'drop' ? 'bad' : 'good'}>{action} </span>}
          {text}
        </span>
      ))}
    </>
  )
}

export function isCoded(name: string): boolean {
  return name !== 'sampling' && Object.hasOwn(byName, name)
}

export const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE)$/

export function cellOf(name: string, type: string, unit: string | undefined): Cell {
  const cell = byName[name]
  if (cell !== undefined) return cell
  if (/(?:^|_)(?:port|id|code|type|version|vlan|as|vrf|etype|vni|if|domain)$/.test(name)) return number
  if (unit === 'ns') return (value) => duration(Number(value) / 1e6)
  if (unit === 'ms' && type === 'DOUBLE') return (value) => duration(value as number)
  if (type.startsWith('TIMESTAMP')) return (value) => mono(time(value as string))
  if (numeric.test(type)) return (value) => count(value as number | string)
  if (name.endsWith('_addr') || name.endsWith('_mac') || name === '_pos') return number
  if (type.endsWith('[]')) return list
  return (value) =>
    typeof value === 'string' ? value : typeof value === 'boolean' ? (value ? 'yes' : 'no') : JSON.stringify(value)
}

export const readBeside: Readonly<Record<string, readonly string[]>> = { tcp_flags: ['protocol'] }
