import { Complaint, duration, leaseComplaint, leaseFields, list, text, tls } from '../../schema/index.ts'
import { isSecure } from './loopback.ts'

/** Settings of inventories that poll the API of a cloud. */
export const polledApiFields = {
  required_tags: list(text({ description: 'Name of a tag', required: true, example: 'team' }), {
    description: 'Tags that every resource should have; one without is `untagged`. Empty: any tag',
    default: [],
    example: ['team', 'env'],
  }),
  timeout: duration({ description: 'Timeout of one response', default: '30s' }, { min: '10ms', max: '10m' }),
  ...leaseFields,
  tls,
}

/** `exposed`: the consequence of an endpoint with plain http. */
export function polledApiComplaint(
  { endpoint, lease, ack, tls: secured }: { endpoint: string; lease: object | null; ack: string; tls: object | null },
  exposed: string,
): Complaint | null {
  const unheld = leaseComplaint({ lease, ack })
  if (unheld !== null) return unheld
  if (!isSecure(endpoint)) return new Complaint(exposed, 'write https://', ['endpoint'])
  return secured !== null && endpoint.startsWith('http:')
    ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
    : null
}
