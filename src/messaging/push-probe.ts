import { createSecureContext } from 'node:tls'
import type { Probe, ProbeContext } from '../engine/contracts.ts'
import { messageOf } from '../model/errors.ts'
import { TlsFiles } from '../net/tls-files.ts'
import type { ListenerTls } from '../schema/listener-tls.ts'
import { formatHostPort, type HostPort } from '../schema/values.ts'

/** Addresses by protocol; a source has some of the fields. */
type Listener = Readonly<Partial<Record<'listen' | 'grpc' | 'udp' | 'tcp', readonly HostPort[]>>> &
  Readonly<{ tls: ListenerTls | null }>

/** Probes the TLS files of a source that listens. The check of the ports tests the addresses. */
export async function probeListener({ tls, ...of }: Listener, { host }: ProbeContext): Promise<Probe> {
  const { listen = [], grpc = [], udp = [], tcp = [] } = of
  const places = [...listen, ...grpc, ...udp, ...tcp].map(formatHostPort).join(', ')
  try {
    const files = await TlsFiles.ofListener(tls, host.disk)
    if (files !== undefined) createSecureContext(files.current)
    return {
      is: 'ok',
      message: files === undefined ? `plain connections at ${places}` : `the TLS files for ${places} are valid`,
    }
  } catch (error) {
    return { is: 'fail', message: `TLS files for ${places}: ${messageOf(error)}` }
  }
}
