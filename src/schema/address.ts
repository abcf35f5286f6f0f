import * as z from 'zod'
import { parseCidr } from '../model/cidr.ts'
import { Complaint, parsed, raise } from './complaint.ts'
import { makeField, type FieldFor, type Meta } from './field.ts'

/** An address to listen on or to connect to. `host` is a name or an address without brackets. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

const EXPECTS = 'host:port such as `127.0.0.1:8080` or `"[::1]:53"`'
const PATTERN = '^(?:\\[[0-9A-Fa-f:.%]+\\]|[^\\s:/\\[\\]]+):\\d{1,5}$'

/** One `host:port`; an IPv6 address stands in brackets. Port 0 lets the system choose. */
export function hostPort<const M extends Meta<string>>(meta: M): FieldFor<HostPort, string, M> {
  return makeField(parsed(parseHostPort), { kind: 'host:port', expects: EXPECTS, advise: adviseNumber, pattern: PATTERN }, meta)
}

/** Where to listen: one `host:port`, a list of them, or `off`, which is an empty list. */
export function listen<const M extends Meta<string | readonly string[]>>(
  meta: M,
): FieldFor<readonly HostPort[], string | readonly string[], M> {
  const schema: z.ZodType<readonly HostPort[], string | readonly string[]> = z.union([z.string(), z.array(z.string())]).transform((written, context) => {
    if (written === 'off') return []
    const texts = typeof written === 'string' ? [written] : written
    return texts.map((text, index) => {
      const result = parseHostPort(text)
      if (!(result instanceof Complaint)) return result
      const path = typeof written === 'string' ? [] : [index]
      raise(context, new Complaint(result.message, result.hint, path))
      return z.NEVER
    })
  })
  const expects = `${EXPECTS}, a list of them, or \`off\``
  return makeField<readonly HostPort[], string | readonly string[], M>(schema, { kind: 'listen', expects, advise: adviseListen, pattern: PATTERN }, meta)
}

/** A range of addresses in CIDR notation, or one address. */
export function addressRange<const M extends Meta<string>>(meta: M): FieldFor<string, string, M> {
  const schema = parsed((written) => parseCidr(written) === undefined
    ? new Complaint(`\`${written}\` is not a range of addresses`, 'write it like `10.0.0.0/8` or `2001:db8::/32`')
    : written)
  return makeField(schema, { kind: 'text', expects: 'a range of addresses' }, meta)
}

/** Reads one `host:port`, or says what is wrong with it. */
export function parseHostPort(written: string): HostPort | Complaint {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%\w+)?)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(written)
  if (match === null) return new Complaint(`expected ${EXPECTS}, got \`${written}\``, adviseText(written))
  const host = match[1] ?? match[2] ?? ''
  const port = Number(match[3])
  if (port > 65535) return new Complaint(`port ${port} is above 65535`)
  if (match[1] !== undefined && !URL.canParse(`http://[${host.replace(/%.*$/, '')}]/`)) {
    return new Complaint(`\`${host}\` is not an IPv6 address`)
  }
  if (/^[\d.]+$/.test(host) && !isIpv4(host)) return new Complaint(`\`${host}\` is not an IPv4 address`)
  return { host, port }
}

/** The written form of an address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

function adviseText(written: string): string | undefined {
  if (/^:\d+$/.test(written)) return `write \`0.0.0.0${written}\` for every address, or \`127.0.0.1${written}\` for this machine only`
  if (/^\d+$/.test(written)) return `write \`127.0.0.1:${written}\``
  if (/^\w+:\/\//.test(written)) return 'leave out the scheme'
  if (/^[0-9A-Fa-f:]+:[0-9A-Fa-f:]*:\d+$/.test(written)) return 'put an IPv6 address in brackets, and the whole in quotes: "[::1]:53"'
  return /^[^\s:/[\]]+$/.test(written) ? 'add a port' : undefined
}

function adviseNumber(value: unknown): string | undefined {
  return typeof value === 'number' ? `write \`127.0.0.1:${value}\`` : undefined
}

function adviseListen(value: unknown): string | undefined {
  return value === false ? 'write `off`' : adviseNumber(value)
}
