import { listen } from './address.ts'
import { Complaint } from './complaint.ts'
import type { HostPort } from './host-port.ts'
import { labelFields } from './label-fields.ts'
import { listenerTls } from './listener-tls.ts'
import { bytes } from './quantities.ts'
import { secret } from './scalars.ts'
import { leastToken } from './shared.ts'

const loopback = /^(?:127\.|::1$|localhost$)/

/** Listener of a source that programs push to. */
export const receiverFields = (address: string, clients: string) => ({
  listen: listen({ description: 'Address of the listener', default: address }),
  tls: listenerTls(clients),
  token: secret(
    { description: 'Bearer token that each request must contain', default: null, example: 'env:PUSH_TOKEN' },
    { least: leastToken },
  ),
  max_body: bytes(
    { description: 'Maximum size of a request, before and after decompression', default: '16MiB' },
    { min: '64KiB', max: '256MiB' },
  ),
  ...labelFields,
})

type Receiver = Readonly<{
  listen: readonly HostPort[]
  tls: Readonly<{ client_ca_file: string | null }> | null
  token: unknown
}>

/** `field`: the setting with the addresses. */
export function receiverComplaint({ listen: places, tls, token }: Receiver, field = 'listen'): Complaint | null {
  const open = places.findIndex(({ host }) => !loopback.test(host))
  if (open < 0 || token !== null || tls?.client_ca_file != null) return null
  return new Complaint(
    'any client that reaches this address could write',
    'set `token` or `tls.client_ca_file`, or listen on 127.0.0.1',
    [field],
  )
}
