import { Complaint } from './complaint.ts'

const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

/** Complaint about the setting `headers`. `reserved`: names that the sink sets itself. */
export function headersComplaint(
  headers: Readonly<Record<string, unknown>>,
  reserved: RegExp,
  valid = headerName,
): Complaint | null {
  const header = Object.keys(headers).find((name) => !valid.test(name) || reserved.test(name))
  return header === undefined
    ? null
    : new Complaint(`\`${header}\` can't be set here`, 'it is not a header name, or the sink sets it itself', [
        'headers',
        header,
      ])
}

/** Complaint about the settings `url` and `tls`. */
export function plainUrlComplaint({ url, tls }: { url: string; tls: object | null }): Complaint | null {
  return tls !== null && url.startsWith('http:')
    ? new Complaint('`tls` is set, but the URL is plain http', 'write https://', ['url'])
    : null
}
