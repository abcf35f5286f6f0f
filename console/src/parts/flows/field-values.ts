import { tcpFlags } from '../format.ts'
import { flowFieldsText } from '../../text/flow-fields.ts'

const lower = (code: string) => code.toLowerCase().replaceAll('_', ' ')

/** `SKB_DROP_REASON_NO_SOCKET` → `no socket`. */
export function dropCause(code: string): string {
  const [, unknown] = /^SKB_DROP_UNKNOWN_CAUSE_?(\d*)$/.exec(code) ?? []
  if (unknown !== undefined) return flowFieldsText.unknownCause(unknown).trim()
  const [, kernel] = /^SKB_DROP_REASON_(.+)$/.exec(code) ?? []
  if (kernel !== undefined) return lower(kernel)
  const [, vswitch] = /^OVS_DROP_(.+)$/.exec(code) ?? []
  if (vswitch !== undefined) return flowFieldsText.openVSwitch(lower(vswitch))
  const [, policy] = /^NetworkEvent_(.+)$/.exec(code) ?? []
  return policy === undefined ? code : flowFieldsText.policy(policy)
}

/** `TCP_SYN_SENT` → `SYN_SENT`. */
export function tcpState(code: string): string {
  return code.replace(/^TCP_/, '')
}

/** Combinations that NetObserv's agent counts in one packet follow the flags of RFC 9293. */
const combined = [
  [0x100, 'SYN+ACK'],
  [0x200, 'FIN+ACK'],
  [0x400, 'RST+ACK'],
] as const

/** Resets first, which narrow columns show. */
export function resetsFirst(flags: string): string {
  const names = flags.split(' ')
  const isReset = (name: string) => name.startsWith('RST')
  return [...names.filter(isReset), ...names.filter((name) => !isReset(name))].join(' ')
}

export function agentFlags(flags: number): string {
  return [tcpFlags(flags & 0xff), ...combined.flatMap(([bit, name]) => ((flags & bit) === 0 ? [] : [name]))]
    .filter((part) => part !== '')
    .join(' ')
}

const dnsBits = [
  [0x8000, 'QR'],
  [0x0400, 'AA'],
  [0x0200, 'TC'],
  [0x0100, 'RD'],
  [0x0080, 'RA'],
  [0x0020, 'AD'],
  [0x0010, 'CD'],
] as const

/** Flags of a DNS header (RFC 1035, RFC 4035) by name; a non-zero opcode follows. */
export function dnsFlags(flags: number): string {
  const opcode = (flags >> 11) & 0xf
  return [
    ...dnsBits.flatMap(([bit, name]) => ((flags & bit) === 0 ? [] : [name])),
    ...(opcode === 0 ? [] : [`opcode ${opcode}`]),
  ].join(' ')
}

/** Errors of Linux that trackers in the kernel return. */
const errors = new Map([
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [5, 'EIO'],
  [7, 'E2BIG'],
  [11, 'EAGAIN'],
  [12, 'ENOMEM'],
  [14, 'EFAULT'],
  [16, 'EBUSY'],
  [17, 'EEXIST'],
  [22, 'EINVAL'],
  [28, 'ENOSPC'],
  [33, 'EDOM'],
  [61, 'ENODATA'],
  [74, 'EBADMSG'],
  [75, 'EOVERFLOW'],
  [90, 'EMSGSIZE'],
  [95, 'EOPNOTSUPP'],
  [110, 'ETIMEDOUT'],
])

export function errorNumber(number: number): string {
  if (number === 0) return `0 ${flowFieldsText.success}`
  const errorName = errors.get(Math.abs(number))
  return errorName === undefined ? String(number) : `${number} ${errorName}`
}

const directions = [flowFieldsText.ingress, flowFieldsText.egress, flowFieldsText.inner]

export function direction(number: number): string {
  return directions[number] ?? String(number)
}

export function quicVersion(number: number): string {
  if (number === 0) return flowFieldsText.unknownVersion
  if (number === 1) return 'QUIC v1'
  return number === 0x6b33_43cf ? 'QUIC v2' : `0x${number.toString(16).padStart(8, '0')}`
}

/** `~ TLS 1.2`: client and server offered different versions. */
export function tlsVersion(written: string): Readonly<{ name: string; differs: boolean; old: boolean }> {
  const name = written.replace(/^~ /, '')
  return { name, differs: name !== written, old: /^(?:SSL|TLS 1\.[01]$)/.test(name) }
}

type NetworkEvent = Readonly<{
  action: string
  text: string
}>

const members = ['Feature', 'Action', 'Type', 'Namespace', 'Name', 'Direction'] as const

export function networkEvents(value: unknown): readonly NetworkEvent[] {
  const events = typeof value === 'string' ? parsed(value) : value
  if (!Array.isArray(events)) return value === null || value === undefined ? [] : [{ action: '', text: textOf(value) }]
  return events.map((event: unknown): NetworkEvent => {
    if (typeof event !== 'object' || event === null) return { action: '', text: textOf(event) }
    const fields = new Map(Object.entries(event).map(([key, field]) => [key, textOf(field)]))
    const [feature, action, type, namespace, name, way] = members.map((key) => fields.get(key) ?? '')
    const object = [namespace, name].filter((part) => part !== '').join('/')
    const others = [...fields].flatMap(([key, field]) =>
      (members as readonly string[]).includes(key) ? [] : [key === 'Message' ? field : `${key} ${field}`],
    )
    return {
      action: action ?? '',
      text: [feature === 'acl' ? '' : feature, type, object, way?.toLowerCase(), ...others]
        .filter((part) => part !== undefined && part !== '')
        .join(' '),
    }
  })
}

export function networkEventsText(value: unknown): string {
  return networkEvents(value)
    .map(({ action, text }) => [action, text].filter((part) => part !== '').join(' '))
    .join(', ')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function textOf(value: unknown) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
