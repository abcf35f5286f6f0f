import type { Source, SourceContext } from '../../engine/ports.ts'
import type { Datagrams } from '../../net/udp.ts'
import { UdpListeners, type UdpListenerStatus } from '../../net/udp-listeners.ts'
import type { SflowConfig } from './config.ts'

const housekeepingMs = 5000

export interface SflowSource extends Source {
  status(): { readonly listeners: readonly UdpListenerStatus[] }
}

/** Opens the listeners. What arrives is shed as `undecoded`, or as `malformed` when it is no sFlow v5; both count datagrams. */
export async function openSflow(config: SflowConfig, context: SourceContext): Promise<SflowSource> {
  const { id, log, metrics, host } = context
  let unsaid = false
  let warned = false

  const shed = (reason: string, datagrams: number): void => {
    if (datagrams === 0) return
    unsaid = true
    context.shed(reason, datagrams)
  }

  const take = ({ bytes }: Datagrams): void => {
    let size = 0
    let undecoded = 0
    for (const datagram of bytes) {
      size += datagram.length
      if (isSflow5(datagram)) undecoded++
    }
    metrics.count('weir_sflow_datagrams_total', bytes.length, { source: id })
    metrics.count('weir_sflow_received_bytes_total', size, { source: id })
    shed('undecoded', undecoded)
    shed('malformed', bytes.length - undecoded)
    if (undecoded === 0 || warned) return
    warned = true
    log.warn('An sFlow agent sends datagrams; they are counted as undecoded, because their codec is not built yet.', { source: id })
  }

  /** Sheds become durable with a frame; this source has no rows, so that it writes frames without any. */
  const tellShed = async (): Promise<void> => {
    if (!unsaid) return
    unsaid = false
    try {
      await context.append({ stream: id, kind: 'empty', count: 0, raw: new Uint8Array(0), received: host.clock.now(), timeMin: Number.NaN, timeMax: Number.NaN })
    } catch (error) {
      unsaid = true
      log.warn('What was shed could not be written to the journal; it is tried again.', { source: id, error })
    }
  }

  const udp = await UdpListeners.open({
    source: id, places: config.listen, receiveBuffer: config.receive_buffer, environment: host, log, metrics, onDatagrams: take,
  })
  return {
    addresses: udp.addresses,
    status: () => ({ listeners: udp.status() }),
    async run(signal) {
      while (!signal.aborted) {
        await host.timers.sleep(housekeepingMs, signal)
        shed('kernel_dropped', await udp.newKernelDrops())
        if (!signal.aborted) await tellShed()
      }
      await udp.close()
      await tellShed()
    },
  }
}

function isSflow5(datagram: Uint8Array): boolean {
  return datagram.length >= 28 && datagram[0] === 0 && datagram[1] === 0 && datagram[2] === 0 && datagram[3] === 5
}
