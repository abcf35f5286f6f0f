import type { z } from 'zod'
import { group } from './collections.ts'
import { filePath } from './scalars.ts'

const example = { cert_file: '/etc/weir/tls.crt', key_file: '/etc/weir/tls.key' } as const

const serverFields = {
  cert_file: filePath(
    {
      description: 'Certificate chain, PEM; reloaded when the file changes',
      required: true,
      example: example.cert_file,
    },
    { holds: 'certificate' },
  ),
  key_file: filePath(
    { description: 'Private key of the certificate, PEM', required: true, example: example.key_file },
    { holds: 'key' },
  ),
}

export function serverTls(description: string) {
  return group(serverFields, { description, default: null, example })
}

/** TLS of a listener that can verify client certificates. `clients`: the programs that connect. */
export function listenerTls(clients: string) {
  return group(
    {
      ...serverFields,
      client_ca_file: filePath(
        {
          description: `CA certificates, PEM; ${clients} must present a certificate signed by one of them`,
          default: null,
          example: '/etc/weir/client-ca.crt',
        },
        { holds: 'certificate' },
      ),
    },
    { description: 'TLS of the listener. Unset: plain connections', default: null, example },
  )
}

export type ListenerTls = NonNullable<z.output<ReturnType<typeof listenerTls>>>
