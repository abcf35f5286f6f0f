import { shownPlace } from '../model/url-text.ts'
import { Complaint } from './complaint.ts'

/** `host`: a name or an address without brackets. */
export type HostPort = Readonly<{
  host: string
  port: number
}>

export const hostPortWords = 'host:port such as `127.0.0.1:8080` or `"[::1]:53"`'

export function parseHostPort(written: string): HostPort | Complaint {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%\w+)?)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(written)
  if (match === null)
    return new Complaint(`expected ${hostPortWords}, got \`${shownPlace(written)}\``, adviseText(written))
  const host = match[1] ?? match[2] ?? ''
  const port = Number(match[3])
  if (port > 65535) return new Complaint(`port ${port} is above 65535`)
  if (match[1] !== undefined && !URL.canParse(`http://[${host.replace(/%.*$/, '')}]/`)) {
    return new Complaint(`\`${host}\` is not an IPv6 address`)
  }
  if (/^[\d.]+$/.test(host) && !isIpv4(host)) return new Complaint(`\`${host}\` is not an IPv4 address`)
  return { host, port }
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function isIpv4(text: string) {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

function adviseText(written: string): string | undefined {
  if (/^:\d+$/.test(written))
    return `write \`0.0.0.0${written}\` for every address, or \`127.0.0.1${written}\` for this machine only`
  if (/^\d+$/.test(written)) return `write \`127.0.0.1:${written}\``
  if (/^\w+:\/\//.test(written)) return 'remove the scheme'
  if (/^[0-9A-Fa-f:]+:[0-9A-Fa-f:]*:\d+$/.test(written))
    return 'put an IPv6 address in brackets, and the whole in quotes: "[::1]:53"'
  return /^[^\s:/[\]]+$/.test(written) ? 'add a port' : undefined
}
